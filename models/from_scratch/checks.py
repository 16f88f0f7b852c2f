"""Gradients checked against finite differences of the loss."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Floats
from .network import Network


def numerical_gradient(
    function: Callable[[Floats], float], x: Floats, step: float = 1e-6
) -> Floats:
    """Central differences, (f(x + h) − f(x − h)) / 2h for each element of x.

    Their error is of order h², plus about 1e-16·|f|/h from rounding in float64.

    Args:
        function: callable x → float.
        x: float64 array. Its elements are changed in place one at a time and restored, so it may be
            a parameter that the function reads elsewhere.
        step: float, h. Defaults to 1e-6.

    Returns:
        float64 array of the shape of x.

    Raises:
        ValueError: if x is not float64, since rounding would swamp the differences.
    """
    if x.dtype != np.float64:
        raise ValueError(f"x must be float64, not {x.dtype}; build the network with that dtype")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        value = x[index]
        x[index] = value + step
        above = function(x)
        x[index] = value - step
        below = function(x)
        x[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """‖a − b‖ / max(‖a‖, ‖b‖) in the 2-norm; 0 if both arrays are zero.

    Args:
        a: array.
        b: array of the same shape.

    Returns:
        float, at least 0.

    Raises:
        ValueError: if the shapes differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a has the shape {a.shape} and b {b.shape}; they must be equal")
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / scale) if scale else 0.0


def check_gradients(
    network: Network, x: ArrayLike, y: ArrayLike, step: float = 1e-6
) -> list[float]:
    """Compare a network's gradients with central differences of its loss, outside training.

    Args:
        network: `Network` of dtype float64.
        x: a small batch, shape (batch, *input_shape).
        y: its targets.
        step: float, h of the differences. Defaults to 1e-6.

    Returns:
        The relative error of each parameter's gradient, in the order of `network.parameters`.
    """
    _, gradients = network.loss_and_gradients(x, y)

    def loss(_: Floats) -> float:
        return network.loss(network.forward(x), np.asarray(y))[0]

    return [
        relative_error(gradient, numerical_gradient(loss, parameter, step))
        for parameter, gradient in zip(network.parameters, gradients, strict=True)
    ]
