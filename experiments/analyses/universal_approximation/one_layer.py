"""Networks of one hidden layer and one output, several side by side, and weights for them.

The output is v·φ(x·w + b) + c with N neurons φ. The weights of networks side by side are w, b, v
and c with the networks on the first axis: shapes (networks, inputs, N), (networks, 1, N),
(networks, N, 1) and (networks, 1, 1).
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.from_scratch import OPTIMIZERS, ReLU, Sigmoid, epoch_order

LAYERS = {"sigmoid": Sigmoid, "relu": ReLU}
"""Name of an activation → its layer."""

STEEP = 1e6
"""Slope of a sigmoid over a cell of `staircase`, which makes it a step."""


def stack(networks: Sequence[list[NDArray]]) -> list[NDArray]:
    """The weights of networks side by side, from those of each."""
    return [np.stack(arrays) for arrays in zip(*networks, strict=True)]


def draw(inputs: int, neurons: int, slope: float, seed: int) -> list[NDArray]:
    """Initial weights of one network; each neuron bends somewhere in the unit cube.

    Args:
        inputs: Number of inputs.
        neurons: Number of hidden neurons.
        slope: Standard deviation of the hidden weights.
        seed: Whole number of at least 0.

    Returns:
        w, b, v and c, as for `stack`.
    """
    rng = np.random.default_rng([seed, inputs, neurons])
    w, places = slope * rng.normal(size=(inputs, neurons)), rng.uniform(size=(neurons, inputs))
    b = -np.sum(w * places.T, axis=0, keepdims=True)
    return [w, b, rng.normal(size=(neurons, 1)) / np.sqrt(neurons), np.zeros((1, 1))]


def outputs(activation: str, weights: list[NDArray], x: NDArray) -> NDArray:
    """The outputs of networks side by side, shape (networks, n), for x of shape (n, inputs).

    A single network's weights, without the first axis, give shape (n,).
    """
    w, b, v, c = weights
    return (LAYERS[activation]().forward(x @ w + b) @ v + c)[..., 0]


def train(
    activation: str,
    weights: list[NDArray],
    x: NDArray,
    y: NDArray,
    rates: Sequence[float],
    updates: int,
    batch_size: int = 32,
) -> list[NDArray]:
    """Train networks side by side by Adam on the mean squared error, in float32.

    All see the same batches, those of seed 0. Each learning rate falls to 0 as half a cosine.

    Args:
        activation: Key of `LAYERS`.
        weights: Initial weights; not changed.
        x: Points, shape (n, inputs), with n divisible by the batch size.
        y: Targets, shape (n,).
        rates: Initial learning rate of each network.
        updates: Number of updates.
        batch_size: Points per update. Defaults to 32.

    Returns:
        The weights after training.
    """
    w, b, v, c = weights = [array.astype("float32") for array in weights]
    x, y, rates = np.float32(x), np.float32(y)[:, None], np.float32(rates)[:, None, None]
    layer, adam = LAYERS[activation](), OPTIMIZERS["adam"]()
    epochs = -(-updates * batch_size // len(x))
    order = np.concatenate([epoch_order(len(x), 0, epoch) for epoch in range(epochs)])
    for update, batch in enumerate(order[: updates * batch_size].reshape(updates, -1)):
        adam.learning_rate = rates * np.float32(1 + np.cos(np.pi * update / updates)) / 2
        h = layer.forward(x[batch] @ w + b)
        delta = (h @ v + c - y[batch]) * np.float32(2 / batch_size)
        at_hidden = layer.backward(delta @ v.mT)
        gradients = [x[batch].T @ at_hidden, at_hidden.sum(axis=1, keepdims=True)]
        adam.update(weights, [*gradients, h.mT @ delta, delta.sum(axis=1, keepdims=True)])
    return weights


def solve(activation: str, weights: list[NDArray], x: NDArray, y: NDArray) -> list[NDArray]:
    """Keep the hidden layers, and solve for the output layers of least squared error.

    Args:
        activation: Key of `LAYERS`.
        weights: Weights of networks side by side.
        x: Points, shape (n, inputs).
        y: Targets, shape (n,).

    Returns:
        Weights with the same w and b.
    """
    w, b, *_ = weights
    hidden = LAYERS[activation]().forward(x @ w + b)
    inputs = np.pad(hidden, ((0, 0), (0, 0), (0, 1)), constant_values=1)  # 1 for the bias
    best = np.stack([np.linalg.lstsq(one, y, rcond=1e-12)[0] for one in inputs])
    return [w, b, best[:, :-1, None], best[:, -1:, None]]


def straight_lines(f: Callable[[NDArray], NDArray], neurons: int) -> list[NDArray]:
    """Weights of N ReLUs that draw straight lines between the values of f at 0, 1/N, …, 1.

    Each ReLU begins where a line does, and changes the slope. The error on [0, 1] is at most
    max|f″| / 8N².

    Args:
        f: Function of points, shape (n, 1), that returns n numbers.
        neurons: N.
    """
    ends = np.arange(neurons + 1) / neurons
    values = f(ends[:, None])
    bends = np.diff(np.diff(values) * neurons, prepend=0)
    return stack([[np.ones((1, neurons)), -ends[None, :-1], bends[:, None], values[:1, None]]])


def staircase(f: Callable[[NDArray], NDArray], neurons: int) -> list[NDArray]:
    """Weights of N sigmoids that draw a staircase of N + 1 stairs (Cybenko 1989).

    Each sigmoid is so steep that it is a step. A stair takes the value of f at its middle, so
    the error on [0, 1] is at most max|f′| / 2(N + 1).

    Args:
        f: Function of points, shape (n, 1), that returns n numbers.
        neurons: N.
    """
    stairs = neurons + 1
    values = f((np.arange(stairs)[:, None] + 0.5) / stairs)
    w = np.full((1, neurons), STEEP * stairs)
    b = -w * np.arange(1, stairs) / stairs
    return stack([[w, b, np.diff(values)[:, None], values[:1, None]]])
