"""Functions of two numbers, and the paths that optimizers take down them.

`all_descents` computes, for some seconds; what it returns goes into a table and a figure.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reporting.figures import palette, plots
from reporting.findings import Table
from reporting.verdicts.statistics import summary
from training import OPTIMIZERS

RATES = np.geomspace(1e-4, 10, 41)
"""Learning rates that each optimizer is tried at: eight in a decade."""

UPDATES, STARTS = 1000, 25
"""Number of updates of a descent, and of starts beside the one that is drawn."""

COARSE, FINE = "0.01", "0.0001"
"""Shares of the loss at the start that an optimizer is to reach."""


class Landscape(NamedTuple):
    """A function to descend, which is 0 at its minimum.

    Args:
        function: Of x and y, which are numbers, arrays or tensors.
        start: Point from which paths are drawn.
        minimum: Point of the minimum.
        window: Part of the plane that is drawn, (smallest x, largest x, smallest y, largest y).
    """

    function: Callable[[Any, Any], Any]
    start: tuple[float, float]
    minimum: tuple[float, float]
    window: tuple[float, float, float, float]


def bowl(elongation: float, turn: float = 0.0) -> Callable[[Any, Any], Any]:
    """Return the function (u² + κv²)/2 of x and y, where u and v are x and y turned by an angle.

    Args:
        elongation: κ, the ratio of the largest to the smallest curvature.
        turn: The angle, in radians. Defaults to 0.
    """
    cos, sin = float(np.cos(turn)), float(np.sin(turn))

    def function(x, y):
        return ((cos * x + sin * y) ** 2 + elongation * (cos * y - sin * x) ** 2) / 2

    return function


def rosenbrock(x: Any, y: Any) -> Any:
    """A bent valley: (1 − x)² + 100(y − x²)², lowest at (1, 1) (Rosenbrock 1960)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def beale(x: Any, y: Any) -> Any:
    """Plateaus and ridges: Σ (c_k − x + xy^k)² with c = 1.5, 2.25, 2.625, lowest at (3, 0.5)."""
    return sum((c - x + x * y**k) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


ROUND, LONG, TURNED = "round bowl", "elongated bowl", "elongated bowl, turned by 45°"
LANDSCAPES = {
    ROUND: Landscape(bowl(1), (-2, 1), (0, 0), (-2.5, 1.2, -1.4, 1.4)),
    LONG: Landscape(bowl(100), (-2, 1), (0, 0), (-2.5, 1.2, -1.4, 1.4)),
    TURNED: Landscape(bowl(100, np.pi / 4), (-2, -0.7), (0, 0), (-2.5, 1.2, -2.3, 0.6)),
    "Rosenbrock": Landscape(rosenbrock, (-1.2, 1), (1, 1), (-1.8, 1.8, -0.5, 2.6)),
    "Beale": Landscape(beale, (1, 1.5), (3, 0.5), (-2.2, 4, -2, 2.2)),
}


def descents(landscape: Landscape) -> dict[str, dict[str, Any]]:
    """Let every optimizer of `OPTIMIZERS` descend, at each of `RATES`.

    The other starts lie around the landscape's own, at most 0.5 away in x and in y.

    Args:
        landscape: One of `LANDSCAPES`.

    Returns:
        Label of the optimizer → "rate", the best for the landscape's own start; "path", from there
        at that rate, float32, shape (UPDATES + 1, 2); and "updates", `COARSE` or `FINE` → updates
        from each other start at the best rate for it, shape (STARTS,), as `updates_needed` counts
        them.
    """
    from training.loop.optimizer_paths import paths

    around = np.random.default_rng([0]).uniform(-0.5, 0.5, (STARTS, 2))
    starts = landscape.start + np.vstack([np.zeros(2), around])
    found = {}
    for name, optimizer in OPTIMIZERS.items():
        taken = paths(name, landscape.function, starts, RATES, UPDATES)
        with np.errstate(over="ignore", invalid="ignore"):  # where a rate is too large
            losses = landscape.function(*np.moveaxis(taken, -1, 0))
        updates = {share: updates_needed(losses, float(share)) for share in (COARSE, FINE)}
        best = np.lexsort((losses[0, :, -1], updates[FINE][0]))[0]
        found[optimizer.label] = {
            "rate": RATES[best],
            "path": np.float32(taken[0, best]),
            "updates": {share: counts[1:].min(axis=1) for share, counts in updates.items()},
        }
    return found


def all_descents() -> dict[str, dict[str, dict[str, Any]]]:
    """Name of each of `LANDSCAPES` → what `descents` returns for it."""
    return {name: descents(landscape) for name, landscape in LANDSCAPES.items()}


def updates_needed(losses: NDArray, share: float) -> NDArray[np.int_]:
    """Return the number of updates after which a loss stays at or below a share of its start.

    Args:
        losses: Before the first and after each update, shape (..., updates + 1).
        share: Of the loss at the start.

    Returns:
        Shape (...). One more than the updates made if the loss does not end there.
    """
    above = ~(losses <= share * losses[..., :1])  # NaN counts as above
    return losses.shape[-1] - np.argmax(above[..., ::-1], axis=-1)


def updates_table(by_landscape: Mapping[str, Mapping[str, Any]]) -> Table:
    """Tabulate how many updates each optimizer needs on each landscape.

    Args:
        by_landscape: As `all_descents` returns them.
    """
    optimizers = next(iter(by_landscape.values()))
    rows = [
        [label, *(summary(found[label]["updates"][FINE]) for found in by_landscape.values())]
        for label in optimizers
    ]
    return Table(
        f"Updates until the loss stays below {FINE} of its start",
        ["optimizer", *by_landscape],
        rows,
        f"Each at its best of {len(RATES)} learning rates, from {STARTS} starts: mean and 95 % "
        f"interval. {UPDATES + 1:,} stands for a descent that is not there after {UPDATES:,}.",
    )


def draw_descents(by_landscape: Mapping[str, Mapping[str, Any]]) -> Any:
    """Draw the optimizers' paths on each landscape but the round bowl, where little can be seen.

    Args:
        by_landscape: As `all_descents` returns them.

    Returns:
        The figure.
    """
    names = [name for name in by_landscape if name != ROUND]
    fig, axes = plots.figure(-(-len(names) // 2), 2, width=11, height=9)
    for ax, name in zip(axes.flat, names, strict=True):
        draw_paths(ax, LANDSCAPES[name], by_landscape[name])
        plots.label_axes(ax, "x", "y", title=name.capitalize())
    plots.legend(fig)
    return fig


def draw_paths(ax: Any, landscape: Landscape, by_optimizer: Mapping[str, Any]) -> None:
    """Draw the optimizers' paths over the landscape's filled contours, at logarithmic levels.

    Args:
        ax: The axes.
        landscape: One of `LANDSCAPES`.
        by_optimizer: Label → what `descents` returns for it.
    """
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    left, right, bottom, top = landscape.window
    x, y = np.meshgrid(np.linspace(left, right, 300), np.linspace(bottom, top, 300))
    heights = landscape.function(x, y)
    levels = np.geomspace(heights.max() / 1e5, heights.max(), 11)
    shades = LinearSegmentedColormap.from_list("paper", ["#FFFFFF", "#BDBDBD"])
    ax.contourf(x, y, heights, levels, cmap=shades, norm=LogNorm(levels[0], levels[-1]))
    for label, descent in by_optimizer.items():
        style = palette.method_style(label)
        ax.plot(
            *descent["path"].T, color=style.color, linestyle=style.linestyle, lw=1.6, label=label
        )
    ax.plot(*landscape.start, "o", ms=9, mfc="white", mec="black", mew=1.6, zorder=4)
    ax.plot(*landscape.minimum, "*", ms=15, mfc="white", mec="black", mew=1.2, zorder=4)
    ax.grid(False)
    ax.set(xlim=(left, right), ylim=(bottom, top))
