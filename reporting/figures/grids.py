"""Pictures as grids of cells: with numbers in them, coloured, or framed by windows.

Row r and column c of a picture lie at y = r and x = c.
"""

import numpy as np

from reporting.figures import palette, plots

PAPER, ZERO = "#FFFFFF", "#E2E2E2"
"""Colours of a cell, and of one that holds a zero of the padding."""


def tint(color, strength=0.35):
    """A colour mixed with white, pale enough to write on."""
    from matplotlib.colors import to_hex, to_rgb

    return to_hex(1 - strength * (1 - np.array(to_rgb(color))))


def draw_cells(ax, texts, colors=PAPER, first=None):
    """Draw a grid of cells with a text in each.

    Args:
        ax: axes.
        texts: numbers or texts, shape (rows, columns).
        colors: of all cells, or of each, shape (rows, columns).
        first: index of the first row and column, to write indices beside the cells; None leaves
            them away.
    """
    from matplotlib.colors import to_rgb

    texts = np.asarray(texts)
    rows, columns = texts.shape
    colors = np.broadcast_to(colors, texts.shape)
    ax.imshow([[to_rgb(color) for color in row] for row in colors])
    with plots.style():
        for (row, column), text in np.ndenumerate(texts):
            ax.text(column, row, _plain(text), ha="center", va="center", size=13)
    lines = {"colors": "#B0B0B0", "linewidth": 0.8, "clip_on": False}
    ax.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **lines)
    ax.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **lines)
    _bare(ax)
    if first is not None:
        for axis, length in ((ax.yaxis, rows), (ax.xaxis, columns)):
            axis.set_ticks(range(length), [_plain(first + i) for i in range(length)])
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)


def draw_heat_map(ax, values, columns, rows, diverged=0):
    """Draw a grid of cells with a value in each, the darker the larger it is.

    Args:
        ax: axes, which the grid fills.
        values: shape (rows, columns); written to three digits.
        columns: names of the columns.
        rows: names of the rows.
        diverged: share of diverged runs in all cells or in each, shape (rows, columns); a cell
            with any is hatched and says so, and its value counts for nothing.
    """
    from matplotlib.patches import Rectangle

    values = np.asarray(values, float)
    shares = np.broadcast_to(diverged, values.shape)
    values = np.where(shares > 0, np.nan, values)
    low, high = np.nanmin(values), np.nanmax(values)
    strengths = np.nan_to_num(0.7 * (values - low) / ((high - low) or 1))
    words = [["diverged" if s == 1 else f"{s:.0%}\ndiverged" for s in row] for row in shares]
    texts = np.where(shares > 0, words, [[f"{v:#.3g}".rstrip(".") for v in row] for row in values])
    draw_cells(ax, texts, [[tint(palette.BLUE, strength) for strength in row] for row in strengths])
    ax.set_aspect("auto")
    for row, column in np.argwhere(shares > 0):
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="///",
                               edgecolor="#CFCFCF", linewidth=0))  # fmt: skip
    for text in ax.texts:
        text.set(zorder=4, size=11.5)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)


def draw_heat_maps(maps, columns, rows):
    """Draw heat maps of the same columns and rows below each other.

    Args:
        maps: title → values and shares of diverged runs, as in `draw_heat_map`.
        columns: what they are, and their names.
        rows: the same.

    Returns:
        The figure.
    """
    height = 0.9 + len(maps) * (0.55 + 0.45 * len(rows[1]))
    fig, axes = plots.figure(len(maps), 1, width=11, height=height, sharex=True)
    for ax, (title, (values, diverged)) in zip(axes, maps.items(), strict=True):
        draw_heat_map(ax, values, columns[1], rows[1], diverged)
        plots.label_axes(ax, columns[0], rows[0], title=title)
        ax.label_outer()
    return fig


def draw_accuracies(ax, percentages, columns, rows):
    """Draw a grid of accuracies on two classes, the darker the further above guessing.

    Args:
        ax: axes.
        percentages: shape (rows, columns); written as whole numbers.
        columns: names of the columns.
        rows: names of the rows.
    """
    shades = [[tint(palette.BLUE, max(p - 50, 0) / 100) for p in row] for row in percentages]
    draw_cells(ax, [[f"{p:.0f}" for p in row] for row in percentages], shades)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)


def draw_picture(ax, values, limits=None):
    """Draw a picture by colour, bright for large values.

    Args:
        ax: axes.
        values: shape (rows, columns).
        limits: smallest and largest value of the colours; by default those of the picture.
    """
    low, high = limits or (None, None)
    with plots.style():
        ax.imshow(values, vmin=low, vmax=high, interpolation="nearest")
    _bare(ax)


def mosaic(pictures, columns):
    """Tile pictures into one, each scaled to its own range, to be drawn by `draw_picture`.

    Args:
        pictures: shape (n, rows, columns); one without contrast becomes 0 throughout.
        columns: pictures side by side.

    Returns:
        float64; a margin around each picture is not a number, and so left blank.
    """
    pictures = np.asarray(pictures, float)
    low = pictures.min(axis=(1, 2), keepdims=True)
    contrast = pictures.max(axis=(1, 2), keepdims=True) - low
    scaled = (pictures - low) / np.where(contrast > 0, contrast, 1)
    margin = max(1, pictures.shape[1] // 12)
    framed = np.pad(
        scaled, ((0, -len(scaled) % columns), *2 * ((0, margin),)), constant_values=np.nan
    )
    framed[len(scaled) :] = np.nan
    rows, height, width = len(framed) // columns, *framed.shape[1:]
    grid = framed.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    return grid.reshape(rows * height, columns * width)[:-margin, :-margin]


def draw_images(images, titles, columns, width):
    """Draw images in rows, each under its title.

    Args:
        images: shape (n, rows, columns) or (n, rows, columns, channels).
        titles: one for each.
        columns: images in a row.
        width: of the figure in inches.

    Returns:
        The figure.
    """
    rows = -(-len(images) // columns)
    lines = max(title.count("\n") + 1 for title in titles)
    height = rows * (width / columns + 0.24 * lines) + 0.5
    fig, axes = plots.figure(rows, columns, width, height, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        draw_picture(ax, image)
        with plots.style():
            ax.set_title(title, size=12)
    return fig


def draw_rows(rows, titles, width):
    """Draw rows of images, each row in one range of brightness, its label to the left.

    Args:
        rows: label → images, shape (n, rows, columns) or (n, rows, columns, channels); what lies
            beyond the first and last percent of a row's values is cut off.
        titles: of the columns; as many images of each row are drawn.
        width: of the figure in inches.

    Returns:
        The figure.
    """
    height = 0.9 + len(rows) * (width - 0.6) / len(titles)
    fig, axes = plots.figure(len(rows), len(titles), width, height, squeeze=False)
    for of_row, (label, images) in zip(axes, rows.items(), strict=True):
        low, high = np.percentile(images, (1, 99))
        for ax, image in zip(of_row, images, strict=False):
            draw_picture(ax, np.clip((image - low) / (high - low), 0, 1), limits=(0, 1))
        plots.label_axes(of_row[0], "", label)
    for ax, title in zip(axes[0], titles, strict=True):
        plots.label_axes(ax, "", ax.get_ylabel(), title=title)
    return fig


def draw_shares(ax, percentages, names):
    """Draw a confusion matrix: each cell coloured by its percentage and labelled with it.

    Args:
        ax: axes.
        percentages: shape (classes, classes); those that round to 0 are left blank.
        names: of the classes.
    """
    from matplotlib.colors import PowerNorm

    classes = range(len(names))
    with plots.style():
        # The diagonal would leave all mistakes one shade.
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


def draw_pictures(pictures, width, height, same="cells"):
    """Draw pictures side by side.

    Args:
        pictures: title → values, shape (rows, columns).
        width: of the figure in inches.
        height: of the figure in inches.
        same: what is as large in all of them, their "cells" or their "height".

    Returns:
        The figure, and the axes of each picture.
    """
    shapes = [np.shape(values) for values in pictures.values()]
    ratios = [columns / (rows if same == "height" else 1) for rows, columns in shapes]
    fig, axes = plots.figure(1, len(pictures), width, height, width_ratios=ratios)
    for ax, (title, values) in zip(axes, pictures.items(), strict=True):
        draw_picture(ax, values)
        with plots.style():
            ax.set_title(title)
    return fig, axes


def frame(ax, top, left, rows, columns=None, color=palette.VERMILLION):
    """Draw a frame around a window of cells.

    Args:
        ax: axes.
        top: its first row.
        left: its first column.
        rows: number of its rows.
        columns: number of its columns; by default as many.
        color: of the frame.
    """
    from matplotlib.patches import Rectangle

    corner, style = (left - 0.5, top - 0.5), {"fill": False, "clip_on": False, "zorder": 4}
    ax.add_patch(Rectangle(corner, columns or rows, rows, edgecolor=color, linewidth=3, **style))


def draw_convolution(picture, kernel, output, row, column):
    """Draw a convolution with zero padding at stride 1, and how one output comes about.

    Args:
        picture: whole numbers, shape (n, n).
        kernel: whole numbers, shape (k, k) with k odd.
        output: of the convolution, shape (n, n).
        row: of the output that is worked out.
        column: of the same.

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
    products = [
        " + ".join(f"{x}·{_plain(w)}" if w >= 0 else f"{x}·({_plain(w)})" for x, w in pairs)
        for pairs in np.stack([padded[window], kernel], axis=-1)
    ]
    total = _plain(np.sum(padded[window] * kernel))
    with plots.style():
        for ax, title in zip(
            axes[::2], ("Picture with zeros around it", "Filter", "Output"), strict=True
        ):
            ax.set_title(title)
        axes[2].set_xlabel("\n+ ".join(products) + f"\n= {total}", labelpad=12)
        for ax, symbol in zip(axes[1::2], "∗=", strict=True):
            ax.axis("off")
            ax.text(0.5, 0.5, symbol, transform=ax.transAxes, ha="center", va="center", size=30)
    return fig


def draw_reads(ax, picture, first, last, is_pixel):
    """Draw what a padded convolution reads: pixels, zeros, and "?" for pixels that do not exist.

    Args:
        ax: axes; they show one row and column before the picture and two behind it.
        picture: shape (n, n).
        first: smallest index of the rows and columns that are read.
        last: their largest index.
        is_pixel: function of (whether the row is in the picture, whether the column is) that
            says whether a pixel of the picture is read there, such as `numpy.logical_and`.
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


def _plain(value):
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")


def _bare(ax):
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
