"""Full batch against mini-batch gradient descent (A, sections 3.2 to 3.4; E, optimizers)."""

from dataclasses import dataclass

from reporting import Measure, Methods, Study, Table, compare, direction, identity, summary_of
from reporting.figures import plots
from reporting.figures.curves import COSTS, draw_costs
from reporting.verdicts.measures import (
    TRAINING_LOSS,
    fluctuation,
    iterations_to_reach,
    running_mean,
)
from training import RunRecord

study = Study(
    name="full_vs_minibatch",
    title="Full batch against mini-batch gradient descent",
    question="What does progress cost when every update uses all n training images, and what when "
    "it uses only m of them?",
    sources=["A 3.2-3.4", "E"],
    says="Over the first 100 iterations a mini-batch of 150 saves hugely in gradient computations "
    "against the full batch of 60,000, and pays with a loss that fluctuates more. Batches of 50 "
    "to 200 are typical; with m = 1 there is a lot of noise.",
    datasets=["fashion_mnist"],
)

# 784-128-10, trained on the cross-entropy of the softmax by SGD.
NETWORK = {"model": "dense", "hidden": (128,), "activation": "relu"}
FULL, MINI, SINGLE = "full batch", "m = 150", "m = 1"
ITERATIONS = 100
EPOCHS = 3  # of the run that counts iterations
SHARED_RATE = 0.01  # Keras's default for SGD


@dataclass(frozen=True)
class Runs:
    """The runs at one learning rate for all, and with each batch size at its own.

    Attributes:
        one_rate: Batch size, in words → runs for `ITERATIONS` iterations, more for m = 1.
        own_rates: The same at the learning rate tuned for each.
        epochs: Runs of m = 150 for `EPOCHS` epochs, at its own rate.
    """

    one_rate: Methods
    own_rates: Methods
    epochs: list[RunRecord]


@study.runs
def runs(lab):
    n = lab.choose(quick=6_000, paper=60_000)
    rates = lab.choose(quick=(0.03, 0.1, 0.3), paper=(0.01, 0.03, 0.1, 0.3, 1.0))
    full_batch = lab.config(
        **NETWORK,
        train_size=n,
        optimizer="sgd",
        learning_rate=SHARED_RATE,
        batch_size=n,
        iterations=ITERATIONS,
    )
    methods = {
        FULL: full_batch,
        "m = 200": full_batch.replace(batch_size=200),
        MINI: full_batch.replace(batch_size=150),
        "m = 50": full_batch.replace(batch_size=50),
        # Bounded: as many sample gradients as m = 150 computes in its 100 iterations.
        SINGLE: full_batch.replace(batch_size=1, iterations=150 * ITERATIONS),
    }
    tuned = lab.tune(methods, rates)
    in_epochs = tuned[MINI].replace(iterations=None, epochs=EPOCHS)
    return Runs(
        one_rate=lab.train(methods),
        own_rates=lab.train(tuned),
        epochs=lab.train({MINI: in_epochs})[MINI],
    )


FLUCTUATION = Measure(
    "standard deviation of the loss around its trend",
    fluctuation,
    better="lower",
    margin=0.01,  # half of what counts as a difference of losses
)
COST_MARGIN = 0.05  # of a ratio of costs


def costs_to_one_loss(methods, cost):
    """What both methods pay, for each seed, until they have the loss that m = 150 ends with.

    Args:
        methods: Label → runs, of the full batch and of m = 150 at least.
        cost: Key of `COSTS`.

    Returns:
        The costs of the full batch and those of m = 150, each of shape (seeds,).
    """
    cost_of = COSTS[cost]
    of_full_batch, of_mini_batch = [], []
    for full, mini in zip(methods[FULL], methods[MINI], strict=True):
        needed = iterations_to_reach(full, TRAINING_LOSS(mini))
        of_full_batch.append(cost_of(full)[needed - 1])
        of_mini_batch.append(cost_of(mini)[-1])
    return of_full_batch, of_mini_batch


@study.claims
def claims(runs):
    full, mini = runs.own_rates[FULL][0], runs.own_rates[MINI][0]
    n, m = full.config.train_size, mini.config.batch_size

    def dearer(source, cost):
        name = cost.lower()
        of_full_batch, of_mini_batch = costs_to_one_loss(runs.own_rates, cost)
        return direction(
            source=source,
            statement=f"For the same progress the full batch costs more ({name})",
            measure=Measure(
                f"{name} to the loss that m = 150 reaches in 100 iterations",
                better="lower",
                margin=COST_MARGIN,
            ),
            lower=(MINI, of_mini_batch),
            higher=(FULL, of_full_batch),
            ratio=True,
        )

    def noisier(source, statement, methods, calm, noisy):
        return compare(
            source=source,
            statement=statement,
            measure=FLUCTUATION,
            runs=methods,
            lower=calm,
            higher=noisy,
        )

    def counted(source, statement, says, holds):
        return identity(
            source=source,
            statement=statement,
            quantity="counted in the run",
            says=says,
            holds=holds,
        )

    return [
        dearer("A 3.4", "Sample gradients"),
        dearer("A 3.2", "Seconds"),
        noisier(
            "A 3.4",
            "Mini-batches fluctuate more, at one learning rate",
            runs.one_rate,
            calm=FULL,
            noisy=MINI,
        ),
        noisier(
            "A 3.4",
            "Mini-batches fluctuate more, each at its own rate",
            runs.own_rates,
            calm=FULL,
            noisy=MINI,
        ),
        noisier(
            "A 3.5",
            "Single images are noisier than batches of 150",
            runs.own_rates,
            calm=MINI,
            noisy=SINGLE,
        ),
        counted(
            "A 3.4",
            "A mini-batch of 150 computes 1500 gradients in 100 iterations",
            says=1500,
            holds=mini.sample_gradients[ITERATIONS - 1],
        ),
        counted(
            "A 3.4",
            f"The full batch computes 100 · {n:,} gradients in 100 iterations",
            says=100 * n,
            holds=full.sample_gradients[ITERATIONS - 1],
        ),
        counted(
            "A 3.3",
            f"Iterations are epochs · n / m, here {EPOCHS} · {n:,} / {m}",
            says=EPOCHS * n / m,
            holds=len(runs.epochs[0].iteration_loss),
        ),
    ]


@study.table
def accounting(runs):
    columns = [
        "method",
        "m",
        "iterations per epoch, n/m",
        "gradients per iteration, m",
        "gradients in 100 iterations, 100·m",
    ]
    rows = []
    for label, (record, *_) in runs.own_rates.items():
        config, gradients = record.config, record.sample_gradients
        rows.append(
            [
                label,
                config.batch_size,
                config.iterations_per_epoch,
                gradients[0],
                gradients[ITERATIONS - 1],
            ]
        )
    n = runs.own_rates[FULL][0].config.train_size
    return Table(f"What an iteration costs, n = {n:,}", columns, rows)


@study.table
def results(runs):
    columns = [
        "method",
        "iterations",
        f"loss at rate {SHARED_RATE}",
        "tuned rate",
        "loss at tuned rate",
        "its fluctuation",
        "seconds",
    ]
    rows = []
    for label, tuned in runs.own_rates.items():
        record = tuned[0]
        rows.append(
            [
                label,
                len(record.iteration_loss),
                summary_of(runs.one_rate[label], TRAINING_LOSS),
                record.config.learning_rate,
                summary_of(tuned, TRAINING_LOSS),
                summary_of(tuned, FLUCTUATION),
                summary_of(tuned, lambda record: record.seconds),
            ]
        )
    return Table("Loss on all training images after the last update", columns, rows)


@study.figure(
    caption="Each batch's loss before its update, in 100 iterations (m = 1: in 15,000, drawn as a "
    "moving average over 150), each method at its own learning rate. Iteration for iteration the "
    "full batch leads; by gradients or seconds it starts where mini-batches have finished.",
    alt="Training loss against iterations, sample gradients and seconds, for five batch sizes.",
)
def three_costs(runs):
    return draw_costs(runs.own_rates, first=ITERATIONS, windows={SINGLE: 150})


@study.figure(
    caption=f"The same with one learning rate for all, {SHARED_RATE}, as A has it.",
    alt="Training loss against three costs, at one learning rate for five batch sizes.",
)
def three_costs_at_one_rate(runs):
    return draw_costs(runs.one_rate, first=ITERATIONS, windows={SINGLE: 150})


@study.chart("Zoom into every iteration", "Each batch's loss before its update; all but m = 1.")
def every_loss(runs):
    def in_batches(methods):
        return {label: records for label, records in methods.items() if label != SINGLE}

    return {
        "each at its own rate": in_batches(runs.own_rates),
        "one rate for all": in_batches(runs.one_rate),
    }


@study.figure(
    caption="Three epochs of m = 150: the exact loss of each batch, and what the usual "
    "callback records of the same run, the mean over the epoch so far. The mean hides the "
    "fluctuation, lags behind, and drops with each new epoch for no reason but its reset.",
    alt="The exact loss of each iteration, and the smoother running mean with a step per epoch.",
    of="seed 0",
)
def running_mean_beside_loss(runs):
    record = runs.epochs[0]
    fig, ax = plots.figure()
    curves = {"exact loss": record.iteration_loss, "running mean": running_mean(record)}
    for label, curve in curves.items():
        plots.mean_and_band(ax, COSTS["Iterations"](record), [curve], label)
    ax.lines[0].set_linewidth(1)
    plots.label_axes(ax, "Iterations", "Loss")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
