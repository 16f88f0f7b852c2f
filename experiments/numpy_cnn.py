"""Numpy-CNN's network by hand: vectorised, in plain loops, and in Keras (D, section 3)."""

from dataclasses import dataclass

import numpy as np

from reporting import Measure, Methods, Study, Table, direction, identity, summary_of, value
from reporting.figures import images, plots, predictions
from reporting.figures.curves import draw_losses
from reporting.study.lab import CNN_SEEDS
from reporting.verdicts.measures import TEST_ACCURACY, TEST_LOSS, images_per_second, over_seeds

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
COMPARED = 30  # iterations in which NumPy and Keras agree; later, float32's roundings have grown

# D's network on 28x28 pixels: two convolutions with 8 filters of 5x5 and ReLU, 2x2 max pooling, a
# dense layer of 128 with ReLU and one of 10, trained on the cross-entropy of the softmax.
NETWORK = {"model": "numpy_cnn"}
BATCH_SIZE = 32
LEARNING_RATE = 0.001  # Keras's default for Adam


@dataclass(frozen=True)
class Runs:
    """Whole trainings by hand and by Keras, and a few iterations in plain loops."""

    whole: Methods
    short: Methods


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 2), paper=(60_000, 4))
    by_keras = lab.config(
        "mnist",
        **NETWORK,
        train_size=n,
        optimizer="adam",
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    by_hand = by_keras.replace(engine="numpy", keep=("predictions", "examples"))
    in_loops = by_keras.replace(engine="loops", epochs=None, iterations=3)
    return Runs(
        whole=lab.train({NUMPY: by_hand, KERAS: by_keras}),
        short=lab.train({LOOPS: in_loops}),
    )


SPEED = Measure(
    "images per second",
    images_per_second,
    better="higher",
    unit="1/s",
    margin=0.1,  # of the ratio: times on a shared processor repeat to a tenth
)


def first_losses(records, iterations):
    """The loss of each of the first iterations, shape (seeds, iterations)."""
    return np.array([record.iteration_loss[:iterations] for record in records])


@study.claims
def claims(runs):
    by_hand, by_keras, in_loops = runs.whole[NUMPY], runs.whole[KERAS], runs.short[LOOPS]
    short = len(in_loops[0].iteration_loss)
    return [
        value(
            source="D 3",
            statement="The network reaches about 98 % on MNIST",
            measure=TEST_ACCURACY,
            says=0.98,
            values=over_seeds(by_hand, TEST_ACCURACY),
        ),
        identity(
            source="D 2.3",
            statement="Gradients by hand train as automatic ones do",
            quantity=f"losses of {COMPARED} iterations in NumPy and in Keras, from the same "
            "weights",
            says=first_losses(by_hand, COMPARED),
            holds=first_losses(by_keras, COMPARED),
            tolerance=1e-3,
        ),
        identity(
            source="D 3",
            statement="Matrix products compute what the loops compute",
            quantity=f"losses of {short} iterations in NumPy and in plain loops",
            says=first_losses(by_hand, short),
            holds=first_losses(in_loops, short),
            tolerance=1e-4,
        ),
        direction(
            source="D 3",
            statement="Loops over images and windows cost hours",
            measure=SPEED,
            lower=(LOOPS, over_seeds(in_loops, SPEED)),
            higher=(NUMPY, over_seeds(by_hand, SPEED)),
            ratio=True,
        ),
    ]


@study.table
def results(runs):
    rows = []
    for label, records in (runs.whole | runs.short).items():
        # Three iterations in loops leave nothing to test.
        tested = [None, None]
        if label != LOOPS:
            tested = [summary_of(records, measure) for measure in (TEST_ACCURACY, TEST_LOSS)]
        rows.append([label, summary_of(records, SPEED), *tested])
    columns = ["network", SPEED.name, TEST_ACCURACY.name, TEST_LOSS.name]
    record = runs.whole[NUMPY][0]
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
    paths = {label: runs.whole[label] for label in (KERAS, NUMPY)}  # the dashed one on top
    for ax, first, window in ((axes[0], COMPARED, 1), (axes[1], None, 100)):
        ax.set_yscale("log")
        draw_losses(ax, paths, first=first, windows=dict.fromkeys(paths, window))
    plots.legend(fig)
    return fig


@study.chart("Zoom into every iteration", "Each batch's loss before its update.")
def every_loss(runs):
    return {"NumPy and Keras": runs.whole}


@study.figure(
    caption="Test digits that the network mistakes most surely, one for each pair of classes: what "
    "they are, what they are taken for, and with what probability.",
    alt="Twelve misclassified digits with their class and the class they are taken for.",
    of="seed 0",
)
def mistaken_digits(runs):
    surest = list(predictions.mistakes(runs.whole[NUMPY][0]).items())[:12]
    titles = [f"{true}, taken for {taken}\n{sure:.0%}" for (true, taken), (_, sure) in surest]
    return images.draw_images([image for _, (image, _) in surest], titles, columns=6, width=11)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
