"""Gradient descent written out step by step, keeping every intermediate value of the weights."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .network import Network, epoch_order

Weights = Sequence[Floats]


class Descent(NamedTuple):
    """The course of a gradient descent.

    Attributes:
        path: the weights before the first and after each update, a list of lists of arrays.
        losses: loss of each batch before its update, shape (updates,).
    """

    path: list[Weights]
    losses: NDArray[np.floating]


def batches(
    x: NDArray[Any], y: NDArray[Any], batch_size: int, iterations: int, seed: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Mini-batches in the order in which `Network.fit` and the suite's own training use them.

    Args:
        x: examples, shape (n, ...).
        y: targets, shape (n, ...).
        batch_size: int, a divisor of n.
        iterations: int, number of batches.
        seed: int, seed of the permutations; each epoch uses a new one.

    Yields:
        The examples of a batch and their targets.
    """
    for iteration in range(iterations):
        epoch, place = divmod(iteration, len(x) // batch_size)
        rows = epoch_order(len(x), seed, epoch)[place * batch_size :][:batch_size]
        yield x[rows], y[rows]


def loss_and_gradients_of(network: Network) -> Callable[..., tuple[float, list[Floats]]]:
    """A network's loss and gradients as a function for `descend`.

    Args:
        network: `Network`; each call of the function overwrites its weights.

    Returns:
        Callable (weights, x, y) → (loss, list of one gradient per weight).
    """

    def loss_and_gradients(
        weights: Weights, x: NDArray[Any], y: NDArray[Any]
    ) -> tuple[float, list[Floats]]:
        network.set_weights(weights)
        return network.loss_and_gradients(x, y)

    return loss_and_gradients


def descend(
    loss_and_gradients: Callable[..., tuple[float, Weights]],
    weights: Weights,
    batches: Iterable[tuple[NDArray[Any], ...]],
    rate: float,
) -> Descent:
    """Plain gradient descent, w ← w − η·∂l/∂w, with one update per batch.

    Args:
        loss_and_gradients: callable (weights, *batch) → (loss, list of one gradient per weight).
        weights: list of arrays to start from; they are not modified.
        batches: iterable of tuples of arrays.
        rate: float, η; a negative one climbs.

    Returns:
        A `Descent`.
    """
    path, losses = [weights], []
    for batch in batches:
        loss, gradients = loss_and_gradients(path[-1], *batch)
        path.append([w - rate * g for w, g in zip(path[-1], gradients, strict=True)])
        losses.append(loss)
    return Descent(path, np.array(losses))


def differences(descent: Descent, other: Descent) -> tuple[float, float]:
    """The largest difference between two descents in a loss, and in a weight at the end.

    Args:
        descent: `Descent`.
        other: `Descent` of the same weights and number of updates.

    Returns:
        The largest |l − l'| over the updates, and the largest |w − w'| after the last one.
    """
    weights = zip(descent.path[-1], other.path[-1], strict=True)
    largest = max(np.abs(a - b).max() for a, b in weights)
    return np.abs(descent.losses - other.losses).max(), largest


def nesterov(
    slope: Callable[[Floats], Floats], start: Floats, rate: float, gamma: float, updates: int
) -> tuple[Floats, Floats]:
    """Nesterov's momentum as in A 3.5.2: v ← γv + η∇L(θ − γv), then θ ← θ − v.

    Keras has v ← γv − η∇L(φ), then φ ← φ + γv − η∇L(φ). The two are one algorithm, in which φ is
    the look-ahead point θ − γv.

    Args:
        slope: callable θ → ∇L.
        start: array, θ before the first update.
        rate: float, η.
        gamma: float, γ.
        updates: int, number of updates.

    Returns:
        θ and θ − γv before the first and after each update, each of shape
        (updates + 1, *start.shape).
    """
    theta, velocity = start, np.zeros_like(start)
    path, look_ahead = [theta], [theta]
    for _ in range(updates):
        velocity = gamma * velocity + rate * slope(theta - gamma * velocity)
        theta = theta - velocity
        path.append(theta)
        look_ahead.append(theta - gamma * velocity)
    return np.array(path), np.array(look_ahead)
