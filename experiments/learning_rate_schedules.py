"""Learning rates that a schedule changes, against constant ones (E; B, Q27)."""

from experiments.analyses.learning_rate_schedules import (
    decades_off,
    draw_range_tests,
    range_tests_table,
)
from reporting import Study, compare, direction, table_of
from reporting.figures import plots
from reporting.figures.curves import draw_intervals, draw_metric, draw_schedules
from reporting.study.tables import facts, metrics
from reporting.verdicts.measures import final, final_loss, fluctuation

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

METHODS = {  # label → optimizer, schedule
    "SGD, constant": ("momentum", "constant"),
    "SGD, step": ("momentum", "step"),
    "SGD, exponential": ("momentum", "exponential"),
    "SGD, cosine": ("momentum", "cosine"),
    "SGD, cyclic": ("momentum", "cyclic"),
    "Adam": ("adam", "constant"),
    "Adam, cosine": ("adam", "cosine"),
}
CONSTANT, *SCHEDULED, ADAM, ADAM_COSINE = METHODS
FIRST_RATES = {"momentum": (0.03, 0.1, 0.3), "adam": (0.001, 0.003, 0.01)}
TOO_HIGH = {CONSTANT: 10.0, ADAM: 1.0}  # where a range test ends
EFFECTS = [  # what B says of a schedule, and what has to be lower: its measure, as a ratio or not
    ("the loss converges to a lower one", "training loss after the last update", final_loss, False),
    ("the loss fluctuates less in the end", "standard deviation of the last 50 batch losses",
     fluctuation, True),
]  # fmt: skip
GRID_STEP = 0.5  # decades between two of the rates tried


@study.runs
def runs(lab):
    n, validation, epochs = lab.choose(quick=(6_000, 1_000, 6), paper=(48_000, 12_000, 10))
    base = lab.config(train_size=n, validation_size=validation, batch_size=150, epochs=epochs)
    methods = {
        label: base.replace(optimizer=optimizer, schedule=schedule)
        for label, (optimizer, schedule) in METHODS.items()
    }
    rates = {label: FIRST_RATES[config.optimizer] for label, config in methods.items()}
    tuned = lab.tune(methods, rates, by="validation error")
    rising = {"schedule": "rising", "epochs": None, "iterations": lab.choose(quick=200, paper=600)}
    tests = {
        label: methods[label].replace(learning_rate=rate, **rising)
        for label, rate in TOO_HIGH.items()
    }
    chosen = min(SCHEDULED, key=lambda label: lab.tunings[label].scores.mean(axis=0).min())
    return {"chosen": chosen, "trained": lab.train(tuned), "range tests": lab.train(tests)}


@study.claims
def claims(runs):
    trained, best = runs["trained"], runs["chosen"]

    def more_accurate(statement, better, worse):
        measured = "test accuracy", trained, final("test_accuracy")
        return compare(CHAPTER, statement, *measured, worse, better, better="higher")

    def suggests(label):
        off = decades_off(runs["range tests"][label], trained[label])
        statement = f"A range test suggests about the tuned rate: {label} (our own question)"
        pair = ("suggested and tuned rate", off), ("neighbours of the grid", 0 * off + GRID_STEP)
        return direction(CHAPTER, statement, "decades apart", *pair)

    return [
        more_accurate(f"SGD with the best schedule, here {best}, is better than Adam", best, ADAM),
        more_accurate("It is better than Adam with a schedule too (our own question)",
                      best, ADAM_COSINE),
        *(more_accurate(f"A schedule is better than a constant rate: {label}", label, CONSTANT)
          for label in SCHEDULED),
        *(compare("B Q27", f"With a schedule {effect}: {label}", quantity, trained, measure,
                  label, CONSTANT, ratio=ratio)
          for effect, quantity, measure, ratio in EFFECTS for label in SCHEDULED),
        *map(suggests, TOO_HIGH),
    ]  # fmt: skip


@study.table
def results(runs):
    measures = metrics("training loss", "validation accuracy", "test accuracy")
    measures |= {"fluctuation of the batch loss": fluctuation}
    return table_of("After the last update", "method", runs["trained"], measures,
                    facts("learning rate"))  # fmt: skip


@study.table
def suggested_rates(runs):
    return range_tests_table(runs["range tests"], runs["trained"])


@study.figure(
    caption="The learning rate of each schedule as a share of its largest, which is tuned.",
    alt="Learning rate against the share of training for five schedules, on two scales.",
    of="no data",
)
def rates_of_each_schedule(runs):
    return draw_schedules({label: METHODS[label][1] for label in (CONSTANT, *SCHEDULED)})


@study.figure(
    caption="Left: each epoch's training loss, a mean over its batches while the weights move. "
    "Right: validation accuracy after each epoch. SGD has momentum 0.9; each method has the "
    "learning rate of its lowest validation error.",
    alt="Training loss and validation accuracy against epochs for seven methods.",
)
def convergence(runs):
    fig, axes = plots.figure(1, 2, width=12, height=5.8)
    axes[0].set_yscale("log")
    draw_metric(axes[0], runs["trained"], "loss", "Training loss")
    draw_metric(axes[1], runs["trained"], "val_accuracy", "Validation accuracy")
    plots.legend(fig)
    return fig


@study.chart("Zoom into every iteration", "Each batch's loss before its update, not averaged.")
def every_loss(runs):
    return {"all methods": runs["trained"]}


@study.figure(
    caption="Test accuracy of each method. Large: mean, with its 95 % interval; small: each seed.",
    alt="Test accuracy of seven methods, one below the other.",
)
def accuracy_of_each_method(runs):
    fig, ax = plots.figure(width=8.5, height=4.8)
    draw_intervals(ax, runs["trained"], final("test_accuracy"))
    plots.label_axes(ax, "Test accuracy", "")
    return fig


@study.figure(
    caption="The range test: the learning rate rises by a factor of 10⁶ over one run. Grey: each "
    "batch's loss. Coloured: its moving average over a twentieth of the run, up to where the first "
    "seed diverges, that is, comes back to ln 10, the loss of guessing.",
    alt="Loss against a rising learning rate, for SGD with momentum and for Adam.",
)
def range_test(runs):
    return draw_range_tests(runs["range tests"], runs["trained"])


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
