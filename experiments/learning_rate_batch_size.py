"""Learning rate and batch size of plain SGD (B, Q16; E, optimizers)."""

import numpy as np

from reporting import Study, Table, compare, direction, summary
from reporting.figures import cells, palette, plots
from reporting.verdicts import measures
from reporting.verdicts.measures import over_rates, over_seeds
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

COMMON_RATE, MIDDLE = 0.1, 150  # of every grid


@study.runs
def runs(lab):
    """Batch size → learning rate → a record for each seed."""
    n, validation = lab.choose(quick=(3_000, 1_000), paper=(48_000, 12_000))
    paper = (0.001, 0.003, 0.01, 0.03, COMMON_RATE, 0.3, 1.0, 3.0, 10.0)
    rates = lab.choose(quick=(0.001, COMMON_RATE, 0.3, 10.0), paper=paper)
    sizes = lab.choose(quick=(10, MIDDLE, 3_000), paper=(10, 30, MIDDLE, 1_000, 12_000))
    base = lab.config(train_size=n, validation_size=validation, epochs=3)
    grid = {(m, r): base.replace(batch_size=m, learning_rate=r) for m in sizes for r in rates}
    of = lab.train(grid)
    return {m: {r: of[m, r] for r in rates} for m in sizes}


def accuracy(record):
    return record.epochs["val_accuracy"][-1]


def seconds_per_epoch(record):
    return record.seconds / record.config.epochs


RATES = {
    "best rate": lambda of: measures.best_rates(of, accuracy),
    "largest stable rate": measures.stable_rates,
}
TIMES = {
    "ms for an update": lambda of: 1000 * over_seeds(of[COMMON_RATE], measures.seconds_per_update),
    "s for an epoch": lambda of: over_seeds(of[COMMON_RATE], seconds_per_epoch),
}


@study.claims
def claims(runs):
    (small, *_, large), (lowest, *_, highest) = runs, runs[MIDDLE]
    at_common = {f"m = {m:,}": of_rates[COMMON_RATE] for m, of_rates in runs.items()}

    def hardly_learns(m):
        gained = over_rates(runs[m], accuracy) - 0.1
        return direction("B Q16", f"At rate {lowest:g} there is almost no learning (m = {m:,})",
                         "validation accuracy above that of guessing",
                         (f"rate {lowest:g}", gained[:, 0]),
                         ("a tenth of the best rate's", gained.max(axis=1) / 10))  # fmt: skip

    def explodes(m):
        losses = [record.iteration_loss for record in runs[m][highest]]
        return direction("B Q16", f"At rate {highest:g} the loss diverges (m = {m:,})",
                         "loss of a batch", ("twice the first", [2 * loss[0] for loss in losses]),
                         ("the largest", [loss.max() for loss in losses]), ratio=True)  # fmt: skip

    def faster(statement, time):
        pair = [(f"m = {m:,}", TIMES[time](runs[m])) for m in (small, large)]
        return direction("B Q16", statement, time, *pair, ratio=True)

    def at_best_of(other, m):
        best = over_rates(runs[other], accuracy).argmax(axis=1)[:, None]
        return f"m = {m:,}", np.take_along_axis(over_rates(runs[m], accuracy), best, 1)[:, 0]

    def grows(name, low, high):
        pair = [(f"m = {m:,}", RATES[name](runs[m])) for m in (low, high)]
        return direction("B Q16", f"The {name} is larger for m = {high:,} than for m = {low:,} "
                         "(our own question)", name, *pair, ratio=True)  # fmt: skip

    return [
        *map(hardly_learns, (small, MIDDLE, large)),
        *map(explodes, (small, MIDDLE, large)),
        compare("B Q16", "Small batches learn with a bigger variance", "standard deviation of the "
                f"batch loss around its trend at rate {COMMON_RATE}", at_common,
                measures.fluctuation, f"m = {MIDDLE}", f"m = {small}"),
        faster("An update is faster with a small batch", "ms for an update"),
        faster("An epoch is faster in small batches", "s for an epoch"),
        *(direction("E", f"m = {small} is too small to converge where m = {m:,} does best",
                    "validation accuracy at the best rate of the larger one",
                    at_best_of(m, small), at_best_of(m, m), better="higher")
          for m in (MIDDLE, large)),
        *(grows(name, *pair) for name in RATES for pair in ((small, MIDDLE), (MIDDLE, large))),
    ]  # fmt: skip


@study.table
def batch_sizes(runs):
    rows = []
    for m, of_rates in runs.items():
        ranges = [f"{r.min():g} to {r.max():g}" for r in (of(of_rates) for of in RATES.values())]
        times = [summary(of(of_rates)) for of in TIMES.values()]
        rows.append([m, of_rates[COMMON_RATE][0].config.updates, *ranges, *times])
    note = f"Rates: smallest and largest over seeds. Times: at rate {COMMON_RATE}, on one thread."
    return Table("Batches of m images", ["m", "updates", *RATES, *TIMES], rows, note)


@study.figure(
    caption="After the same number of epochs, means over seeds. A cell is hatched where a run "
    f"failed: {FAILED}. Such a run takes its time all the same.",
    alt="Three grids of numbers over learning rates and batch sizes, with hatched cells.",
)
def heat_maps(runs):
    def means(measure):
        return [over_rates(of, measure).mean(axis=0) for of in runs.values()]

    shares = means(lambda record: record.failed)
    maps = {"Training loss": (means(measures.final_loss), shares),
            "Validation accuracy": (means(accuracy), shares),
            "Training time (s)": (means(lambda record: record.seconds), 0)}  # fmt: skip
    columns = "Learning rate", [f"{rate:g}" for rate in runs[MIDDLE]]
    return cells.draw_heat_maps(maps, columns, ("Batch size m", [f"{m:,}" for m in runs]))


@study.figure(
    caption="The learning rate of the highest validation accuracy and the largest before one so "
    f"large that the run fails; and what an update and an epoch take, at rate {COMMON_RATE}.",
    alt="Best and largest stable learning rate, and two times, against the batch size.",
)
def against_batch_size(runs):
    log = {"xscale": "log", "yscale": "log"}
    fig, axes = plots.figure(1, 3, width=13, height=4.8, subplot_kw=log)
    curves = zip(
        axes[[0, 0, 1, 2]], (RATES | TIMES).items(), palette.ordered_styles(4), strict=True
    )
    for ax, (name, measure), style in curves:
        of_sizes = np.transpose([measure(of_rates) for of_rates in runs.values()])
        plots.mean_and_band(ax, list(runs), of_sizes, name, style=style)
        plots.label_axes(ax, "Batch size m", "Learning rate" if name in RATES else name)
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
