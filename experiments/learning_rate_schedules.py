"""Learning rates that a schedule changes, against constant ones (E; B, Q27)."""

from dataclasses import dataclass

from experiments.analyses.learning_rate_schedules import (
    decades_off,
    draw_range_tests,
    range_tests_table,
)
from reporting import Measure, Methods, Study, compare, direction, table_of
from reporting.figures import plots
from reporting.figures.curves import draw_intervals, draw_metric, draw_schedules
from reporting.study.tables import facts
from reporting.verdicts.measures import (
    LOSS_MARGIN,
    TEST_ACCURACY,
    TRAINING_LOSS,
    VALIDATION_ACCURACY,
    final,
    fluctuation,
)

CHAPTER = "E, “Choosing an optimizer in practice”"

study = Study(
    name="learning_rate_schedules",
    title="Learning-rate schedules",
    question="Does SGD with a programmed learning rate beat Adam, and what does each schedule do "
    "for SGD?",
    sources=[CHAPTER, "B Q27"],
    says="In practice the best results come from a simple SGD and a programmed update of the "
    "learning rate, such as cyclic or cosine. A rate that falls during training helps to converge.",
    datasets=["fashion_mnist"],
)

# 784-128-10, trained on the cross-entropy of the softmax; "momentum" is SGD with momentum 0.9.
NETWORK = {"model": "dense", "hidden": (128,), "activation": "relu"}
BATCH_SIZE = 150
METHODS = {
    "SGD, constant": {"optimizer": "momentum", "schedule": "constant"},
    "SGD, step": {"optimizer": "momentum", "schedule": "step"},
    "SGD, exponential": {"optimizer": "momentum", "schedule": "exponential"},
    "SGD, cosine": {"optimizer": "momentum", "schedule": "cosine"},
    "SGD, cyclic": {"optimizer": "momentum", "schedule": "cyclic"},
    "Adam": {"optimizer": "adam", "schedule": "constant"},
    "Adam, cosine": {"optimizer": "adam", "schedule": "cosine"},
}
CONSTANT, *SCHEDULED, ADAM, ADAM_COSINE = METHODS
FIRST_RATES = {"momentum": (0.03, 0.1, 0.3), "adam": (0.001, 0.003, 0.01)}
TOO_HIGH = {CONSTANT: 10.0, ADAM: 1.0}  # where a range test ends
GRID_STEP = 0.5  # decades between two of the rates tried


@dataclass(frozen=True)
class Runs:
    """The methods at their own rates, and the range tests.

    Attributes:
        best_schedule: Label of SGD with the schedule of the lowest validation error in tuning.
        trained: Label of a method → its runs at its own rate.
        range_tests: `CONSTANT` and `ADAM` → runs in which the rate rises to that of `TOO_HIGH`.
    """

    best_schedule: str
    trained: Methods
    range_tests: Methods


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(6_000, 1_000, 6), paper=(48_000, 12_000, 10))
    base = lab.config(
        **NETWORK,
        train_size=n,
        validation_size=validation,
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    methods = {label: base.replace(**fields) for label, fields in METHODS.items()}
    rates = {label: FIRST_RATES[config.optimizer] for label, config in methods.items()}
    tuned = lab.tune(methods, rates, by="validation error")
    rising = {"schedule": "rising", "epochs": None, "iterations": lab.choose(quick=200, paper=600)}
    range_tests = {
        label: methods[label].replace(learning_rate=rate, **rising)
        for label, rate in TOO_HIGH.items()
    }
    return Runs(
        best_schedule=min(SCHEDULED, key=lambda label: lowest_error(lab.tunings[label])),
        trained=lab.train(tuned),
        range_tests=lab.train(range_tests),
    )


def lowest_error(tuning):
    """The mean validation error at the best rate tried."""
    return tuning.scores.mean(axis=0).min()


LOSS = Measure(
    "training loss after the last update", final("loss"), better="lower", margin=LOSS_MARGIN
)
FLUCTUATION = Measure(
    "standard deviation of the last 50 batch losses",
    fluctuation,
    better="lower",
    margin=0.05,  # 5 % of it
)
DECADES_APART = Measure("decades apart", better="lower", margin=GRID_STEP / 10)


@study.claims
def claims(runs):
    best = runs.best_schedule

    def more_accurate(statement, better, worse):
        return compare(
            source=CHAPTER,
            statement=statement,
            measure=TEST_ACCURACY,
            runs=runs.trained,
            lower=worse,
            higher=better,
        )

    def with_schedule(label, effect, measure, ratio):
        return compare(
            source="B Q27",
            statement=f"With a schedule {effect}: {label}",
            measure=measure,
            runs=runs.trained,
            lower=label,
            higher=CONSTANT,
            ratio=ratio,
        )

    def suggests(label):
        off = decades_off(runs.range_tests[label], runs.trained[label])
        return direction(
            source=CHAPTER,
            statement=f"A range test suggests about the tuned rate: {label} (our own question)",
            measure=DECADES_APART,
            lower=("suggested and tuned rate", off),
            higher=("neighbours of the grid", [GRID_STEP] * len(off)),
        )

    return [
        more_accurate(f"SGD with the best schedule, here {best}, is better than Adam", best, ADAM),
        more_accurate(
            "It is better than Adam with a schedule too (our own question)", best, ADAM_COSINE
        ),
        *(
            more_accurate(f"A schedule is better than a constant rate: {label}", label, CONSTANT)
            for label in SCHEDULED
        ),
        *(
            with_schedule(label, "the loss converges to a lower one", LOSS, ratio=False)
            for label in SCHEDULED
        ),
        *(
            with_schedule(label, "the loss fluctuates less in the end", FLUCTUATION, ratio=True)
            for label in SCHEDULED
        ),
        *(suggests(label) for label in TOO_HIGH),
    ]


@study.table
def results(runs):
    measures = [
        TRAINING_LOSS,
        VALIDATION_ACCURACY,
        TEST_ACCURACY,
        Measure("fluctuation of the batch loss", fluctuation),
    ]
    return table_of(
        "After the last update", "method", runs.trained, measures, facts("learning rate")
    )


@study.table
def suggested_rates(runs):
    return range_tests_table(runs.range_tests, runs.trained)


@study.figure(
    caption="The learning rate of each schedule as a share of its largest, which is tuned.",
    alt="Learning rate against the share of training for five schedules, on two scales.",
    of="no data",
)
def rates_of_each_schedule(runs):
    return draw_schedules({label: METHODS[label]["schedule"] for label in (CONSTANT, *SCHEDULED)})


@study.figure(
    caption="Left: each epoch's training loss, a mean over its batches while the weights move. "
    "Right: validation accuracy after each epoch. SGD has momentum 0.9; each method has the "
    "learning rate of its lowest validation error.",
    alt="Training loss and validation accuracy against epochs for seven methods.",
)
def convergence(runs):
    fig, axes = plots.figure(1, 2, width=12, height=5.8)
    axes[0].set_yscale("log")
    draw_metric(axes[0], runs.trained, "loss", "Training loss")
    draw_metric(axes[1], runs.trained, "val_accuracy", "Validation accuracy")
    plots.legend(fig)
    return fig


@study.chart("Zoom into every iteration", "Each batch's loss before its update, not averaged.")
def every_loss(runs):
    return {"all methods": runs.trained}


@study.figure(
    caption="Test accuracy of each method. Large: mean, with its 95 % interval; small: each seed.",
    alt="Test accuracy of seven methods, one below the other.",
)
def accuracy_of_each_method(runs):
    fig, ax = plots.figure(width=8.5, height=4.8)
    draw_intervals(ax, runs.trained, TEST_ACCURACY)
    plots.label_axes(ax, "Test accuracy", "")
    return fig


@study.figure(
    caption="The range test: the learning rate rises by a factor of 10⁶ over one run. Grey: each "
    "batch's loss. Coloured: its moving average over a twentieth of the run, up to where the first "
    "seed diverges, that is, comes back to ln 10, the loss of guessing.",
    alt="Loss against a rising learning rate, for SGD with momentum and for Adam.",
)
def range_test(runs):
    return draw_range_tests(runs.range_tests, runs.trained)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
