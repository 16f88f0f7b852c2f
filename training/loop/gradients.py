"""Automatic gradients, for updates written by hand."""

from collections.abc import Callable
from typing import Any

from training.loop import backends


def value_and_gradients(loss: Callable[..., Any]) -> Callable[..., tuple[float, list[Any]]]:
    """A function that computes a loss and its gradient with respect to each weight.

    Args:
        loss: callable (weights, *arrays) → scalar tensor, where all arguments are tensors, such as
            one that calls `keras.Model.stateless_call`. On TensorFlow and JAX it is called once for
            each set of shapes and compiled.

    Returns:
        Callable (weights, *arrays) → (float, list of one array per weight, of the weight's shape).
        It takes a list of weights and arrays, which are NumPy arrays or tensors.
    """
    return backends.value_and_gradients(loss)
