"""B's two-layer network on MNIST, by hand (B, section 1.2.5)."""

import numpy as np

from reporting import Study, Table, direction, identity, summary
from reporting.figures import images, plots, predictions
from reporting.figures.curves import draw_epochs
from reporting.verdicts.measures import final, over_seeds

study = Study(
    name="mnist_mlp",
    title="The two-layer network on MNIST",
    question="Does the tanh network whose gradients are written by hand learn MNIST, too?",
    sources=["B 1.2.5"],
    says="The same code is applied to MNIST: the curves fall, and the two examples shown, a zero "
    "and a five, are predicted correctly.",
    datasets=["mnist"],
)

VALIDATION = "validation"
BY_HAND, KERAS = "NumPy", "Keras"
TOGETHER = 30  # iterations; after more, roundings of float32 have grown visible
CHANCE = 0.9  # error of a guess among ten digits


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(5_000, 1_000, 5), paper=(50_000, 10_000, 20))
    mlp = lab.config(
        "mnist",
        train_size=n,
        validation_size=validation,
        model="tanh_network",
        hidden=(100,),
        engine="numpy",
        batch_size=50,
        epochs=epochs,
    )
    tuned = lab.tune({"SGD": mlp}, (0.03, 0.1, 0.3), by="validation error")["SGD"]
    kept = {"keep": ("predictions", "examples")}
    return lab.train({BY_HAND: tuned.replace(**kept), KERAS: tuned.replace(engine="keras")})


@study.claims
def claims(runs):
    ours, keras = runs[BY_HAND], runs[KERAS]
    errors = over_seeds(ours, lambda record: 1 - record.final["test_accuracy"])
    ends = [
        (label, over_seeds(ours, lambda record, epoch=epoch: record.epochs["val_loss"][epoch]))
        for label, epoch in (("the last epoch", -1), ("the first epoch", 0))
    ]
    paths = [np.array([r.iteration_loss[:TOGETHER] for r in of]) for of in (ours, keras)]
    return [
        direction("B 1.2.5", "The network learns MNIST", "test error",
                  ("the network", errors), ("a guess", np.full(len(errors), CHANCE))),
        direction("B 1.2.5", "The loss on other images falls as well", "validation loss", *ends),
        identity("B 1.2.2", "Gradients by hand train as automatic ones do",
                 f"losses of {TOGETHER} iterations in NumPy and in Keras, from the same weights",
                 *paths, tolerance=1e-3),
    ]  # fmt: skip


@study.table
def results(runs):
    columns = ["network", "learning rate", "training loss", "test loss", "test accuracy"]
    metrics = ("loss", "test_loss", "test_accuracy")
    rows = [
        [label, records[0].config.learning_rate,
         *(summary(over_seeds(records, final(metric))) for metric in metrics)]
        for label, records in runs.items()
    ]  # fmt: skip
    note = f"{runs[BY_HAND][0].parameters:,} parameters. Mean over seeds, 95 % interval."
    return Table("After the last epoch", columns, rows, note=note)


@study.figure(
    caption="Loss and accuracy of the network by hand after each epoch; training as a mean over "
    "the epoch.",
    alt="Training and validation loss fall and accuracy rises over the epochs.",
)
def learning_curves(runs):
    fig, axes = plots.figure(1, 2, width=11, height=4.8)
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        for label, name in (("training, during the epoch", metric), (VALIDATION, f"val_{metric}")):
            draw_epochs(ax, runs[BY_HAND], name, label)
        plots.label_axes(ax, "Epochs", metric.capitalize())
    plots.legend(fig)
    return fig


@study.figure(
    caption="The first test image of each digit, and what the network takes it for with what "
    "probability.",
    alt="Ten digits, each with the network's prediction.",
    of="seed 0",
)
def predicted_digits(runs):
    record = runs[BY_HAND][0]
    labels = record.kept["test_labels"]
    first = [int(np.argmax(labels == digit)) for digit in record.kept["example_labels"]]
    predicted = predictions.probabilities(record)[first]
    titles = [f"{p.argmax()}: {p.max():.1%}" for p in predicted]
    return images.draw_images(record.kept["example_images"], titles, columns=5, width=9)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
