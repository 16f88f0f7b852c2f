"""When to stop, and what the validation images cost (A, section 5.1)."""

from dataclasses import dataclass

import numpy as np

from reporting import Measure, Methods, Study, compare, direction, table_of
from reporting.figures import palette, plots
from reporting.figures.curves import draw_epochs, draw_sweeps
from reporting.study.tables import facts
from reporting.verdicts.measures import (
    TEST_ACCURACY,
    TEST_LOSS,
    crossing_epoch,
    last,
    over_seeds,
    turning_epoch,
)

study = Study(
    name="validation_split",
    title="Training against validation",
    question="From which epoch does a network do better on its training images than on others, "
    "when should training stop, and what does it cost to hold images back?",
    sources=["A 5.1", "E"],
    says="Measured on the images it was built on, a network looks better than it is. A share of "
    "them, validation_split = 0.2, is held back to decide when training should stop.",
    datasets=["fashion_mnist"],
)

# 784-250-10 with ReLU, trained on the cross-entropy of the softmax.
NETWORK = {"model": "dense", "hidden": (250,), "activation": "relu"}
BATCH_SIZE = 150
LEARNING_RATE = 0.001  # Keras's default for Adam
PATIENCE = 5  # epochs

PLAIN, DROPOUT = "without dropout", "dropout 0.4"
SHARE_DROPPED = 0.4
SPLIT = 0.2  # A's
FRACTIONS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
DURING, AFTER = "training, during the epoch", "training, after the epoch"
VALIDATION = "validation"


@dataclass(frozen=True)
class Runs:
    """Runs over all epochs, stopped by validation, and at several fractions held back.

    Attributes:
        curves: `PLAIN` and `DROPOUT`, trained over all epochs at A's split.
        stopped: `PLAIN`, stopped by validation at A's split.
        fractions: Fraction held back → runs with dropout, stopped by validation.
    """

    curves: Methods
    stopped: Methods
    fractions: Methods


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(4_000, 25), paper=(60_000, 40))

    def held_back(fraction, **fields):
        validation = round(fraction * n)
        return lab.config(
            **NETWORK,
            train_size=n - validation,
            validation_size=validation,
            optimizer="adam",
            learning_rate=LEARNING_RATE,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            **fields,
        )

    plain = held_back(SPLIT, keep=("evaluations",))
    fractions = {
        fraction: held_back(fraction, dropout=SHARE_DROPPED, patience=PATIENCE)
        for fraction in FRACTIONS
    }
    return Runs(
        curves=lab.train({PLAIN: plain, DROPOUT: plain.replace(dropout=SHARE_DROPPED)}),
        stopped=lab.train({PLAIN: held_back(SPLIT, patience=PATIENCE)}),
        fractions=lab.train(fractions),
    )


def crossing_after_epochs(record):
    """As `crossing_epoch`, with both losses measured after the epoch, at the same weights."""
    return crossing_epoch(record, "evaluated_loss")


CROSSING = Measure(
    "first epoch with training loss below validation loss to the end",
    better="lower",
    unit="epoch",
    margin=1,
)


@study.claims
def claims(runs):
    def crosses_later(label):
        records = runs.curves[label]
        return direction(
            source="A 5.1",
            statement="Measured while the weights move, training passes validation later "
            f"({label})",
            measure=CROSSING,
            lower=("measured after it", over_seeds(records, crossing_after_epochs)),
            higher=("during the epoch", over_seeds(records, crossing_epoch)),
        )

    stopped, to_the_end = "stopped", "trained to the end"
    ends = {stopped: runs.stopped[PLAIN], to_the_end: runs.curves[PLAIN]}

    def stopping(statement, measure, lower, higher):
        return compare(
            source="A 5.1",
            statement=statement,
            measure=measure,
            runs=ends,
            lower=lower,
            higher=higher,
        )

    def dearer(large, small):
        fractions = {
            f"fraction {fraction}": runs.fractions[fraction] for fraction in (large, small)
        }
        return compare(
            source="A 5.1",
            statement=f"Holding back {large:.0%} instead of {small:.0%} costs test accuracy",
            measure=TEST_ACCURACY,
            runs=fractions,
            lower=f"fraction {large}",
            higher=f"fraction {small}",
        )

    return [
        crosses_later(DROPOUT),
        crosses_later(PLAIN),
        stopping("Stopping by validation lowers the test loss", TEST_LOSS, stopped, to_the_end),
        stopping(
            "Stopping by validation raises the test accuracy", TEST_ACCURACY, to_the_end, stopped
        ),
        dearer(0.5, 0.2),
        dearer(0.2, 0.05),
    ]


@study.table
def epochs(runs):
    measures = [
        Measure("lowest validation loss", lambda record: record.epochs["val_loss"].min()),
        Measure("at epoch", turning_epoch),
        Measure("validation loss at the end", last("val_loss")),
        Measure("training passes validation: during", crossing_epoch),
        Measure("and after the epoch", crossing_after_epochs),
    ]
    return table_of(
        "When validation turns, and training passes it", "network", runs.curves, measures
    )


@study.table
def cost(runs):
    of_a_run = facts("training images") | {
        "validation images": lambda record: record.config.validation_size
    }
    measures = [Measure("stopped at epoch", turning_epoch), TEST_LOSS, TEST_ACCURACY]
    title = f"What a validation split costs ({DROPOUT}, patience {PATIENCE})"
    return table_of(title, "fraction", runs.fractions, measures, of_a_run, note="")


@study.figure(
    caption="The training loss as Keras reports it, a mean over the epoch while weights move and "
    "outputs are dropped, and as it is after the epoch, at the weights that validation is measured "
    "at. Vertical: where the mean validation loss is lowest.",
    alt="Loss and accuracy against epochs, without and with dropout, on training and validation.",
)
def training_and_validation(runs):
    fig, axes = plots.figure(2, 2, width=11, sharex=True, sharey="row")
    for column, (label, records) in zip(axes.T, runs.curves.items(), strict=True):
        for ax, metric in zip(column, ("loss", "accuracy"), strict=True):
            curves = {DURING: metric, AFTER: f"evaluated_{metric}", VALIDATION: f"val_{metric}"}
            for measured, name in curves.items():
                draw_epochs(ax, records, name, measured)
            turn = np.mean([r.epochs["val_loss"] for r in records], axis=0).argmin() + 1
            ax.axvline(turn, color=palette.GREY, linewidth=1)
            plots.label_axes(ax, "Epochs", metric.capitalize())
            ax.label_outer()
        column[0].set_title(label.capitalize())
    plots.legend(fig)
    return fig


@study.figure(
    caption="Each network is stopped when its validation loss has not fallen for 5 epochs, and "
    "tested at the weights of the lowest. What is held back is missing in training.",
    alt="Test accuracy and stopping epoch against the share of images held back for validation.",
)
def cost_of_the_split(runs):
    measures = {"Test accuracy": TEST_ACCURACY, "Stopped at epoch": turning_epoch}
    panels = {name: {DROPOUT: measure} for name, measure in measures.items()}
    x = "Share of images held back"
    return draw_sweeps(runs.fractions, panels, x, width=11, height=4.6)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
