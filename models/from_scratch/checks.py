"""Checking gradients against differences of the loss."""

import numpy as np


def numerical_gradient(function, x, step=1e-6):
    """Central differences, (f(x + h) − f(x − h)) / 2h for each number of x.

    Their error is of the order h², and of 1e-16·|f|/h by rounding in float64.

    Args:
        function: of x, gives a number.
        x: float64 array; its numbers are moved in place one after the other and put back, so it
            may be a parameter that the function reads elsewhere.
        step: h.

    Returns:
        Float64 array of the shape of x.

    Raises:
        ValueError: when x is not float64, where the differences would be lost in rounding.
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


def relative_error(a, b):
    """‖a − b‖ / max(‖a‖, ‖b‖), with 2-norms; 0 for two arrays of zeros.

    Raises:
        ValueError: when the shapes differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a has the shape {a.shape} and b {b.shape}; they must be equal")
    scale = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / scale) if scale else 0.0


def check_gradients(network, x, y, step=1e-6):
    """Compare a network's gradients with central differences of its loss, outside training.

    Args:
        network: a `Network` of dtype float64.
        x: a small batch, shape (batch, *input_shape).
        y: its targets.
        step: of the differences.

    Returns:
        The relative error of each parameter's gradient, in the order of `network.parameters`.
    """
    _, gradients = network.loss_and_gradients(x, y)

    def loss(_):
        return network.loss(network.forward(x), np.asarray(y))[0]

    return [
        relative_error(gradient, numerical_gradient(loss, parameter, step))
        for parameter, gradient in zip(network.parameters, gradients, strict=True)
    ]
