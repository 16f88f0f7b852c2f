"""Descent on functions of a few numbers, with the optimizers that train networks."""

import numpy as np

from training.loop.backends import descend
from training.optimizers import OPTIMIZERS


def paths(optimizer, function, starts, rates, updates):
    """The paths of an optimizer down a function, from every start at every learning rate.

    Keras's optimizers treat each number of a variable by itself, so one variable holds the points
    of all paths, and one loop moves them at once.

    Args:
        optimizer: key of `OPTIMIZERS`.
        function: of the coordinates, tensors of one shape, that gives the values there, in the
            same shape.
        starts: shape (starts, coordinates).
        rates: learning rates, shape (rates,).
        updates: number of updates.

    Returns:
        float64, shape (starts, rates, updates + 1, coordinates); not finite from where a path
        leaves the range of numbers.
    """
    starts, rates = np.asarray(starts, float), np.asarray(rates, float)[:, None]
    points = np.repeat(starts[:, None], len(rates), axis=1)
    path = descend(OPTIMIZERS[optimizer], rates, function, points, updates)
    return np.moveaxis(path, 0, -2)
