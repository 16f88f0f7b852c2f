"""Automatic gradients, for updates that are written by hand."""

import tensorflow as tf


def value_and_gradients(loss):
    """A compiled function that gives a loss and its gradient with respect to each weight.

    Args:
        loss: function of (weights, *arrays), all of them tensors, that gives a scalar tensor; such
            as one that calls `keras.Model.stateless_call`. It is called once for each set of
            shapes and compiled.

    Returns:
        A function of (weights, *arrays), NumPy arrays or tensors, that gives a Python number and
        a list of arrays, one for each of the list `weights` and in its shape.
    """

    @tf.function(autograph=False)
    def compiled(weights, arrays):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights, *arrays)
        return value, tape.gradient(value, weights)

    def evaluate(weights, *arrays):
        value, gradients = compiled(list(weights), arrays)
        return float(value), [gradient.numpy() for gradient in gradients]

    return evaluate
