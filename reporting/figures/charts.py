"""Curves to zoom into in the page: records in, the numbers that `templates/charts.js` draws out."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reporting.figures import palette
from reporting.findings import Chart, FindingsError
from training import RunRecord
from training.store.files import write_atomically

MOST_POINTS = 2000
"""A longer curve is thinned to at most this many of its iterations."""

THINNED = (
    f"Of a curve of more than {MOST_POINTS:,} iterations, it shows the first and the last, and the "
    "lowest and highest of each of many equal stretches between."
)
"""For the caption of a chart with such a curve."""


def settings_data(
    settings: Mapping[str, Mapping[str, Sequence[RunRecord]]],
    styles: Mapping[str, palette.Style] | None = None,
    most_points: int = MOST_POINTS,
) -> list[dict]:
    """Return what a chart draws of each method's loss at every iteration, as a JSON object.

    Args:
        settings: Title → {label → records, one for each seed}. The reader switches between the
            settings.
        styles: Label → style, used instead of the label's own. Defaults to None.
        most_points: A longer curve is thinned to at most this many of its iterations. Defaults to
            `MOST_POINTS`.

    Returns:
        For each setting its title and methods. A method has its label, color and dashes as in
        the figures, seeds, how many of them failed, and equally long lists: numbers of the
        iterations kept, sample gradients up to each, and the mean, smallest and largest loss
        over the seeds, to 5 significant digits, None where one of them is not finite.
    """
    styles = styles or {}

    def method(label, runs):
        return _method(label, runs, styles.get(label) or palette.method_style(label), most_points)

    return [
        {"title": title, "methods": [method(label, runs) for label, runs in methods.items()]}
        for title, methods in settings.items()
    ]


def thinned(data: list[dict]) -> bool:
    """Return whether `settings_data` left out iterations of a curve."""
    methods = [method for setting in data for method in setting["methods"]]
    return any(method["iterations"][-1] > len(method["iterations"]) for method in methods)


def save(data: list[dict], folder: str | os.PathLike, name: str) -> None:
    """Write NAME.chart.json into the folder. The same data give the same bytes."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_atomically(_path(folder, name), (text + "\n").encode())


def load(folder: str | os.PathLike, chart: Chart) -> list[dict]:
    """Read what `save` wrote.

    Raises:
        FindingsError: If the file is missing or damaged.
    """
    path = _path(folder, chart.name)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FindingsError(f"{path} does not exist: run the study again to write it") from None
    except ValueError as error:
        raise FindingsError(
            f"{path} is damaged ({error}): run the study again to write it anew"
        ) from None


def _path(folder, name):
    return Path(folder) / f"{name}.chart.json"


def _method(label, records, style, most_points):
    losses = np.array([record.iteration_loss for record in records], float)
    curves = {"mean": losses.mean(axis=0), "low": losses.min(axis=0), "high": losses.max(axis=0)}
    kept = _kept(**curves, most_points=most_points)
    return {
        "label": label,
        "color": style.color,
        "dashes": [] if style.linestyle == palette.SOLID else list(style.linestyle[1]),
        "seeds": len(records),
        "failed": sum(record.failed for record in records),
        "iterations": (kept + 1).tolist(),
        "gradients": records[0].sample_gradients[kept].tolist(),
        **{name: [_rounded(loss) for loss in curve[kept]] for name, curve in curves.items()},
    }


def _kept(mean, low, high, most_points):
    """Indices of the iterations to draw: all, or those that hold a stretch's extremes."""
    count = len(mean)
    if count <= most_points:
        return np.arange(count)
    kept = [0, count - 1]
    for stretch in np.array_split(np.arange(count), (most_points - 2) // 4):
        for curve, sign in ((mean, 1), (mean, -1), (low, 1), (high, -1)):
            losses = sign * curve[stretch]
            kept.append(stretch[np.where(np.isfinite(losses), losses, np.inf).argmin()])
    return np.unique(kept)


def _rounded(loss):
    return float(f"{loss:.5g}") if np.isfinite(loss) else None
