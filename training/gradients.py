"""Automatic gradients, for whoever writes the update by hand."""

import tensorflow as tf


def value_and_gradients(loss, variables):
    """A compiled function that gives a loss and its gradient with respect to each variable.

    It reads the variables' values at each call, so that an update between two calls counts.

    Args:
        loss: function of tensors that gives a scalar tensor; called once for each shape of its
            arguments, to be compiled.
        variables: list of `keras.Variable`, such as a model's `trainable_weights`.

    Returns:
        A function of the same arguments, which gives a number and a list of float tensors in the
        shapes of the variables.
    """

    @tf.function(autograph=False)
    def compiled(*arguments):
        with tf.GradientTape() as tape:
            value = loss(*arguments)
        return value, tape.gradient(value, [variable.value for variable in variables])

    def evaluate(*arguments):
        value, gradients = compiled(*map(tf.convert_to_tensor, arguments))
        return float(value), gradients

    return evaluate
