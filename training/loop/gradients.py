"""Automatic gradients, for updates that are written by hand."""

from training.loop import backends


def value_and_gradients(loss):
    """A function that gives a loss and its gradient with respect to each weight.

    Args:
        loss: function of (weights, *arrays), all of them tensors, that gives a scalar tensor; such
            as one that calls `keras.Model.stateless_call`. On TensorFlow and JAX it is called once
            for each set of shapes and compiled.

    Returns:
        A function of (weights, *arrays), NumPy arrays or tensors, that gives a Python number and
        a list of arrays, one for each of the list `weights` and in its shape.
    """
    return backends.value_and_gradients(loss)
