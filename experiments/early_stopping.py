"""How long to wait before stopping (E, “Early stopping”)."""

import numpy as np

from experiments.analyses.early_stopping import CURVES, draw_stops, stops_table
from reporting import Study, compare, direction, identity, table_of
from reporting.figures.curves import draw_sweeps
from reporting.study.tables import OVER_SEEDS
from reporting.verdicts.measures import (
    epochs_trained,
    final,
    over_seeds,
    rises_before_lowest,
    stopping_epoch,
    turning_epoch,
)

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

ADAM = "Adam"
SHOWN = 0, 3, 5, 10  # patiences that each preset has
TRAINED, KEPT = "epochs trained", "epoch kept"


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(4_000, 25), paper=(48_000, 40))
    patiences = lab.choose(quick=SHOWN, paper=range(11))
    base = lab.config(
        train_size=n, validation_size=n // 4, hidden=(250,), batch_size=150, optimizer="adam",
        epochs=epochs,
    )  # fmt: skip
    # Stopped runs, for at the last of many epochs the rate that over-fits slowest would win.
    rates = (0.0003, 0.001, 0.003)
    tuned = lab.tune({ADAM: base.replace(patience=5)}, rates, by="validation error")[ADAM]
    stopped = {p: tuned.replace(patience=p) for p in patiences}
    endless = tuned.replace(patience=None, keep=("evaluations",))
    trained = lab.train(stopped | {None: endless})
    return {"endless": trained.pop(None), "stopped": trained}


@study.claims
def claims(runs):
    endless, stopped = runs["endless"], runs["stopped"]
    pairs = [pair for p in stopped for pair in zip(stopped[p], endless, strict=True)]

    def noisy(name):
        rises = over_seeds(endless, lambda r: rises_before_lowest(CURVES[name](r)))
        smooth = ("a curve without noise", np.zeros(len(rises)))
        return direction(CHAPTER, f"The {name} is noisy: it rises before its lowest point",
                         "number of such rises", smooth, (name, rises))  # fmt: skip

    def waiting(statement, quantity, measure, lower, higher, better="lower"):
        labelled = {f"patience {p}": records for p, records in stopped.items()}
        pair = f"patience {lower}", f"patience {higher}"
        return compare(CHAPTER, statement, quantity, labelled, measure, *pair, better=better)

    def of_test(patience):
        accuracy, loss = final("test_accuracy"), final("test_loss")
        return [
            waiting(f"Waiting {patience} epochs lowers the test loss", "test loss", loss,
                    patience, 0),
            waiting(f"Waiting {patience} epochs raises the test accuracy", "test accuracy",
                    accuracy, 0, patience, better="higher"),
        ]  # fmt: skip

    turns = [(name, over_seeds(endless, lambda r, c=curve: np.argmin(c(r)) + 1))
             for name, curve in CURVES.items()]  # fmt: skip
    prefixes = [r.epochs["val_loss"][: epochs_trained(stop)] for stop, r in pairs]
    at_lowest = [r.epochs["evaluated_loss"][turning_epoch(stop) - 1] for stop, r in pairs]
    return [
        *(noisy(name) for name in CURVES),
        waiting("Without patience training stops before it has turned", "epoch kept",
                turning_epoch, 0, 5),
        *(claim for patience in (3, 5, 10) for claim in of_test(patience)),
        direction(CHAPTER, "The validation loss, which Keras watches, turns before the validation "
                  "error, which the source does", "epoch of the lowest point", *turns),
        identity(CHAPTER, "A stopped run is the start of the one that goes on, to the bit",
                 "validation loss after each epoch, all runs", np.concatenate(prefixes),
                 np.concatenate([stop.epochs["val_loss"] for stop, _ in pairs])),
        identity(CHAPTER, "It goes back to the weights of the lowest validation loss",
                 "training loss of the weights kept, each run", at_lowest,
                 [stop.final["loss"] for stop, _ in pairs]),
        identity(CHAPTER, "Training ends where the validation loss has not fallen for as many "
                 "epochs as the patience says, and with patience 0 as with 1",
                 "epochs trained, each run",
                 [stopping_epoch(r.epochs["val_loss"], stop.config.patience) for stop, r in pairs],
                 [epochs_trained(stop) for stop, _ in pairs]),
    ]  # fmt: skip


@study.table
def patience(runs):
    measures = {
        "epochs trained": epochs_trained,
        "epoch kept": turning_epoch,
        "trained for nothing": lambda record: epochs_trained(record) - turning_epoch(record),
        "test loss": final("test_loss"),
        "test accuracy": final("test_accuracy"),
    }
    note = (
        f"Adam at {runs['endless'][0].config.learning_rate:g}. {OVER_SEEDS} What stopping gains "
        "over training on to the end is measured in validation_split."
    )
    return table_of("What patience costs and brings", "patience", runs["stopped"], measures,
                    note=note)  # fmt: skip


@study.table
def watched(runs):
    return stops_table(runs["endless"], SHOWN)


@study.figure(
    caption="The curves that one may watch, of a run that does not stop, and the epoch after which "
    "each patience would stop it, if only at the limit.",
    alt="A jagged validation loss that falls and rises again, and a jagged error that falls on.",
    of="seed 0",
)
def noise(runs):
    return draw_stops(runs["endless"][0], SHOWN)


@study.figure(
    caption="Epochs that are trained, and the one whose weights are kept; loss and accuracy of "
    "those weights.",
    alt="Epochs grow with patience; loss falls and accuracy rises, steeply at first.",
)
def waiting(runs):
    panels = {
        "Epochs": {TRAINED: epochs_trained, KEPT: turning_epoch},
        "Loss": {"validation": lambda r: r.epochs["val_loss"].min(), "test": final("test_loss")},
        "Accuracy": {
            "validation": lambda r: r.epochs["val_accuracy"][turning_epoch(r) - 1],
            "test": final("test_accuracy"),
        },
    }
    return draw_sweeps(runs["stopped"], panels, ("Patience", "epochs"), width=13, height=5)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
