"""Numpy-CNN's network by hand: vectorised, in plain loops, and in Keras (D, section 3)."""

import numpy as np

from reporting import Study, Table, direction, identity, summary, value
from reporting.figures import images, plots, predictions
from reporting.figures.curves import draw_losses
from reporting.study.lab import CNN_SEEDS
from reporting.verdicts.measures import final, images_per_second, over_seeds

study = Study(
    name="numpy_cnn",
    title="A CNN by hand",
    question="Does the convolutional network written out in NumPy learn MNIST as D's does, does it "
    "compute what Keras computes, and how fast is it?",
    sources=["D 3"],
    says="Two convolutions, max pooling and two dense layers, every gradient written by hand, "
    "reach about 98 % on MNIST's test images with Adam; in loops over images and windows that "
    "takes hours.",
    datasets=["mnist"],
    seeds=CNN_SEEDS,
)

KERAS, NUMPY, LOOPS = "Keras", "NumPy", "plain loops"
TOGETHER = 30  # iterations; after more, roundings of float32 have grown visible


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 2), paper=(60_000, 4))
    cnn = lab.config(
        "mnist",
        train_size=n,
        model="numpy_cnn",
        optimizer="adam",
        learning_rate=0.001,  # Keras's default for Adam
        batch_size=32,
        epochs=epochs,
    )
    short = cnn.replace(epochs=None, iterations=3)
    kept = {"keep": ("predictions", "examples")}
    return {
        "whole": lab.train({NUMPY: cnn.replace(engine="numpy", **kept), KERAS: cnn}),
        "short": lab.train({LOOPS: short.replace(engine="loops")}),
    }


@study.claims
def claims(runs):
    ours, keras = runs["whole"][NUMPY], runs["whole"][KERAS]

    def path(records, iterations=TOGETHER):
        return np.array([record.iteration_loss[:iterations] for record in records])

    short = path(runs["short"][LOOPS]).shape[1]
    speed = [(label, over_seeds(records, images_per_second)) for label, records in
             ((LOOPS, runs["short"][LOOPS]), (NUMPY, ours))]  # fmt: skip
    return [
        value("D 3", "The network reaches about 98 % on MNIST", "test accuracy", 0.98,
              over_seeds(ours, final("test_accuracy")), better="higher"),
        identity("D 2.3", "Gradients by hand train as automatic ones do",
                 f"losses of {TOGETHER} iterations in NumPy and in Keras, from the same weights",
                 path(ours), path(keras), tolerance=1e-3),
        identity("D 3", "Matrix products compute what the loops compute",
                 f"losses of {short} iterations in NumPy and in plain loops",
                 path(ours, short), path(runs["short"][LOOPS]), tolerance=1e-4),
        direction("D 3", "Loops over images and windows cost hours", "images per second",
                  *speed, ratio=True, better="higher"),
    ]  # fmt: skip


@study.table
def results(runs):
    rows = [
        [label, summary(over_seeds(records, images_per_second)),
         *(summary(over_seeds(records, final(f"test_{metric}"))) if label != LOOPS else None
           for metric in ("accuracy", "loss"))]
        for label, records in (runs["whole"] | runs["short"]).items()
    ]  # fmt: skip
    columns = ["network", "images per second", "test accuracy", "test loss"]
    record = runs["whole"][NUMPY][0]
    n, epochs = record.config.train_size, record.config.epochs
    note = (
        f"{record.parameters:,} parameters, {n:,} images, {epochs} epochs of batches of 32, one "
        "thread; the loops train for a few batches alone. Mean over seeds, 95 % interval."
    )
    return Table("One network, written three ways", columns, rows, note=note)


@study.figure(
    caption="Each batch's loss before its update, in NumPy and in Keras. Left: first iterations "
    "from the same weights on the same batches. Right: all, as a moving average over 100.",
    alt="Loss against iterations: NumPy's and Keras's curves lie on one another.",
)
def loss_by_hand_and_by_keras(runs):
    fig, axes = plots.figure(1, 2, width=11, height=4.8)
    paths = {label: runs["whole"][label] for label in (KERAS, NUMPY)}  # the dashed one on top
    for ax, first, window in ((axes[0], TOGETHER, 1), (axes[1], None, 100)):
        ax.set_yscale("log")
        draw_losses(ax, paths, first=first, windows=dict.fromkeys(paths, window))
    plots.legend(fig)
    return fig


@study.chart("Zoom into every iteration", "Each batch's loss before its update.")
def every_loss(runs):
    return {"NumPy and Keras": runs["whole"]}


@study.figure(
    caption="Test digits that the network mistakes most surely, one for each pair of classes: what "
    "they are, what they are taken for, and with what probability.",
    alt="Twelve misclassified digits with their class and the class they are taken for.",
    of="seed 0",
)
def mistaken_digits(runs):
    surest = list(predictions.mistakes(runs["whole"][NUMPY][0]).items())[:12]
    titles = [f"{true}, taken for {taken}\n{sure:.0%}" for (true, taken), (_, sure) in surest]
    return images.draw_images([image for _, (image, _) in surest], titles, columns=6, width=11)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
