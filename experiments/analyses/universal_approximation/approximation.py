"""Functions on the unit cube, and one hidden layer that is to approximate them (E).

The neurons are `SIGMOIDS` or `RELUS`, the number of inputs m is 1 or 2. The weights are trained, or
known without training.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.analyses.universal_approximation import one_layer

SIGMOIDS, RELUS = "sigmoids", "ReLUs"
ACTIVATIONS = {SIGMOIDS: "sigmoid", RELUS: "relu"}
"""Hidden neurons → their activation in `one_layer`."""

TRAINED, SOLVED, WRITTEN = "trained", "output layer solved for", "written down"
"""Methods of finding weights: Adam; least squares for the output layer, behind the hidden layer
that training starts from; and, for m = 1, a formula."""

WRITE = {SIGMOIDS: one_layer.staircase, RELUS: one_layer.straight_lines}
"""Hidden neurons → function of f and their number N that returns weights for m = 1."""

BOUNDS: dict[str, Callable[[Any], Any]] = {
    SIGMOIDS: lambda n: 5 * np.pi / (2 * (n + 1)),  # |f′| is at most 5π,
    RELUS: lambda n: 22 * np.pi**2 / (8 * n**2),  # and |f″| at most 22π²
}
"""Hidden neurons → function of N that returns a bound on the error of the weights of `WRITE`."""

SETTINGS = [(slope, rate) for slope in (6, 20) for rate in (0.01, 0.03, 0.1, 0.3)]
"""Candidates: standard deviation of the initial hidden weights, and Adam's initial rate."""


def target(x: NDArray) -> NDArray:
    """The function f at points, shape (n, m): two waves for m = 1, a round ripple for m = 2."""
    if x.shape[1] == 1:
        return np.sin(2 * np.pi * x[:, 0]) + np.sin(6 * np.pi * x[:, 0]) / 2
    return np.cos(2 * np.pi * np.hypot(*(x - 0.5).T))


def grid(side: NDArray, m: int) -> NDArray:
    """All points of [0, 1]^m with these coordinates, shape (len(side)^m, m)."""
    return np.stack(np.meshgrid(*m * [side]), axis=-1).reshape(-1, m)


TRAINING = {m: grid(np.linspace(0, 1, n), m) for m, n in {1: 256, 2: 32}.items()}
TEST = {m: grid((np.arange(n) + 0.5) / n, m) for m, n in {1: 2000, 2: 100}.items()}
"""m → points; no training point is a test point."""


@dataclass(frozen=True)
class Approximations:
    """How well hidden layers of growing width N approximate f, for one m and kind of neuron.

    Attributes:
        settings: For each width the one of `SETTINGS` at which training does best.
        largest: Method → largest error at the test points, shape
            (networks, widths); one network for each seed, but only one that is written down.
        rms: Method → root mean square error at the test points, same shape.
        shown: Width, as text → the trained weights of the first seed, at the widths to be drawn.
    """

    settings: list[list[float]]
    largest: dict[str, NDArray]
    rms: dict[str, NDArray]
    shown: dict[str, list[NDArray]]


def approximate(
    m: int,
    neurons: str,
    widths: Sequence[int],
    updates: int,
    batch_size: int,
    seeds: Sequence[int],
    tuning_seeds: Sequence[int],
    shown: Sequence[int],
) -> dict[str, Any]:
    """Approximate f with weights found by every method, at every width.

    Args:
        m: Number of inputs, 1 or 2.
        neurons: `SIGMOIDS` or `RELUS`.
        widths: Numbers of neurons N.
        updates: Number of training updates.
        batch_size: Points per update.
        seeds: Seeds of the networks.
        tuning_seeds: Seeds on which the setting of training is chosen.
        shown: Those of `widths` whose trained weights are kept.

    Returns:
        The attributes of `Approximations` by name.
    """
    training = {"updates": updates, "batch_size": batch_size}
    settings = [tune(m, neurons, width, tuning_seeds, **training) for width in widths]
    found = [
        approximations(m, neurons, width, setting, seeds, **training)
        for width, setting in zip(widths, settings, strict=True)
    ]
    wrong = {
        method: [errors(neurons, weights[method], TEST[m]) for weights in found]
        for method in found[0]
    }
    return {
        "settings": settings,
        "largest": {method: over_widths(largest, wrong[method]) for method in wrong},
        "rms": {method: over_widths(rms, wrong[method]) for method in wrong},
        "shown": {
            str(width): [array[0] for array in weights[TRAINED]]
            for width, weights in zip(widths, found, strict=True)
            if width in shown
        },
    }


def approximations(
    m: int,
    neurons: str,
    width: int,
    setting: tuple[float, float],
    seeds: Sequence[int],
    **training: int,
) -> dict[str, list[NDArray]]:
    """Weights of N neurons: method → weights of networks side by side."""
    slope, rate = setting
    weights = start(m, width, [(slope, seed) for seed in seeds])
    data = ACTIVATIONS[neurons], weights, TRAINING[m], target(TRAINING[m])
    found = {
        TRAINED: one_layer.train(*data, len(seeds) * [rate], **training),
        SOLVED: one_layer.solve(*data),
    }
    if m == 1:
        found[WRITTEN] = WRITE[neurons](target, width)
    return found


def tune(
    m: int, neurons: str, width: int, seeds: Sequence[int], **training: int
) -> tuple[float, float]:
    """The one of `SETTINGS` with the lowest root mean square error at the training points."""
    trials = [(*setting, seed) for setting in SETTINGS for seed in seeds]
    weights = start(m, width, [(slope, seed) for slope, _, seed in trials])
    data = TRAINING[m], target(TRAINING[m]), [rate for _, rate, _ in trials]
    weights = one_layer.train(ACTIVATIONS[neurons], weights, *data, **training)
    scores = rms(errors(neurons, weights, TRAINING[m])).reshape(len(SETTINGS), -1)
    return SETTINGS[scores.mean(axis=1).argmin()]


def start(m: int, width: int, slopes_and_seeds: Sequence[tuple[float, int]]) -> list[NDArray]:
    """Initial weights of networks side by side, as `one_layer.draw` returns them."""
    networks = [one_layer.draw(m, width, slope, seed) for slope, seed in slopes_and_seeds]
    return one_layer.stack(networks)


def errors(neurons: str, weights: list[NDArray], x: NDArray) -> NDArray:
    """Output minus f at points, of networks side by side, shape (networks, points)."""
    return one_layer.outputs(ACTIVATIONS[neurons], weights, x) - target(x)


def largest(errors: NDArray) -> NDArray:
    """Largest error of each network, shape (networks,)."""
    return np.abs(errors).max(axis=-1)


def rms(errors: NDArray) -> NDArray:
    """Root mean square error of each network, shape (networks,)."""
    return np.sqrt(np.mean(errors**2, axis=-1))


def over_widths(size: Callable[[NDArray], NDArray], errors_by_width: Sequence[NDArray]) -> NDArray:
    """`largest` or `rms` of the errors at each width, shape (networks, widths)."""
    return np.stack([size(wrong) for wrong in errors_by_width], axis=1)
