"""How long to wait before stopping (E, “Early stopping”)."""

from dataclasses import dataclass

import numpy as np

from experiments.analyses.early_stopping import CURVES, draw_stops, stops_table
from reporting import Measure, Methods, Study, compare, direction, identity, table_of
from reporting.figures.curves import draw_sweeps
from reporting.study.tables import OVER_SEEDS
from reporting.verdicts.measures import (
    TEST_ACCURACY,
    TEST_LOSS,
    epochs_trained,
    over_seeds,
    rises_before_lowest,
    stopping_epoch,
    turning_epoch,
)
from training import RunRecord

CHAPTER = "E, “Early stopping”"

study = Study(
    name="early_stopping",
    title="How long to wait before stopping",
    question="How noisy is the validation error from epoch to epoch, and how much patience does "
    "that ask for?",
    sources=[CHAPTER],
    says="Training stops when the validation error starts to rise. As that is noisy in practice, "
    "one waits a little, by the patience, before stopping for good.",
    datasets=["fashion_mnist"],
)

# 784-250-10, trained on the cross-entropy of the softmax by Adam.
NETWORK = {"model": "dense", "hidden": (250,), "activation": "relu"}
ADAM = "Adam"
BATCH_SIZE = 150
SHOWN = (0, 3, 5, 10)  # patiences that each preset has
TRAINED, KEPT = "epochs trained", "epoch kept"


@dataclass(frozen=True)
class Runs:
    """The same runs without a limit to the patience, and with one.

    Attributes:
        endless: Runs that do not stop.
        stopped: Patience, in epochs → runs that stop.
    """

    endless: list[RunRecord]
    stopped: Methods

    @property
    def pairs(self):
        """(patience, stopped run, the endless run of its seed) of every stopped run."""
        return [
            (patience, *pair)
            for patience, records in self.stopped.items()
            for pair in zip(records, self.endless, strict=True)
        ]


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(4_000, 25), paper=(48_000, 40))
    patiences = lab.choose(quick=SHOWN, paper=range(11))
    base = lab.config(
        **NETWORK,
        train_size=n,
        validation_size=n // 4,
        optimizer="adam",
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    # Stopped runs, for at the last of many epochs the rate that over-fits slowest would win.
    rates = (0.0003, 0.001, 0.003)
    tuned = lab.tune({ADAM: base.replace(patience=5)}, rates, by="validation error")[ADAM]
    stopped = {patience: tuned.replace(patience=patience) for patience in patiences}
    endless = tuned.replace(patience=None, keep=("evaluations",))
    trained = lab.train(stopped | {None: endless})
    return Runs(endless=trained.pop(None), stopped=trained)


EPOCH_MARGIN = 0.5  # less than any single run can differ by
RISES = Measure("number of such rises", better="lower", margin=EPOCH_MARGIN)
EPOCH_KEPT = Measure(KEPT, turning_epoch, better="lower", margin=EPOCH_MARGIN)
LOWEST_EPOCH = Measure("epoch of the lowest point", better="lower", margin=EPOCH_MARGIN)


def lowest_epoch(curve):
    """The epoch, counted from 1, of a curve's lowest point."""
    return int(np.argmin(curve)) + 1


@study.claims
def claims(runs):
    by_patience = {f"patience {patience}": records for patience, records in runs.stopped.items()}
    curves = {name: [curve(run) for run in runs.endless] for name, curve in CURVES.items()}
    lowest = {name: over_seeds(of_runs, lowest_epoch) for name, of_runs in curves.items()}
    stopped = [run for _, run, _ in runs.pairs]

    def noisy(name):
        rises = over_seeds(curves[name], rises_before_lowest)
        return direction(
            source=CHAPTER,
            statement=f"The {name} is noisy: it rises before its lowest point",
            measure=RISES,
            lower=("a curve without noise", np.zeros(len(rises))),
            higher=(name, rises),
        )

    def waiting(statement, measure, lower, higher):
        return compare(
            source=CHAPTER,
            statement=statement,
            measure=measure,
            runs=by_patience,
            lower=f"patience {lower}",
            higher=f"patience {higher}",
        )

    def lowers_loss(patience):
        statement = f"Waiting {patience} epochs lowers the test loss"
        return waiting(statement, TEST_LOSS, patience, 0)

    def raises_accuracy(patience):
        statement = f"Waiting {patience} epochs raises the test accuracy"
        return waiting(statement, TEST_ACCURACY, 0, patience)

    return [
        *(noisy(name) for name in CURVES),
        waiting("Without patience training stops before it has turned", EPOCH_KEPT, 0, 5),
        *(
            claim_of(patience)
            for patience in (3, 5, 10)
            for claim_of in (lowers_loss, raises_accuracy)
        ),
        direction(
            source=CHAPTER,
            statement="The validation loss, which Keras watches, turns before the validation "
            "error, which the source does",
            measure=LOWEST_EPOCH,
            lower=("validation loss", lowest["validation loss"]),
            higher=("validation error", lowest["validation error"]),
        ),
        identity(
            source=CHAPTER,
            statement="A stopped run is the start of the one that goes on, to the bit",
            quantity="validation loss after each epoch, all runs",
            says=np.concatenate(
                [
                    endless.epochs["val_loss"][: epochs_trained(run)]
                    for _, run, endless in runs.pairs
                ]
            ),
            holds=np.concatenate([run.epochs["val_loss"] for run in stopped]),
        ),
        identity(
            source=CHAPTER,
            statement="It goes back to the weights of the lowest validation loss",
            quantity="training loss of the weights kept, each run",
            says=[
                endless.epochs["evaluated_loss"][turning_epoch(run) - 1]
                for _, run, endless in runs.pairs
            ],
            holds=[run.final["loss"] for run in stopped],
        ),
        identity(
            source=CHAPTER,
            statement="Training ends where the validation loss has not fallen for as many "
            "epochs as the patience says, and with patience 0 as with 1",
            quantity="epochs trained, each run",
            says=[
                stopping_epoch(endless.epochs["val_loss"], patience)
                for patience, _, endless in runs.pairs
            ],
            holds=[epochs_trained(run) for run in stopped],
        ),
    ]


@study.table
def patience(runs):
    measures = [
        Measure(TRAINED, epochs_trained),
        EPOCH_KEPT,
        Measure("trained for nothing", lambda run: epochs_trained(run) - turning_epoch(run)),
        TEST_LOSS,
        TEST_ACCURACY,
    ]
    note = (
        f"Adam at {runs.endless[0].config.learning_rate:g}. {OVER_SEEDS} What stopping gains "
        "over training on to the end is measured in validation_split."
    )
    return table_of("What patience costs and brings", "patience", runs.stopped, measures, note=note)


@study.table
def watched(runs):
    return stops_table(runs.endless, SHOWN)


@study.figure(
    caption="The curves that one may watch, of a run that does not stop, and the epoch after which "
    "each patience would stop it, if only at the limit.",
    alt="A jagged validation loss that falls and rises again, and a jagged error that falls on.",
    of="seed 0",
)
def noise(runs):
    return draw_stops(runs.endless[0], SHOWN)


@study.figure(
    caption="Epochs that are trained, and the one whose weights are kept; loss and accuracy of "
    "those weights.",
    alt="Epochs grow with patience; loss falls and accuracy rises, steeply at first.",
)
def waiting(runs):
    panels = {
        "Epochs": {TRAINED: epochs_trained, KEPT: turning_epoch},
        "Loss": {"validation": lambda run: run.epochs["val_loss"].min(), "test": TEST_LOSS},
        "Accuracy": {
            "validation": lambda run: run.epochs["val_accuracy"][turning_epoch(run) - 1],
            "test": TEST_ACCURACY,
        },
    }
    return draw_sweeps(runs.stopped, panels, ("Patience", "epochs"), width=13, height=5)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
