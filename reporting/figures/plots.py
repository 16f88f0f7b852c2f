"""Figures in one style, readable when small.

Matplotlib is imported inside functions, so that importing this module costs nothing.
"""

import io
import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reporting.figures.palette import Style, method_style

BAND = "line: mean over seeds, band: smallest to largest"
"""For captions, so that a figure says what its bands are."""

_INK, _FAINT = "#1A1A1A", "#595959"
_HOUSE = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the same on every machine
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.labelsize": 12.5,
    "axes.labelpad": 5,
    "xtick.labelsize": 11.5,
    "ytick.labelsize": 11.5,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.columnspacing": 1.8,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": "#4D4D4D",
    "axes.linewidth": 0.9,
    "xtick.color": "#4D4D4D",
    "ytick.color": "#4D4D4D",
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "lines.markersize": 6.5,
    "lines.solid_capstyle": "round",
    "image.cmap": "cividis",
    "axes.unicode_minus": True,
    "svg.fonttype": "path",  # the same letters whatever fonts the reader has
    "svg.hashsalt": "descent-studies",  # or every drawing would name its parts anew
}
_MOST_POINTS = 700  # that a curve is drawn with as it is
_BINS = 350  # that a longer one is thinned to


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style: fonts, lines and grid of whatever is made inside the block."""
    import matplotlib

    with matplotlib.rc_context(_HOUSE):
        yield


def figure(
    rows: int = 1,
    columns: int = 1,
    width: float = 8,
    height: float | None = None,
    **options: Any,
) -> tuple[Any, Any]:
    """Make a figure with its axes, in the house style.

    Args:
        rows: Rows of axes. Defaults to 1.
        columns: Columns of axes. Defaults to 1.
        width: In inches. Text is made to be read at 8 inches, shown at half that size. Defaults
            to 8.
        height: In inches. Defaults to axes about 1.75 times as wide as high.
        **options: Passed to `Figure.subplots`, such as sharey=True.

    Returns:
        The figure, and one axes or an array of them, as `Figure.subplots` returns.
    """
    from matplotlib.figure import Figure

    if height is None:
        height = 0.9 + rows * max(2.6, width / columns / 1.75)
    with style():
        fig = Figure(figsize=(width, height), layout="constrained")
        fig.get_layout_engine().set(w_pad=0.09, h_pad=0.07, wspace=0.03, hspace=0.04)
        return fig, fig.subplots(rows, columns, **options)


def mean_and_band(
    ax: Any,
    x: ArrayLike,
    curves: ArrayLike,
    label: str,
    window: int = 1,
    style: Style | None = None,
    failed: int | None = None,
) -> None:
    """Draw the mean over seeds as a line, and a band from the smallest to the largest seed.

    Set the axes' scales first: a curve of many points is thinned evenly along its axis, to the
    smallest and largest value of each bin, so that no peak is lost. The line ends where the first
    run is no longer finite, marked by a cross, and the legend says how many failed.

    Args:
        ax: The axes.
        x: Shape (points,), increasing.
        curves: Shape (seeds, points); those of a run may not be finite from some point on.
        label: The method's name in the legend, which also gives its style.
        window: Points of the centred moving average drawn instead of the exact values; see
            `moving_average` for the ends. Defaults to 1, the exact values.
        style: Used instead of the label's own, such as one of `ordered_styles`. Defaults to None.
        failed: Number of runs that the legend says failed. Defaults to those that are not finite.

    Raises:
        ValueError: If shapes do not fit, or `window` is not positive.
    """
    drawn = style or method_style(label)
    x, curves = np.asarray(x, float), np.asarray(curves, float)
    if curves.ndim != 2 or x.shape != curves.shape[1:]:
        raise ValueError(
            f"{label}: curves must have shape (seeds, points) with as many points as x, not "
            f"{curves.shape} against {x.shape}"
        )
    if window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    finite = np.isfinite(curves).all(axis=0)
    alive = len(x) if finite.all() else int(np.argmin(finite))
    ended = int(np.count_nonzero(~np.isfinite(curves).all(axis=1)))
    failed = ended if failed is None else failed
    if failed:
        label = f"{label} (failed in {failed} of {len(curves)})"
    curves = moving_average(curves[:, :alive], window)
    alive = curves.shape[1]
    x = x[:alive]
    log = ax.get_xscale() == "log"
    look = {"color": drawn.color, "linestyle": drawn.linestyle, "zorder": 3}
    if alive <= 20:
        look["marker"] = drawn.marker
    mean = curves.mean(axis=0)
    ax.plot(*_thinned_line(x, mean, log), label=label, **look)
    if len(curves) > 1 and alive:
        edges = _thinned_band(x, curves.min(axis=0), curves.max(axis=0), log)
        ax.fill_between(*edges, color=drawn.color, alpha=0.18, linewidth=0, zorder=2)
    if ended and alive:
        cross = {"marker": "x", "color": drawn.color, "markersize": 10, "mew": 2.5, "zorder": 4}
        ax.plot(x[-1], mean[-1], **cross)


def moving_average(curves: ArrayLike, window: int) -> NDArray[np.float64]:
    """Average each curve over a window centred on each point.

    Near the start the window shrinks to stay centred, so that a steep start is kept. At the end
    the curve stops half a window early, as a shrinking window would end on one noisy value.

    Args:
        curves: Shape (..., points).
        window: Points to average. An even number counts as the next odd one; 1 changes nothing.

    Returns:
        Shape (..., points − window // 2).
    """
    curves = np.asarray(curves, float)
    if window == 1:
        return curves
    points = np.arange(max(curves.shape[-1] - window // 2, 0))
    reach = np.minimum(window // 2, points)
    # Without the mean, as small values would be lost to rounding in large sums.
    level = curves.mean(axis=-1, keepdims=True) if curves.size else 0
    sums = np.cumsum(curves - level, axis=-1)
    sums = np.concatenate([np.zeros_like(sums[..., :1]), sums], axis=-1)
    return level + (sums[..., points + reach + 1] - sums[..., points - reach]) / (2 * reach + 1)


def label_axes(
    ax: Any, x: str | tuple[str, str], y: str | tuple[str, str], title: str = ""
) -> None:
    """Label both axes, and give the axes a title.

    Call it after drawing: a logarithmic axis of less than two decades gets plain numbers.

    Args:
        ax: The axes.
        x: Label of the x-axis, or (label, unit).
        y: Label of the y-axis, or (label, unit).
        title: Of the axes. Defaults to "", which leaves the title as it is.
    """
    with style():
        for axis, text in ((ax.xaxis, x), (ax.yaxis, y)):
            axis.set_label_text(text if isinstance(text, str) else f"{text[0]} ({text[1]})")
            _plain_numbers(axis)
        if title:
            ax.set_title(title)


def strip(ax: Any) -> None:
    """Remove grid, ticks and spines from axes, which then hold a picture alone."""
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def legend(fig: Any, title: str | None = None) -> None:
    """Put one legend for all axes above them, row by row, in as many columns as fit.

    Args:
        fig: The figure.
        title: Of the legend. Defaults to None, without one.
    """
    entries: dict[str, Any] = {}
    for ax in fig.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    columns = _legend_columns([len(label) for label in entries], fig.get_figwidth())
    by_column = [label for start in range(columns) for label in list(entries)[start::columns]]
    with style():
        fig.legend(
            [entries[label] for label in by_column],
            by_column,
            loc="outside upper left",
            ncols=columns,
            title=title,
            alignment="left",
        )


def has_bands(fig: Any) -> bool:
    """Whether `mean_and_band` has drawn a band somewhere in the figure."""
    from matplotlib.collections import PolyCollection

    return any(isinstance(part, PolyCollection) for ax in fig.axes for part in ax.collections)


def data_note(fig: Any, text: str) -> None:
    """Write a small line below the axes: which data, how many seeds, what line and band are."""
    wrapped = textwrap.fill(text, int(fig.get_figwidth() * 14.5))
    with style():
        fig.supxlabel(wrapped, x=0.012, ha="left", fontsize=9.5, color=_FAINT, linespacing=1.3)


def save(fig: Any, folder: str | os.PathLike, name: str) -> None:
    """Write NAME.svg and NAME.png; the same figure gives the same bytes.

    Args:
        fig: The figure.
        folder: To write into; it is made if it does not exist.
        name: Of the files, without suffix.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    svg = io.StringIO()
    with style():
        fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        fig.savefig(folder / f"{name}.png", metadata={"Software": None})
    # Matplotlib writes paths to a millionth of a point; a hundredth halves the file.
    text = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d[0]), svg.getvalue())
    # It names clips by a hash of positions, and the layout's solver is not exact to the last bit.
    for place, clip in enumerate(dict.fromkeys(re.findall(r'<clipPath id="(\w+)"', text))):
        text = text.replace(clip, f"clip{place}")
    (folder / f"{name}.svg").write_text(text, encoding="utf-8")


def _legend_columns(lengths: Sequence[int], width: float) -> int:
    """Return the most columns whose widest labels fit `width` inches together."""
    for columns in range(len(lengths), 1, -1):
        widest = [max(lengths[start::columns]) for start in range(columns)]
        if sum(0.92 + 0.087 * length for length in widest) <= width:
            return columns
    return 1


def _plain_numbers(axis):
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    low, high = axis.get_view_interval()
    if axis.get_scale() != "log":
        return
    axis.set_minor_formatter(NullFormatter())  # between powers of ten they would run together
    if low >= 1e-4 and high <= 1e7 and high / low < 100:
        axis.set_minor_locator(LogLocator(subs=(2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
        axis.set_minor_formatter(StrMethodFormatter("{x:,.10g}"))


def _thinned_line(x, y, log):
    """Thin a long curve to the smallest and largest value of each bin; returns x and y."""
    if len(x) <= _MOST_POINTS:
        return x, y
    starts = _bin_starts(x, log)
    parts = zip(starts, np.split(y, starts[1:]), strict=True)
    extremes = [start + index for start, part in parts for index in (part.argmin(), part.argmax())]
    kept = np.unique([*starts, *extremes, len(x) - 1])
    return x[kept], y[kept]


def _thinned_band(x, low, high, log):
    """Thin a long band to the extremes of each bin; returns x and both edges."""
    if len(x) <= _MOST_POINTS:
        return x, low, high
    starts = _bin_starts(x, log)
    return x[starts], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


def _bin_starts(x, log):
    """Indices of the first points of bins that are even along the axis of x."""
    positive = x[x > 0]
    edges = np.geomspace(positive[0], x[-1], _BINS) if log else np.linspace(x[0], x[-1], _BINS)
    bins = np.searchsorted(edges, x, side="right")
    return np.flatnonzero(np.diff(bins, prepend=-1))
