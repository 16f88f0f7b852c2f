"""Algorithms of the courses to the letter, where they do not work like that.

`statements` compares each with its counterpart in `models.from_scratch`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.from_scratch.layers.activations import sigmoid
from models.from_scratch.network import epoch_order


def gradient_descent(
    network: Any, x: NDArray, y: NDArray, optimizer: Any, batch_size: int, epochs: int
) -> None:
    """A 3.3's pseudo-code, which updates after the loop over the batches, so once an epoch.

    `Network.fit` updates for each batch.
    """
    for epoch in range(epochs):
        order = epoch_order(len(x), 0, epoch)
        for first in range(0, len(x), batch_size):
            batch = order[first : first + batch_size]
            _, gradients = network.loss_and_gradients(x[batch], y[batch])
        optimizer.update(network.parameters, gradients)


def validation_splits(n: int, fraction: float, epochs: int) -> list[list[NDArray]]:
    """A 5.1's pseudo-code, which shuffles all examples and splits them in every epoch.

    One split for all epochs keeps the validation examples out of training.

    Returns:
        For each epoch the indices for training and those for validation.
    """
    splits = []
    for epoch in range(epochs):
        order = epoch_order(n, 0, epoch)
        splits.append(np.split(order, [round(n * (1 - fraction))]))
    return splits


def whole_network_loss(
    parameters: Sequence[NDArray], x: NDArray, y: Sequence[int] | NDArray
) -> float:
    """The loss of a batch by C's expression of the whole network, whose first term has no b₂.

    `categorical_cross_entropy` of the outputs has it in both terms ("Non linear decision").

    Args:
        parameters: of a hidden and an output layer, both with sigmoids: W₁, b₁, W₂ and b₂.
        x: inputs, shape (n, inputs).
        y: labels, shape (n,).
    """
    w1, b1, w2, b2 = parameters
    z = sigmoid(x @ w1 + b1)
    first_term = sigmoid(z @ w2)[np.arange(len(x)), y]
    return np.mean(-first_term + np.log(np.exp(sigmoid(z @ w2 + b2)).sum(axis=1)))


def max_pooling_backward(gradient: NDArray, image: NDArray, size: int, stride: int) -> NDArray:
    """D 3.3's gradient of max pooling, which assigns where windows overlap.

    `MaxPooling.backward` adds what the windows give. Both arrays have one channel, shape
    (rows, columns).
    """
    outputs = np.zeros(image.shape)
    for y, x in np.ndindex(gradient.shape):
        top, left = y * stride, x * stride
        window = image[top : top + size, left : left + size]
        row, column = np.unravel_index(np.argmax(window), window.shape)
        outputs[top + row, left + column] = gradient[y, x]
    return outputs


def adagrad(
    slope: Callable[[NDArray], NDArray],
    start: NDArray,
    learning_rate: float,
    updates: int,
    size: Callable[[NDArray], Any] = np.linalg.norm,
) -> NDArray:
    """E's AdaGrad: r ← r + ‖g‖, then w ← w − η·g / √r, without ε.

    The optimizers of `models.from_scratch` divide each number by its own √(Σ g²).

    Args:
        slope: function of w that gives g.
        start: w before the first update.
        learning_rate: η.
        updates: to make.
        size: what is accumulated of g, its norm in E.

    Returns:
        w before each update and after the last, shape (updates + 1, *start.shape).
    """
    return _scaled(slope, start, learning_rate, updates, size, kept=1, added=1)


def rmsprop(
    slope: Callable[[NDArray], NDArray],
    start: NDArray,
    learning_rate: float,
    updates: int,
    size: Callable[[NDArray], Any] = np.linalg.norm,
    rho: float = 0.9,
) -> NDArray:
    """E's RMSProp: r ← ρ·r + (1 − ρ)·‖g‖, then as `adagrad`."""
    return _scaled(slope, start, learning_rate, updates, size, kept=rho, added=1 - rho)


def _scaled(slope, start, learning_rate, updates, size, kept, added):
    path, r = [start], 0
    for _ in range(updates):
        g = slope(path[-1])
        r = kept * r + added * size(g)
        with np.errstate(divide="ignore", invalid="ignore"):  # r is 0 where g has always been
            path.append(path[-1] - learning_rate / np.sqrt(r) * g)
    return np.array(path)
