"""Gradient descent written out, which keeps the whole path of the weights."""

from typing import NamedTuple

import numpy as np

from models.from_scratch import epoch_order


class Descent(NamedTuple):
    """What a descent leaves.

    Attributes:
        path: the weights before the first and after each update, a list of lists of arrays.
        losses: of each batch before its update, shape (updates,).
    """

    path: list
    losses: np.ndarray


def batches(x, y, batch_size, iterations, seed):
    """Mini-batches in the order in which `models.from_scratch` and the suite's training see them.

    Args:
        x: examples, shape (n, ...), with `batch_size` a divisor of n.
        y: targets, shape (n, ...).
        batch_size: examples of each.
        iterations: batches to give.
        seed: of the permutations, a new one for each epoch.

    Yields:
        The examples of a batch and their targets.
    """
    for iteration in range(iterations):
        epoch, place = divmod(iteration, len(x) // batch_size)
        rows = epoch_order(len(x), seed, epoch)[place * batch_size :][:batch_size]
        yield x[rows], y[rows]


def of_network(network):
    """The loss and gradients of a `models.from_scratch.Network` as `descend` takes them."""

    def loss_and_gradients(weights, x, y):
        network.set_weights(weights)
        return network.loss_and_gradients(x, y)

    return loss_and_gradients


def descend(loss_and_gradients, weights, batches, rate):
    """Plain gradient descent, w ← w − η·∂l/∂w, with an update for each batch.

    Args:
        loss_and_gradients: function of (weights, *batch) that gives a number, and an array for
            each weight.
        weights: list of arrays to start from, which are left as they are.
        batches: tuples of arrays, one after the other.
        rate: η; a negative one climbs.

    Returns:
        A `Descent`.
    """
    path, losses = [weights], []
    for batch in batches:
        loss, gradients = loss_and_gradients(path[-1], *batch)
        path.append([w - rate * g for w, g in zip(path[-1], gradients, strict=True)])
        losses.append(loss)
    return Descent(path, np.array(losses))


def differences(descent, other):
    """The largest difference of a loss, and of a weight after the last update."""
    weights = zip(descent.path[-1], other.path[-1], strict=True)
    of_losses = np.abs(descent.losses - other.losses)
    return of_losses.max(), max(np.abs(a - b).max() for a, b in weights)


def nesterov(slope, start, rate, gamma, updates):
    """Nesterov's momentum as A 3.5.2 has it: v ← γv + η∇L(θ − γv), then θ ← θ − v.

    Keras has v ← γv − η∇L(φ), then φ ← φ + γv − η∇L(φ). They are one algorithm, whose φ is the
    look-ahead point θ − γv.

    Args:
        slope: function of θ that gives ∇L.
        start: θ before the first update.
        rate: η.
        gamma: γ.
        updates: to make.

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
