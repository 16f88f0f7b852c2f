"""Grids of coloured cells with a text in each: matrices, heat maps, confusion matrices.

Row r and column c of a grid lie at y = r and x = c.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reporting.figures import palette, plots
from reporting.figures.palette import tint

PAPER = "#FFFFFF"
"""Colour of a cell that nothing is said about."""


def draw_cells(
    ax: Any, texts: ArrayLike, colors: ArrayLike = PAPER, first: int | None = None
) -> None:
    """Draw a grid of cells with a text in each.

    Args:
        ax: The axes.
        texts: Numbers or texts, shape (rows, columns).
        colors: Of all cells, or of each, shape (rows, columns). Defaults to white.
        first: Index of the first row and column, to write the indices beside the cells. Defaults
            to None, without indices.
    """
    from matplotlib.colors import to_rgb

    texts = np.asarray(texts)
    rows, columns = texts.shape
    colors = np.broadcast_to(colors, texts.shape)
    ax.imshow([[to_rgb(color) for color in row] for row in colors])
    with plots.style():
        for (row, column), text in np.ndenumerate(texts):
            ax.text(column, row, written(text), ha="center", va="center", size=13)
    lines = {"colors": "#B0B0B0", "linewidth": 0.8, "clip_on": False}
    ax.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **lines)
    ax.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **lines)
    plots.strip(ax)
    if first is not None:
        for axis, length in ((ax.yaxis, rows), (ax.xaxis, columns)):
            axis.set_ticks(range(length), [written(first + index) for index in range(length)])
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)


def draw_heat_map(
    ax: Any,
    values: ArrayLike,
    columns: Sequence[str],
    rows: Sequence[str],
    failed: ArrayLike = 0,
) -> None:
    """Draw a grid of cells with a value in each: the larger, the darker.

    Args:
        ax: The axes, which the grid fills.
        values: Shape (rows, columns), written to three digits.
        columns: Names of the columns.
        rows: Names of the rows.
        failed: Share of failed runs in all cells or in each, shape (rows, columns). A cell with
            a failed run is hatched, shows the share, and its value is left out. Defaults to 0.
    """
    from matplotlib.patches import Rectangle

    values = np.asarray(values, float)
    shares = np.broadcast_to(failed, values.shape)
    values = np.where(shares > 0, np.nan, values)
    low, high = np.nanmin(values), np.nanmax(values)
    strengths = np.nan_to_num(0.7 * (values - low) / ((high - low) or 1))
    numbers = [[f"{value:#.3g}".rstrip(".") for value in row] for row in values]
    texts = np.where(shares > 0, [[_share_text(share) for share in row] for row in shares], numbers)
    draw_cells(ax, texts, [[tint(palette.BLUE, strength) for strength in row] for row in strengths])
    ax.set_aspect("auto")
    hatching = {"fill": False, "hatch": "///", "edgecolor": "#CFCFCF", "linewidth": 0}
    for row, column in np.argwhere(shares > 0):
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **hatching))
    for text in ax.texts:
        text.set(zorder=4, size=11.5)
    _name_cells(ax, columns, rows)


def draw_heat_maps(
    maps: Mapping[str, tuple[ArrayLike, ArrayLike]],
    columns: tuple[str, Sequence[str]],
    rows: tuple[str, Sequence[str]],
) -> Any:
    """Draw heat maps of the same columns and rows below each other.

    Args:
        maps: Title → values and shares of failed runs, as for `draw_heat_map`.
        columns: Label of the x-axis, and names of the columns.
        rows: Label of the y-axis, and names of the rows.

    Returns:
        The figure.
    """
    height = 0.9 + len(maps) * (0.55 + 0.45 * len(rows[1]))
    fig, axes = plots.figure(len(maps), 1, width=11, height=height, sharex=True)
    for ax, (title, (values, failed)) in zip(axes, maps.items(), strict=True):
        draw_heat_map(ax, values, columns[1], rows[1], failed)
        plots.label_axes(ax, columns[0], rows[0], title=title)
        ax.label_outer()
    return fig


def draw_binary_accuracies(
    ax: Any, percentages: ArrayLike, columns: Sequence[Any], rows: Sequence[Any]
) -> None:
    """Draw a grid of accuracies on two classes: the further above guessing, the darker.

    Args:
        ax: The axes.
        percentages: Shape (rows, columns), written as whole numbers.
        columns: Names of the columns.
        rows: Names of the rows.
    """
    percentages = np.asarray(percentages)
    shades = [[tint(palette.BLUE, max(p - 50, 0) / 100) for p in row] for row in percentages]
    draw_cells(ax, [[f"{p:.0f}" for p in row] for row in percentages], shades)
    _name_cells(ax, columns, rows)


def draw_confusion_matrix(ax: Any, percentages: ArrayLike, names: Sequence[str]) -> None:
    """Draw a confusion matrix: each cell coloured by its percentage and labelled with it.

    Args:
        ax: The axes.
        percentages: Shape (classes, classes); those that round to 0 are left blank.
        names: Of the classes.
    """
    from matplotlib.colors import PowerNorm

    classes = range(len(names))
    with plots.style():
        # On a linear scale, the diagonal would leave all mistakes the same shade.
        ax.imshow(percentages, cmap="Blues", norm=PowerNorm(0.4, 0, 100))
        for (row, column), share in np.ndenumerate(percentages):
            if round(share) > 0:
                color = "white" if share > 30 else "black"
                ax.text(column, row, f"{share:.0f}", ha="center", va="center", color=color, size=11)
        ax.set_xticks(classes, names, rotation=40, ha="right")
        ax.set_yticks(classes, names)
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def frame(
    ax: Any,
    top: float,
    left: float,
    rows: int,
    columns: int | None = None,
    color: str = palette.VERMILLION,
) -> None:
    """Draw a frame around a window of cells.

    Args:
        ax: The axes.
        top: First row of the window.
        left: First column of the window.
        rows: Number of its rows.
        columns: Number of its columns. Defaults to the number of rows.
        color: Of the frame.
    """
    from matplotlib.patches import Rectangle

    corner, style = (left - 0.5, top - 0.5), {"fill": False, "clip_on": False, "zorder": 4}
    ax.add_patch(Rectangle(corner, columns or rows, rows, edgecolor=color, linewidth=3, **style))


def written(value: Any) -> str:
    """Return a number as text, with a proper minus sign; text stays as it is."""
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")


def _share_text(share):
    return "failed" if share == 1 else f"{share:.0%}\nfailed"


def _name_cells(ax, columns, rows):
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
