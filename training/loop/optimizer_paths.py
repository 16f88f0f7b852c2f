"""Paths of the optimizers that train networks, on functions of a few numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.loop.backends import descend
from training.optimizers import OPTIMIZERS


def paths(
    optimizer: str,
    function: Callable[..., Any],
    starts: ArrayLike,
    rates: ArrayLike,
    updates: int,
) -> NDArray[np.float64]:
    """The paths of an optimizer down a function, from every start at every learning rate.

    Keras's optimizers are elementwise, so one variable holds the points of all paths, and one loop
    moves all of them.

    Args:
        optimizer: str, key of `OPTIMIZERS`.
        function: callable of one tensor per coordinate, all of the same shape → tensor of values
            in that shape.
        starts: float array, shape (starts, coordinates).
        rates: float array of learning rates, shape (rates,).
        updates: int, number of updates.

    Returns:
        float64, shape (starts, rates, updates + 1, coordinates). Once a path overflows, its values
        are not finite.
    """
    starts, rates = np.asarray(starts, float), np.asarray(rates, float)[:, None]
    points = np.repeat(starts[:, None], len(rates), axis=1)
    path = descend(OPTIMIZERS[optimizer], rates, function, points, updates)
    return np.moveaxis(path, 0, -2)
