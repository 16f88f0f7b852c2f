"""Serves the weight_decay study: how large the weights of a network are.

In: records that keep "weight sizes". Out: shares and means of the sizes, and figures of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.figures import palette, plots
from reporting.figures.curves import draw_sweep
from reporting.verdicts.measures import (
    TEST_ACCURACY,
    TRAINING_ACCURACY,
    VALIDATION_ACCURACY,
    over_seeds,
)
from training import RunRecord
from training.single_run.artifacts import WEIGHT_SIZES

_MIDDLES = 10 ** ((WEIGHT_SIZES[:-1] + WEIGHT_SIZES[1:]) / 2)
SMALL, GONE = 1e-3, 1e-8
"""Sizes below which a weight has little effect, and none."""


def sizes(record: RunRecord) -> NDArray[np.float64]:
    """Return the share of the weights in each bin of `WEIGHT_SIZES`, shape (bins,)."""
    counts = record.kept["weight_sizes"]
    return counts / counts.sum()


def share_below(size: float) -> Callable[[RunRecord], float]:
    """Return the measure of the share of weights below a size, which is an edge of the bins."""
    below = np.log10(_MIDDLES) < np.log10(size)
    return lambda record: sizes(record)[below].sum()


def mean_size(record: RunRecord) -> float:
    """Return the mean size of a weight, to a few percent: each counts as its bin's middle."""
    return float(sizes(record) @ _MIDDLES)


def strength(record: RunRecord) -> float:
    """Return E's λ of a penalty r·λ·Σ|w| + (1 − r)·λ/2·Σw², with L1 at r = 1 and L2 at r = 0."""
    return (record.config.l1 or 0) + 2 * (record.config.l2 or 0)


def accuracy_gap(record: RunRecord) -> float:
    """Return training accuracy minus validation accuracy after the last update."""
    return record.final["accuracy"] - VALIDATION_ACCURACY(record)


ACCURACIES = {
    "training": TRAINING_ACCURACY,
    "validation": VALIDATION_ACCURACY,
    "test": TEST_ACCURACY,
}


def draw_accuracies(
    tried: Mapping[str, Mapping[float, Sequence[RunRecord]]], without: Sequence[RunRecord]
) -> Any:
    """Draw accuracies against the strength of each penalty, side by side.

    Args:
        tried: Penalty → {strength → records, one for each seed}.
        without: Records without a penalty, drawn as a horizontal line.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(tried), width=12, height=5, sharey=True)
    for ax, (penalty, by_strength) in zip(axes, tried.items(), strict=True):
        ax.set_xscale("log")
        for name, accuracy in ACCURACIES.items():
            draw_sweep(ax, by_strength, accuracy, name)
        level = over_seeds(without, VALIDATION_ACCURACY).mean()
        ax.axhline(level, color=palette.BLACK, lw=1.2, label="validation, no decay")
        plots.label_axes(ax, "Strength λ", "Accuracy", title=penalty[0].upper() + penalty[1:])
        ax.label_outer()
    plots.legend(fig)
    return fig


def draw_sparsity(
    tried: Mapping[str, Mapping[float, Sequence[RunRecord]]], without: Sequence[RunRecord]
) -> Any:
    """Draw over-fitting and small weights against the strength, and accuracy against small weights.

    Args:
        tried: As for `draw_accuracies`.
        without: As for `draw_accuracies`.

    Returns:
        The figure.
    """
    fig, (over_fitting, small, accuracy) = plots.figure(1, 3, width=13, height=5)
    share = share_below(SMALL)
    for ax, measure in ((over_fitting, accuracy_gap), (small, share)):
        ax.set_xscale("log")
        for penalty, by_strength in tried.items():
            draw_sweep(ax, by_strength, measure, penalty)
        level = over_seeds(without, measure).mean()
        ax.axhline(level, color=palette.BLACK, lw=1.2, label="no decay")
    for label, by_strength in {**tried, "no decay": {0: without}}.items():
        x, y = (
            [over_seeds(records, measure).mean() for records in by_strength.values()]
            for measure in (share, VALIDATION_ACCURACY)
        )
        color, linestyle, marker = palette.method_style(label)
        accuracy.plot(x, y, color=color, linestyle=linestyle, marker=marker)
    name = f"Share of weights under {SMALL:g}"
    plots.label_axes(over_fitting, "Strength λ", "Training minus validation accuracy")
    plots.label_axes(small, "Strength λ", name)
    plots.label_axes(accuracy, name, "Validation accuracy")
    plots.legend(fig)
    return fig


def draw_sizes(panels: Mapping[str, Mapping[str, Sequence[RunRecord]]]) -> Any:
    """Draw how many weights have which size.

    Args:
        panels: Title → {label → records, one for each seed}.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(panels), width=12, height=5, sharey=True)
    for ax, (title, networks) in zip(axes, panels.items(), strict=True):
        ax.set_xscale("log")
        for label, records in networks.items():
            plots.mean_and_band(ax, _MIDDLES, [100 * sizes(record) for record in records], label)
        ax.axvline(SMALL, color=palette.GREY, lw=1)
        ax.set_xlim(_MIDDLES[0], 3)
        share = "Weights in a tenth of a decade", "%"
        plots.label_axes(ax, "Size of the weight, |w|", share, title=title)
        ax.label_outer()
    plots.legend(fig)
    return fig
