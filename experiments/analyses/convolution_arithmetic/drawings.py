"""Drawings of the convolution_arithmetic study: pictures of numbers in, a figure or axes out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reporting.figures import palette, plots
from reporting.figures.cells import PAPER, draw_cells, frame, written
from reporting.figures.palette import tint

ZERO = "#E2E2E2"
"""Colour of a cell that holds a zero of the padding."""


def draw_convolution(
    picture: NDArray, kernel: NDArray, output: ArrayLike, row: int, column: int
) -> Any:
    """Draw a convolution with zero padding at stride 1, and how one output comes about.

    Args:
        picture: Whole numbers, shape (n, n).
        kernel: Whole numbers, shape (k, k) with k odd.
        output: Of the convolution, shape (n, n).
        row: Row of the output that is worked out.
        column: Its column.

    Returns:
        The figure.
    """
    n, k = len(picture), len(kernel)
    padded = np.pad(picture, k // 2)
    colors = np.pad(np.full((n, n), PAPER), k // 2, constant_values=ZERO)
    window = np.s_[row : row + k, column : column + k]
    colors[window] = tint(palette.ORANGE)
    ratios = [len(padded), 0.8, k, 0.8, n]
    fig, axes = plots.figure(1, 5, width=11, height=5, width_ratios=ratios)
    draw_cells(axes[0], padded, colors)
    frame(axes[0], row, column, k)
    draw_cells(axes[2], kernel, tint(palette.SKY))
    draw_cells(axes[4], output)
    frame(axes[4], row, column, 1)
    titles = "Picture with zeros around it", "Filter", "Output"
    with plots.style():
        for ax, title in zip(axes[::2], titles, strict=True):
            ax.set_title(title)
        axes[2].set_xlabel(_worked_out(padded[window], kernel), labelpad=12)
        for ax, symbol in zip(axes[1::2], "∗=", strict=True):
            ax.axis("off")
            ax.text(0.5, 0.5, symbol, transform=ax.transAxes, ha="center", va="center", size=30)
    return fig


def _worked_out(window, kernel):
    """The sum of the products of a window and the kernel, written out row by row."""
    rows = [
        " + ".join(_product(pixel, weight) for pixel, weight in zip(pixels, weights, strict=True))
        for pixels, weights in zip(window, kernel, strict=True)
    ]
    return "\n+ ".join(rows) + f"\n= {written(np.sum(window * kernel))}"


def _product(pixel, weight):
    return f"{pixel}·{written(weight)}" if weight >= 0 else f"{pixel}·({written(weight)})"


def draw_reads(
    ax: Any,
    picture: NDArray,
    first: int,
    last: int,
    is_pixel: Callable[[NDArray, NDArray], NDArray],
) -> None:
    """Draw what a padded convolution reads: pixels, zeros, and "?" for pixels that do not exist.

    Args:
        ax: The axes; they show one row and column before the picture and two behind it.
        picture: Shape (n, n).
        first: Smallest index of the rows and columns that are read.
        last: Largest index.
        is_pixel: Function of (whether the row is in the picture, whether the column is) that
            returns whether a pixel of the picture is read there, such as `numpy.logical_and`.
    """
    n = len(picture)
    index = np.arange(-1, n + 2)
    inside, read = (index >= 0) & (index < n), (index >= first) & (index <= last)
    states = [
        ~np.logical_and.outer(read, read),
        np.logical_and.outer(inside, inside),
        is_pixel(inside[:, None], inside),
    ]
    texts = np.select(states, ["", np.pad(picture, (1, 2)).astype(str), "?"], "0")
    colors = np.select(states, [PAPER, tint(palette.SKY), tint(palette.VERMILLION)], ZERO)
    draw_cells(ax, texts, colors, first=-1)
