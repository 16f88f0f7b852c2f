"""Serves the early_stopping study: where runs that do not stop would stop.

In: records of runs without patience. Out: a table and a figure of where each patience stops them,
by the curve that is watched.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reporting.figures import palette, plots
from reporting.findings import Table
from reporting.study.tables import OVER_SEEDS, summary_of
from reporting.verdicts.measures import rises_before_lowest, stopping_epoch
from training import RunRecord

CURVES = {
    "validation loss": lambda record: record.epochs["val_loss"],
    "validation error": lambda record: 1 - record.epochs["val_accuracy"],
}
"""What can be watched → function of a record that returns it after each epoch; lower is better."""


def stops_table(records: Sequence[RunRecord], patiences: Sequence[int]) -> Table:
    """Tabulate how noisy each of `CURVES` is, and where each patience would stop.

    Args:
        records: Of runs that do not stop, one for each seed.
        patiences: In epochs.
    """
    measures = {
        "lowest": np.min,
        "at epoch": lambda curve: np.argmin(curve) + 1,
        "rises before": rises_before_lowest,
    } | {
        f"stops at epoch, patience {p}": lambda curve, p=p: stopping_epoch(curve, p)
        for p in patiences
    }
    rows = []
    for name, curve in CURVES.items():
        curves = [curve(record) for record in records]
        rows.append([name, *(summary_of(curves, measure) for measure in measures.values())])
    note = f"Runs that do not stop, and where they would. {OVER_SEEDS}"
    return Table("Validation loss or validation error", ["watched", *measures], rows, note)


def draw_stops(record: RunRecord, patiences: Sequence[int]) -> Any:
    """Draw each of `CURVES` of one run, its lowest point, and where each patience would stop it.

    Args:
        record: Of a run that does not stop.
        patiences: In epochs.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(CURVES), width=12, height=5)
    for ax, (name, curve) in zip(axes, CURVES.items(), strict=True):
        values = curve(record)
        epochs, lowest = np.arange(1, len(values) + 1), np.argmin(values)
        ax.plot(epochs, values, color=palette.BLACK, lw=1.4, label="after each epoch")
        star = {"color": palette.VERMILLION, "ms": 15, "zorder": 4}
        ax.plot(epochs[lowest], values[lowest], "*", label="lowest point", **star)
        for k, style in enumerate(palette.ordered_styles(len(patiences))):
            stop = stopping_epoch(values, patiences[k])
            height = 1 - 0.1 * k  # lower each time, so that lines at one epoch are all seen
            ax.axvline(stop, 0, height, color=style.color, label=f"patience {patiences[k]}")
        plots.label_axes(ax, "Epochs", name.capitalize())
    plots.legend(fig)
    return fig
