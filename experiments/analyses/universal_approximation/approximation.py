"""Functions on the unit cube, and one hidden layer that is to approximate them (E).

The neurons are `SIGMOIDS` or `RELUS`, the inputs m = 1 or 2; the weights are trained, or known from
elsewhere.
"""

from typing import NamedTuple

import numpy as np

from experiments.analyses.universal_approximation import one_layer

SIGMOIDS, RELUS = "sigmoids", "ReLUs"
ACTIVATIONS = {SIGMOIDS: "sigmoid", RELUS: "relu"}
"""Hidden neurons → their activation in `one_layer`."""

TRAINED, SOLVED, WRITTEN = "trained", "output layer solved for", "written down"
"""Ways to get the weights: by Adam; of the output by least squares behind the hidden layer that
training starts from; and for m = 1 by a formula."""

WRITE = {SIGMOIDS: one_layer.staircase, RELUS: one_layer.straight_lines}
"""Hidden neurons → function of f and their number N that gives weights for m = 1."""

BOUNDS = {
    SIGMOIDS: lambda n: 5 * np.pi / (2 * (n + 1)),  # |f′| is at most 5π,
    RELUS: lambda n: 22 * np.pi**2 / (8 * n**2),  # and |f″| at most 22π²
}
"""Hidden neurons → function of N that gives the largest error of the weights written down."""

SETTINGS = [(slope, rate) for slope in (6, 20) for rate in (0.01, 0.03, 0.1, 0.3)]
"""To choose from: standard deviation of the first hidden weights, and Adam's first rate."""


def target(x):
    """The function f at points, shape (n, m): two waves for m = 1, a round ripple for m = 2."""
    if x.shape[1] == 1:
        return np.sin(2 * np.pi * x[:, 0]) + np.sin(6 * np.pi * x[:, 0]) / 2
    return np.cos(2 * np.pi * np.hypot(*(x - 0.5).T))


def grid(side, m):
    """All points of [0, 1]^m with these coordinates, shape (len(side)^m, m)."""
    return np.stack(np.meshgrid(*m * [side]), axis=-1).reshape(-1, m)


TRAINING = {m: grid(np.linspace(0, 1, n), m) for m, n in {1: 256, 2: 32}.items()}
TEST = {m: grid((np.arange(n) + 0.5) / n, m) for m, n in {1: 2000, 2: 100}.items()}
"""m → points, of which none is in both."""


class Approximation(NamedTuple):
    """What N neurons make of f.

    Attributes:
        slope: of `SETTINGS`, at which training does best.
        rate: the same.
        errors: way to get the weights → output less f at the test points, shape (networks, points),
            with a network for each seed, but one that is written down.
    """

    slope: float
    rate: float
    errors: dict


def approximate(m, neurons, width, updates, seeds, tuning_seeds):
    """Approximate f in every way.

    Args:
        m: number of inputs, 1 or 2.
        neurons: `SIGMOIDS` or `RELUS`.
        width: number of neurons, N.
        updates: of training.
        seeds: of the networks.
        tuning_seeds: of those that the setting of training is chosen on.

    Returns:
        An `Approximation`.
    """
    slope, rate = tune(m, neurons, width, updates, tuning_seeds)
    weights = start(m, width, [(slope, seed) for seed in seeds])
    data = ACTIVATIONS[neurons], weights, TRAINING[m], target(TRAINING[m])
    found = {
        TRAINED: one_layer.train(*data, len(seeds) * [rate], updates),
        SOLVED: one_layer.solve(*data),
    }
    if m == 1:
        found[WRITTEN] = WRITE[neurons](target, width)
    of_ways = {way: errors(neurons, weights, TEST[m]) for way, weights in found.items()}
    return Approximation(slope, rate, of_ways)


def tune(m, neurons, width, updates, seeds):
    """The one of `SETTINGS` with the lowest root mean square error at the training points."""
    trials = [(*setting, seed) for setting in SETTINGS for seed in seeds]
    weights = start(m, width, [(slope, seed) for slope, _, seed in trials])
    data = TRAINING[m], target(TRAINING[m]), [rate for _, rate, _ in trials]
    weights = one_layer.train(ACTIVATIONS[neurons], weights, *data, updates)
    scores = rms(errors(neurons, weights, TRAINING[m])).reshape(len(SETTINGS), -1)
    return SETTINGS[scores.mean(axis=1).argmin()]


def start(m, width, slopes_and_seeds):
    """Weights of networks side by side to begin with, as `one_layer.draw` gives them."""
    networks = [one_layer.draw(m, width, slope, seed) for slope, seed in slopes_and_seeds]
    return one_layer.stack(networks)


def errors(neurons, weights, x):
    """Output less f at points, of networks side by side, shape (networks, points)."""
    return one_layer.outputs(ACTIVATIONS[neurons], weights, x) - target(x)


def largest(errors):
    """Largest error of each network, shape (networks,)."""
    return np.abs(errors).max(axis=-1)


def rms(errors):
    """Root mean square error of each network, shape (networks,)."""
    return np.sqrt(np.mean(errors**2, axis=-1))


def by_width(of_widths, way):
    """Largest error of each network at each width, shape (networks, widths).

    Args:
        of_widths: N → `Approximation`.
        way: to get the weights, a key of its `errors`.
    """
    return np.transpose([largest(found.errors[way]) for found in of_widths.values()])
