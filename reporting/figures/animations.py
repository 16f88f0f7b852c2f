"""Animations: figures one after the other, in one picture file that moves."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reporting.figures import plots

SUFFIX = ".webp"
"""Of the file; lossless WebP is the smallest of the formats that every browser shows."""

_SECONDS, _LAST_SECONDS = 0.25, 2.5  # that a frame is shown, and the last one before it starts anew
_DPI = 100


def save(frames: Sequence, folder: str | os.PathLike, name: str) -> None:
    """Write NAME.webp into the folder: the figures one after the other, for ever anew.

    The same figures give the same bytes.

    Args:
        frames: figures of one size, of `plots.figure`.
        folder: exists.
        name: of the file, without suffix.
    """
    first, *others = map(_picture, frames)
    seconds = [_SECONDS] * len(others) + [_LAST_SECONDS]
    first.save(
        Path(folder) / f"{name}{SUFFIX}",
        save_all=True,
        append_images=others,
        duration=[round(1000 * shown) for shown in seconds],
        loop=0,  # without end
        lossless=True,
        method=6,  # the slowest to write, and the smallest
    )


def _picture(frame):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    frame.set_dpi(_DPI)
    canvas = FigureCanvasAgg(frame)
    with plots.style():
        canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
