"""Images, and other arrays that are looked at: side by side, in rows, or tiled into one."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reporting.figures import plots


def draw_image(ax: Any, values: ArrayLike, limits: tuple[float, float] | None = None) -> None:
    """Draw an array by colour, bright for large values.

    Args:
        ax: The axes.
        values: Shape (rows, columns) or (rows, columns, channels).
        limits: Smallest and largest value of the colours. Defaults to those of the array.
    """
    low, high = limits or (None, None)
    with plots.style():
        ax.imshow(values, vmin=low, vmax=high, interpolation="nearest")
    plots.strip(ax)


def mosaic(images: ArrayLike, columns: int) -> NDArray[np.float64]:
    """Tile images into one, each scaled to its own range, to be drawn by `draw_image`.

    Args:
        images: Shape (n, rows, columns). One without contrast becomes 0 throughout.
        columns: Images side by side.

    Returns:
        Two-dimensional. The margins around the images are NaN, and so left blank.
    """
    images = np.asarray(images, float)
    low = images.min(axis=(1, 2), keepdims=True)
    contrast = images.max(axis=(1, 2), keepdims=True) - low
    scaled = (images - low) / np.where(contrast > 0, contrast, 1)
    margin = max(1, images.shape[1] // 12)
    missing = -len(scaled) % columns
    padding = ((0, missing), (0, margin), (0, margin))
    framed = np.pad(scaled, padding, constant_values=np.nan)
    framed[len(scaled) :] = np.nan
    rows, height, width = len(framed) // columns, *framed.shape[1:]
    tiles = framed.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * height, columns * width)[:-margin, :-margin]


def draw_images(
    images: Sequence[ArrayLike], titles: Sequence[str], columns: int, width: float
) -> Any:
    """Draw images in rows, each under its title.

    Args:
        images: Shape (n, rows, columns) or (n, rows, columns, channels).
        titles: One for each image.
        columns: Images in a row.
        width: Of the figure, in inches.

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
        draw_image(ax, image)
        with plots.style():
            ax.set_title(title, size=12)
    return fig


def draw_labelled_rows(rows: Mapping[str, NDArray], titles: Sequence[str], width: float) -> Any:
    """Draw rows of images, each row in one range of brightness, its label to the left.

    Args:
        rows: Label → images, shape (n, rows, columns) or (n, rows, columns, channels). Values
            beyond the first and last percent of a row's are cut off.
        titles: Of the columns; as many images of each row are drawn.
        width: Of the figure, in inches.

    Returns:
        The figure.
    """
    height = 0.9 + len(rows) * (width - 0.6) / len(titles)
    fig, axes = plots.figure(len(rows), len(titles), width, height, squeeze=False)
    for row, (label, images) in zip(axes, rows.items(), strict=True):
        low, high = np.percentile(images, (1, 99))
        for ax, image in zip(row, images, strict=False):
            draw_image(ax, np.clip((image - low) / (high - low), 0, 1), limits=(0, 1))
        plots.label_axes(row[0], "", label)
    for ax, title in zip(axes[0], titles, strict=True):
        plots.label_axes(ax, "", ax.get_ylabel(), title=title)
    return fig


def draw_side_by_side(
    images: Mapping[str, ArrayLike],
    width: float,
    height: float,
    same: Literal["cells", "height"] = "cells",
) -> tuple[Any, NDArray]:
    """Draw images side by side, each under its title.

    Args:
        images: Title → values, shape (rows, columns).
        width: Of the figure, in inches.
        height: Of the figure, in inches.
        same: What has the same size in all of them: "cells" or "height". Defaults to "cells".

    Returns:
        The figure, and the axes of each image.
    """
    shapes = [np.shape(values) for values in images.values()]
    ratios = [columns / (rows if same == "height" else 1) for rows, columns in shapes]
    fig, axes = plots.figure(1, len(images), width, height, width_ratios=ratios)
    for ax, (title, values) in zip(axes, images.items(), strict=True):
        draw_image(ax, values)
        with plots.style():
            ax.set_title(title)
    return fig, axes
