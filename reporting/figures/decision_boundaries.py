"""Two classes of points in the plane, and where a classifier changes from one to the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reporting.figures import palette, plots
from reporting.figures.palette import tint

LOG_ODDS = tuple(np.log(p / (1 - p)) for p in (0.1, 0.25, 0.5, 0.75, 0.9))
"""Scores at which a probability of class 1 passes 10, 25, 50, 75 and 90 %."""

COLORS, MARKERS = (palette.BLUE, palette.ORANGE), "o^"
"""Of the points of class 0 and class 1; their sides have pale tints of these colours."""

_POINTS = 100  # of the grid on which a score is computed, along each axis


def draw(
    ax: Any,
    score: Callable[[np.ndarray], ArrayLike],
    x: ArrayLike,
    y: ArrayLike,
    names: Sequence[str] = ("class 0", "class 1"),
    levels: Sequence[float] = LOG_ODDS,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a boundary as a line, its two sides in shades that darken away from it, and the points.

    Args:
        ax: The axes; both get the same limits.
        score: Function of points, shape (n, 2), that gives n numbers: positive where it decides
            for class 1, such as log-odds or a support vector machine's decision function.
        x: Points, shape (n, 2).
        y: Their labels, 0 or 1, shape (n,).
        names: Of the two classes in the legend.
        levels: Ascending scores at which the shade changes; 0, the boundary, among them.
        limits: Lowest and highest coordinate shown; by default a little more than the points.
    """
    low, high = limits or limits_of(x)
    side = np.linspace(low, high, _POINTS)
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    scores = np.reshape(score(grid.reshape(-1, 2)), grid.shape[:2])
    first, second = (np.count_nonzero(sign * np.array(levels) >= 0) for sign in (-1, 1))
    shades = [tint(COLORS[0], strength) for strength in np.linspace(0.5, 0.15, first)]
    shades += [tint(COLORS[1], strength) for strength in np.linspace(0.15, 0.5, second)]
    with plots.style():
        ax.contourf(side, side, scores, levels, colors=shades, extend="both")
        if scores.min() < 0 < scores.max():
            ax.contour(side, side, scores, [0], colors=palette.BLACK, linewidths=2)
        draw_points(ax, x, y, names)
    ax.grid(False)
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")


def draw_panels(
    scores: Mapping[str, Callable[[np.ndarray], ArrayLike]],
    x: ArrayLike,
    y: ArrayLike,
    names: Sequence[str],
    width: float,
    height: float,
    rows: int = 1,
    labels: tuple[str, str] = ("First coordinate", "Second coordinate"),
    **options: Any,
) -> Any:
    """Draw several boundaries among the same points, side by side under one legend.

    Args:
        scores: Title → score, as for `draw`.
        x: Points, shape (n, 2).
        y: Their labels, 0 or 1, shape (n,).
        names: Of the two classes in the legend.
        width: Of the figure in inches.
        height: Of the figure in inches.
        rows: Of panels.
        labels: Of the two axes.
        **options: `levels` and `limits`, as for `draw`.

    Returns:
        The figure.
    """
    shared = {"sharex": True, "sharey": True, "squeeze": False}
    fig, axes = plots.figure(rows, -(-len(scores) // rows), width, height, **shared)
    for ax, (title, score) in zip(axes.flat, scores.items(), strict=True):
        draw(ax, score, x, y, names, **options)
        plots.label_axes(ax, *labels, title)
        ax.label_outer()
    plots.legend(fig)
    return fig


def draw_points(
    ax: Any, x: ArrayLike, y: ArrayLike, names: Sequence[str] = ("class 0", "class 1")
) -> None:
    """Draw the points of each class in its colour and with its marker, named in the legend."""
    x, y = np.asarray(x), np.asarray(y)
    for label, (name, color, marker) in enumerate(zip(names, COLORS, MARKERS, strict=True)):
        ax.plot(
            *x[y == label].T, marker, color=color, label=name, ms=6, mec="white", mew=0.6, zorder=3
        )


def limits_of(x: ArrayLike) -> tuple[float, float]:
    """The lowest and the highest coordinate of the points, and a tenth of their distance beyond."""
    low, high = np.min(x), np.max(x)
    margin = (high - low) / 10
    return low - margin, high + margin
