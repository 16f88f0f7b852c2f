"""Serves the learning_rate_schedules study: the learning-rate range test (Smith 2017).

A range test is a short run during which the learning rate rises until the loss diverges.

In: label → records of range tests, one for each seed (`tests`), and label → records at the tuned
learning rate (`tuned`). Out: the learning rates that the tests suggest, in a table and a figure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.figures import palette, plots
from reporting.findings import Table
from reporting.study.tables import OVER_SEEDS, summary_of
from reporting.verdicts.measures import GUESSING, over_seeds
from training import RunRecord
from training.optimizers import learning_rates

TUNED, STEEPEST = "tuned rate", "steepest descent"
DIVERGES, TENTH = "diverges", "a tenth of that"


def rates(record: RunRecord) -> NDArray[np.float64]:
    """Return the learning rate at each iteration of a run, float64, shape (iterations,)."""
    config = record.config
    return learning_rates(config.schedule, config.learning_rate, config.updates)


def diverging_iteration(record: RunRecord) -> int:
    """Return the first iteration after the lowest loss at which the loss is that of guessing.

    Returns:
        The iteration, counted from 0. The last one if the loss stays below ln 10, that of guessing.
    """
    losses = record.iteration_loss
    guessing = ~(losses < GUESSING)
    guessing[: np.nanargmin(losses)] = False
    return int(np.argmax(guessing)) if guessing.any() else len(losses) - 1


def diverging_rate(record: RunRecord) -> float:
    """Return the learning rate at `diverging_iteration`."""
    return rates(record)[diverging_iteration(record)]


def suggested_rate(record: RunRecord) -> float:
    """Return a tenth of the learning rate at which the test diverges."""
    return diverging_rate(record) / 10


def steepest_rate(record: RunRecord) -> float:
    """Return the learning rate at which the loss falls fastest with the logarithm of the rate.

    The slope is that of a least-squares line through about a tenth of the iterations.
    """
    reach = len(record.iteration_loss) // 20
    before = record.iteration_loss[: diverging_iteration(record)].astype(float)
    slopes = np.correlate(before, np.arange(-reach, reach + 1), "valid")
    return rates(record)[reach + np.argmin(slopes)]


def decades_off(tests: Sequence[RunRecord], tuned: Sequence[RunRecord]) -> NDArray[np.float64]:
    """Return the decades between suggested and tuned learning rate of one method, for each seed."""
    suggested = over_seeds(tests, suggested_rate)
    return np.abs(np.log10(suggested / over_seeds(tuned, _learning_rate)))


def range_tests_table(
    tests: Mapping[str, Sequence[RunRecord]], tuned: Mapping[str, Sequence[RunRecord]]
) -> Table:
    """Tabulate what each method's range test suggests, beside the tuned learning rate."""
    measures = steepest_rate, diverging_rate, suggested_rate
    rows = []
    for label, records in tests.items():
        suggestions = [summary_of(records, measure) for measure in measures]
        rows.append([label, *suggestions, _learning_rate(tuned[label][0])])
    columns = ["method", "steepest descent", "diverges", "a tenth of that", "tuned rate"]
    return Table("Learning rates of the range test", columns, rows, OVER_SEEDS)


def draw_range_tests(
    tests: Mapping[str, Sequence[RunRecord]], tuned: Mapping[str, Sequence[RunRecord]]
) -> Any:
    """Draw each method's loss against the learning rate, and what it suggests.

    Returns:
        The figure: single runs in grey, and their mean, smoothed over a twentieth of the
        iterations, until the first of them diverges.
    """
    fig, axes = plots.figure(1, len(tests), width=12, height=5.4, sharey=True)
    for ax, (label, records) in zip(axes, tests.items(), strict=True):
        ax.set_xscale("log")
        x = rates(records[0])
        for record in records:
            ax.plot(x, record.iteration_loss, color="#BBBBBB", linewidth=0.5)
        first = min(diverging_iteration(record) for record in records)
        curves = [record.iteration_loss[:first] for record in records]
        plots.mean_and_band(ax, x[:first], curves, label, window=len(x) // 20)
        diverges = _mean_rate(records, diverging_rate)
        marks = {
            TUNED: _learning_rate(tuned[label][0]),
            STEEPEST: _mean_rate(records, steepest_rate),
            DIVERGES: diverges,
            TENTH: diverges / 10,
        }
        for name, rate in marks.items():
            color, linestyle, _ = palette.method_style(name)
            ax.axvline(rate, color=color, linestyle=linestyle, label=name)
        ax.set_ylim(0, 4)
        plots.label_axes(ax, "Learning rate", "Loss of the batch", title=label)
        ax.label_outer()
    plots.legend(fig)
    return fig


def _learning_rate(record: RunRecord) -> float:
    return record.config.learning_rate


def _mean_rate(records: Sequence[RunRecord], measure: Callable[[RunRecord], float]) -> float:
    return np.exp(np.log(over_seeds(records, measure)).mean())
