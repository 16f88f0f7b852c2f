"""B's two-layer network on MNIST, by hand (B, section 1.2.5)."""

from dataclasses import dataclass

import numpy as np

from reporting import Measure, Study, Table, direction, identity, summary_of
from reporting.figures import images, plots, predictions
from reporting.figures.curves import draw_epochs
from reporting.verdicts.measures import (
    ACCURACY_MARGIN,
    LOSS_MARGIN,
    TEST_ACCURACY,
    TEST_LOSS,
    TRAINING_LOSS,
    over_seeds,
)
from training import RunRecord

study = Study(
    name="mnist_mlp",
    title="The two-layer network on MNIST",
    question="Does the tanh network whose gradients are written by hand learn MNIST, too?",
    sources=["B 1.2.5"],
    says="The same code is applied to MNIST: the curves fall, and the two examples shown, a zero "
    "and a five, are predicted correctly.",
    datasets=["mnist"],
)

# 784-100-10 with tanh, weights and biases from N(0, 0.3²) (B 1.2.1), plain SGD on the cross-entropy
# of the softmax.
NETWORK = {"model": "tanh_network", "hidden": (100,)}
BATCH_SIZE = 50
RATES = (0.03, 0.1, 0.3)

VALIDATION = "validation"
BY_HAND, KERAS = "NumPy", "Keras"
COMPARED = 30  # iterations in which NumPy and Keras agree; later, float32's roundings have grown
ERROR_OF_A_GUESS = 0.9  # among ten digits


@dataclass(frozen=True)
class Runs:
    """The same runs with gradients written by hand and by Keras, one for each seed."""

    by_hand: list[RunRecord]
    by_keras: list[RunRecord]


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(5_000, 1_000, 5), paper=(50_000, 10_000, 20))
    mlp = lab.config(
        "mnist",
        **NETWORK,
        train_size=n,
        validation_size=validation,
        engine="numpy",
        optimizer="sgd",
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    tuned = lab.tune({"SGD": mlp}, RATES, by="validation error")["SGD"]
    by_hand = tuned.replace(keep=("predictions", "examples"))
    trained = lab.train({BY_HAND: by_hand, KERAS: tuned.replace(engine="keras")})
    return Runs(by_hand=trained[BY_HAND], by_keras=trained[KERAS])


TEST_ERROR = Measure(
    "test error",
    lambda record: 1 - record.final["test_accuracy"],
    better="lower",
    margin=ACCURACY_MARGIN,
)
VALIDATION_LOSS = Measure("validation loss", better="lower", margin=LOSS_MARGIN)


@study.claims
def claims(runs):
    errors = over_seeds(runs.by_hand, TEST_ERROR)
    validation_loss = np.array([record.epochs["val_loss"] for record in runs.by_hand])
    by_hand, by_keras = (
        np.array([record.iteration_loss[:COMPARED] for record in records])
        for records in (runs.by_hand, runs.by_keras)
    )
    return [
        direction(
            source="B 1.2.5",
            statement="The network learns MNIST",
            measure=TEST_ERROR,
            lower=("the network", errors),
            higher=("a guess", np.full(len(errors), ERROR_OF_A_GUESS)),
        ),
        direction(
            source="B 1.2.5",
            statement="The loss on other images falls as well",
            measure=VALIDATION_LOSS,
            lower=("the last epoch", validation_loss[:, -1]),
            higher=("the first epoch", validation_loss[:, 0]),
        ),
        identity(
            source="B 1.2.2",
            statement="Gradients by hand train as automatic ones do",
            quantity=f"losses of {COMPARED} iterations in NumPy and in Keras, from the same "
            "weights",
            says=by_hand,
            holds=by_keras,
            tolerance=1e-3,
        ),
    ]


@study.table
def results(runs):
    measures = (TRAINING_LOSS, TEST_LOSS, TEST_ACCURACY)
    rows = [
        [
            label,
            records[0].config.learning_rate,
            *(summary_of(records, measure) for measure in measures),
        ]
        for label, records in ((BY_HAND, runs.by_hand), (KERAS, runs.by_keras))
    ]
    columns = ["network", "learning rate", *(measure.name for measure in measures)]
    note = f"{runs.by_hand[0].parameters:,} parameters. Mean over seeds, 95 % interval."
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
            draw_epochs(ax, runs.by_hand, name, label)
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
    record = runs.by_hand[0]
    labels = record.kept["test_labels"]
    first = [int(np.argmax(labels == digit)) for digit in record.kept["example_labels"]]
    predicted = predictions.probabilities(record)[first]
    titles = [f"{p.argmax()}: {p.max():.1%}" for p in predicted]
    return images.draw_images(record.kept["example_images"], titles, columns=5, width=9)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
