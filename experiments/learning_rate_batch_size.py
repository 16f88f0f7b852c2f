"""Learning rate and batch size of plain SGD (B, Q16; E, optimizers)."""

from dataclasses import dataclass

import numpy as np

from reporting import Measure, Methods, Study, Table, compare, direction, summary_of
from reporting.figures import cells, palette, plots
from reporting.verdicts import measures
from reporting.verdicts.measures import (
    ACCURACY_MARGIN,
    TRAINING_LOSS,
    VALIDATION_ACCURACY,
    over_rates,
    over_seeds,
)
from training.record import FAILED

study = Study(
    name="learning_rate_batch_size",
    title="Learning rate and batch size",
    question="At which learning rates does SGD learn with batches of m images, what do they cost, "
    "and how does the best rate change with m?",
    sources=["B Q16", "E"],
    says="A learning rate that is too small hardly learns, one that is too large can diverge. "
    "Small batches are fast and noisy, perhaps too noisy to converge; large ones are super slow.",
    datasets=["fashion_mnist"],
)

# 784-128-10, trained on the cross-entropy of the softmax by SGD.
NETWORK = {"model": "dense", "hidden": (128,), "activation": "relu"}
EPOCHS = 3
COMMON_RATE, MIDDLE = 0.1, 150  # of every grid
CHANCE = 0.1  # accuracy of a guess among ten classes


@dataclass(frozen=True)
class Runs:
    """Batch size, ascending → learning rate, ascending → runs."""

    grid: dict[int, Methods]

    @property
    def at_common_rate(self) -> Methods:
        """Batch size, in words → runs at `COMMON_RATE`."""
        return {in_words(m): by_rate[COMMON_RATE] for m, by_rate in self.grid.items()}


def in_words(m):
    return f"m = {m:,}"


@study.runs
def runs(lab):
    n, validation = lab.choose(quick=(3_000, 1_000), paper=(48_000, 12_000))
    rates = lab.choose(
        quick=(0.001, COMMON_RATE, 0.3, 10.0),
        paper=(0.001, 0.003, 0.01, 0.03, COMMON_RATE, 0.3, 1.0, 3.0, 10.0),
    )
    sizes = lab.choose(quick=(10, MIDDLE, 3_000), paper=(10, 30, MIDDLE, 1_000, 12_000))
    base = lab.config(
        **NETWORK, train_size=n, validation_size=validation, optimizer="sgd", epochs=EPOCHS
    )
    trained = lab.train(
        {(m, rate): base.replace(batch_size=m, learning_rate=rate) for m in sizes for rate in rates}
    )
    return Runs({m: {rate: trained[m, rate] for rate in rates} for m in sizes})


def best_rates(by_rate):
    """The learning rate of the highest validation accuracy, for each seed."""
    return measures.best_rates(by_rate, VALIDATION_ACCURACY)


RATES = {"best rate": best_rates, "largest stable rate": measures.stable_rates}
"""Name → function of one batch size's runs at each rate that gives a learning rate per seed."""

RATIO_MARGIN = 0.05  # 5 % of a time, of a loss or of a learning rate

LEARNED = Measure(
    "validation accuracy above that of guessing",
    lambda record: VALIDATION_ACCURACY(record) - CHANCE,
    better="higher",
    margin=ACCURACY_MARGIN,
)
BATCH_LOSS = Measure("loss of a batch", better="lower", margin=RATIO_MARGIN)
FLUCTUATION = Measure(
    f"standard deviation of the batch loss around its trend at rate {COMMON_RATE}",
    measures.fluctuation,
    better="lower",
    margin=0.01,  # half of what counts as a difference of losses
)
UPDATE_TIME = Measure(
    "ms for an update",
    lambda record: 1000 * measures.seconds_per_update(record),
    better="lower",
    unit="ms",
    margin=RATIO_MARGIN,
)
EPOCH_TIME = Measure(
    "s for an epoch",
    lambda record: record.seconds / record.config.epochs,
    better="lower",
    unit="s",
    margin=RATIO_MARGIN,
)
TIMES = (UPDATE_TIME, EPOCH_TIME)
ACCURACY_AT_OTHERS_RATE = Measure(
    "validation accuracy at the best rate of the larger one",
    better="higher",
    margin=ACCURACY_MARGIN,
)


def accuracies_at_best_of(grid, larger, m):
    """Validation accuracy of batches of m at the best rate of the larger ones, for each seed."""
    best = over_rates(grid[larger], VALIDATION_ACCURACY).argmax(axis=1)[:, None]
    return np.take_along_axis(over_rates(grid[m], VALIDATION_ACCURACY), best, axis=1)[:, 0]


@study.claims
def claims(runs):
    grid = runs.grid
    (small, *_, large), (lowest, *_, highest) = grid, grid[MIDDLE]

    def hardly_learns(m):
        learned = over_rates(grid[m], LEARNED)
        return direction(
            source="B Q16",
            statement=f"At rate {lowest:g} there is almost no learning ({in_words(m)})",
            measure=LEARNED,
            lower=(f"rate {lowest:g}", learned[:, 0]),
            higher=("a tenth of the best rate's", learned.max(axis=1) / 10),
        )

    def explodes(m):
        losses = [record.iteration_loss for record in grid[m][highest]]
        return direction(
            source="B Q16",
            statement=f"At rate {highest:g} the loss diverges ({in_words(m)})",
            measure=BATCH_LOSS,
            lower=("twice the first", [2 * loss[0] for loss in losses]),
            higher=("the largest", [loss.max() for loss in losses]),
            ratio=True,
        )

    def faster(statement, time):
        return compare(
            source="B Q16",
            statement=statement,
            measure=time,
            runs=runs.at_common_rate,
            lower=in_words(small),
            higher=in_words(large),
            ratio=True,
        )

    def too_small(m):
        return direction(
            source="E",
            statement=f"{in_words(small)} is too small to converge where {in_words(m)} does best",
            measure=ACCURACY_AT_OTHERS_RATE,
            lower=(in_words(small), accuracies_at_best_of(grid, m, small)),
            higher=(in_words(m), accuracies_at_best_of(grid, m, m)),
        )

    def grows(name, smaller, larger):
        rates_of = RATES[name]
        return direction(
            source="B Q16",
            statement=f"The {name} is larger for {in_words(larger)} than for {in_words(smaller)} "
            "(our own question)",
            # Higher is better: a batch size that fails at every rate has no stable one.
            measure=Measure(name, better="higher", margin=RATIO_MARGIN),
            lower=(in_words(smaller), rates_of(grid[smaller])),
            higher=(in_words(larger), rates_of(grid[larger])),
            ratio=True,
        )

    return [
        *(hardly_learns(m) for m in (small, MIDDLE, large)),
        *(explodes(m) for m in (small, MIDDLE, large)),
        compare(
            source="B Q16",
            statement="Small batches learn with a bigger variance",
            measure=FLUCTUATION,
            runs=runs.at_common_rate,
            lower=in_words(MIDDLE),
            higher=in_words(small),
        ),
        faster("An update is faster with a small batch", UPDATE_TIME),
        faster("An epoch is faster in small batches", EPOCH_TIME),
        too_small(MIDDLE),
        too_small(large),
        *(
            grows(name, smaller, larger)
            for name in RATES
            for smaller, larger in ((small, MIDDLE), (MIDDLE, large))
        ),
    ]


@study.table
def batch_sizes(runs):
    rows = []
    for m, by_rate in runs.grid.items():
        at_common_rate = by_rate[COMMON_RATE]
        ranges = []
        for rates_of in RATES.values():
            rates = rates_of(by_rate)
            ranges.append(f"{rates.min():g} to {rates.max():g}")
        times = [summary_of(at_common_rate, time) for time in TIMES]
        rows.append([m, at_common_rate[0].config.updates, *ranges, *times])
    columns = ["m", "updates", *RATES, *(time.name for time in TIMES)]
    note = f"Rates: smallest and largest over seeds. Times: at rate {COMMON_RATE}, on one thread."
    return Table("Batches of m images", columns, rows, note)


@study.figure(
    caption="After the same number of epochs, means over seeds. A cell is hatched where a run "
    f"failed: {FAILED}. Such a run takes its time all the same.",
    alt="Three grids of numbers over learning rates and batch sizes, with hatched cells.",
)
def heat_maps(runs):
    def means(measure):
        return [over_rates(by_rate, measure).mean(axis=0) for by_rate in runs.grid.values()]

    failed = means(lambda record: record.failed)
    maps = {
        "Training loss": (means(TRAINING_LOSS), failed),
        "Validation accuracy": (means(VALIDATION_ACCURACY), failed),
        "Training time (s)": (means(lambda record: record.seconds), 0),
    }
    columns = "Learning rate", [f"{rate:g}" for rate in runs.grid[MIDDLE]]
    rows = "Batch size m", [f"{m:,}" for m in runs.grid]
    return cells.draw_heat_maps(maps, columns, rows)


@study.figure(
    caption="The learning rate of the highest validation accuracy and the largest before one so "
    f"large that the run fails; and what an update and an epoch take, at rate {COMMON_RATE}.",
    alt="Best and largest stable learning rate, and two times, against the batch size.",
)
def against_batch_size(runs):
    scales = {"xscale": "log", "yscale": "log"}
    fig, (left, *others) = plots.figure(1, 3, width=13, height=4.8, subplot_kw=scales)
    sizes = list(runs.grid)
    styles = palette.ordered_styles(len(RATES) + len(TIMES))
    for (name, rates_of), style in zip(RATES.items(), styles[: len(RATES)], strict=True):
        curves = np.transpose([rates_of(by_rate) for by_rate in runs.grid.values()])
        plots.mean_and_band(left, sizes, curves, name, style=style)
    plots.label_axes(left, "Batch size m", "Learning rate")
    for ax, time, style in zip(others, TIMES, styles[len(RATES) :], strict=True):
        seconds = [over_seeds(records, time) for records in runs.at_common_rate.values()]
        plots.mean_and_band(ax, sizes, np.transpose(seconds), time.name, style=style)
        plots.label_axes(ax, "Batch size m", time.name)
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
