"""Animations: figures of one size in, one picture file that shows them in turn out."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reporting.figures import plots

SUFFIX = ".webp"
"""Of the file. Lossless WebP is the smallest format that every browser shows."""

_SECONDS, _LAST_SECONDS = 0.25, 2.5  # for which a frame is shown, and the last one
_DPI = 100


def save(frames: Sequence[Any], folder: str | os.PathLike, name: str) -> None:
    """Write NAME.webp: the figures one after the other, in an endless loop.

    The same figures give the same bytes.

    Args:
        frames: Figures of one size, as `plots.figure` makes them.
        folder: To write into; it must exist.
        name: Of the file, without suffix.
    """
    first, *others = map(_picture, frames)
    seconds = [_SECONDS] * len(others) + [_LAST_SECONDS]
    first.save(
        Path(folder) / f"{name}{SUFFIX}",
        save_all=True,
        append_images=others,
        duration=[round(1000 * shown) for shown in seconds],
        loop=0,  # endless
        lossless=True,
        method=6,  # slowest to write, smallest file
    )


def _picture(frame):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    frame.set_dpi(_DPI)
    canvas = FigureCanvasAgg(frame)
    with plots.style():
        canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
