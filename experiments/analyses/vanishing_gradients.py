"""Serves the vanishing_gradients study: the norm of the gradient in every layer.

In: records that keep "gradient norms". Out: norms and ratios of them, and figures against layers,
iterations and depth. Bounds of the sigmoid's derivative need no records.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.from_scratch import Sigmoid, glorot_uniform
from reporting.figures import plots
from reporting.figures.curves import draw_sweep
from training import RunRecord

LAST = 20
START, END = "at the start", f"in the last {LAST} iterations"
"""When gradients are measured: at the first iteration, or the mean over the last ones."""


def norms(record: RunRecord, when: str = START) -> NDArray[np.float64]:
    """Norm of the gradient of each hidden layer of a dense network, float64, shape (layers,)."""
    hidden = record.kept["gradient_norms"][:, :-1].astype(float)
    return hidden[0] if when == START else hidden[-LAST:].mean(axis=0)


def first_norm(record: RunRecord) -> float:
    """That of the first layer, at the start."""
    return norms(record)[0]


def reaching(when: str) -> Callable[[RunRecord], float]:
    """The measure of how large the first hidden layer's gradient is against the last one's."""
    return lambda record: norms(record, when)[0] / norms(record, when)[-1]


def factor(record: RunRecord) -> float:
    """What the gradient is multiplied by from layer to layer at the start, on its way down.

    The geometric mean from the last hidden layer to the second; the first has other inputs than
    all others, and as many weights more.
    """
    layers = norms(record)[1:]
    return (layers[0] / layers[-1]) ** (1 / (len(layers) - 1))


def sigmoid_slopes() -> tuple[float, float]:
    """The smallest and the largest of sigmoid's derivative from −1000 to 1000."""
    x, layer = np.linspace(-1000, 1000, 20_001), Sigmoid()  # 0 among them
    layer.forward(x)
    slopes = layer.backward(np.ones_like(x))
    return slopes.min(), slopes.max()


def sigmoid_bounds(neurons: int, count: int) -> NDArray[np.float64]:
    """¼·‖W‖, beyond which no sigmoid layer of initial weights W passes on a gradient.

    Args:
        neurons: of the layer and the one before.
        count: matrices drawn, as Glorot does.

    Returns:
        float64, shape (count,); ‖W‖ is the largest singular value.
    """
    rng = np.random.default_rng([0])
    drawn = [glorot_uniform(rng, (neurons, neurons)) for _ in range(count)]
    return np.linalg.norm(drawn, 2, axis=(1, 2)) / 4


def hidden_gradient(record: RunRecord) -> float:
    """The largest norm of a hidden layer's gradient at any iteration."""
    return record.kept["gradient_norms"][:, :-1].max()


def different_neurons(record: RunRecord) -> list[int]:
    """Different neurons in each hidden layer: columns of the kept weights that no other equals."""
    kernels = [array for array in record.weights.values() if array.ndim == 2][:-1]
    return [len(np.unique(kernel, axis=1).T) for kernel in kernels]


def draw_layers(panels: Mapping[str, tuple[str, Mapping[str, Sequence[RunRecord]]]]) -> Any:
    """Draw the gradient's norm in every hidden layer.

    Args:
        panels: title → (when, networks): `START` or `END`, and label → list of `RunRecord`.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(panels), width=13, height=5, sharey=True)
    for ax, (title, (when, networks)) in zip(axes, panels.items(), strict=True):
        ax.set_yscale("log")
        for label, records in networks.items():
            curves = np.array([norms(record, when) for record in records])
            plots.mean_and_band(ax, np.arange(1, curves.shape[1] + 1), curves, label)
        plots.label_axes(ax, "Hidden layer", "Norm of its gradient", title=title)
        ax.label_outer()
    plots.legend(fig)
    return fig


def draw_first_layers(
    by_depth: Mapping[int, Mapping[str, Sequence[RunRecord]]], window: int
) -> Any:
    """Draw the gradient's norm in the first layer at every iteration, one axes for each depth.

    Args:
        by_depth: number of hidden layers → {label → list of `RunRecord`}.
        window: iterations of the moving average.

    Returns:
        The figure.
    """
    width = max(8, 1 + 3 * len(by_depth))
    fig, axes = plots.figure(1, len(by_depth), width, height=5, sharey=True)
    for ax, (depth, networks) in zip(axes, by_depth.items(), strict=True):
        ax.set_yscale("log")
        for label, records in networks.items():
            curves = np.array([r.kept["gradient_norms"][:, 0] for r in records])
            plots.mean_and_band(ax, np.arange(1, curves.shape[1] + 1), curves, label, window)
        title = f"{depth} hidden layers"
        plots.label_axes(ax, "Iterations", "Norm of the first layer's gradient", title=title)
        ax.label_outer()
    plots.legend(fig)
    return fig


def draw_depths(
    by_depth: Mapping[int, Mapping[str, Sequence[RunRecord]]],
    measures: Mapping[str, Callable[[RunRecord], float]],
) -> Any:
    """Draw measures against the depth, side by side on logarithmic axes.

    Args:
        by_depth: number of hidden layers → {label → list of `RunRecord`}.
        measures: name of the axis → function of a record.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(measures), width=11, height=5)
    depths = list(by_depth)
    for ax, (name, measure) in zip(axes, measures.items(), strict=True):
        ax.set_yscale("log")
        for label in by_depth[depths[0]]:
            at_depths = {depth: networks[label] for depth, networks in by_depth.items()}
            draw_sweep(ax, at_depths, measure, label)
        ax.set_xticks(depths)
        plots.label_axes(ax, "Hidden layers", name)
    plots.legend(fig)
    return fig
