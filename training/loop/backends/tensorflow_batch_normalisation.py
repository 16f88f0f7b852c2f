"""Batch normalisation by TensorFlow's fused operation, several times as fast as Keras's steps."""

import contextlib
import functools

import keras
import tensorflow as tf

from callbacks.recorder import replaced


@contextlib.contextmanager
def fused_batch_normalisation(model):
    """While a training step is traced, let batch normalisation of images be one operation.

    The numbers are those of Keras's layer: the mean μ and variance σ² of the batch,
    γ·(x - μ)/√(σ² + ε) + β, and the same moving statistics. Layers that do anything else, such as
    renormalisation, and those in other than "channels last" order compute as ever.

    Args:
        model: a built `keras.Model`.
    """
    with contextlib.ExitStack() as stack:
        for layer in model._flatten_layers():
            if type(layer) is keras.layers.BatchNormalization and _is_plain(layer):
                call = functools.partial(_call, layer, layer.call)
                stack.enter_context(replaced(layer, "call", call))
        yield


def _is_plain(layer):
    return (
        layer.built
        and len(layer.input.shape) == 4
        and layer.axis in (-1, 3)
        and layer.scale
        and layer.center
        and layer.trainable
        and layer.compute_dtype == "float32"
        and not (layer.renorm or layer.synchronized)
    )


def _call(layer, call, inputs, training=None, mask=None):
    if not training or mask is not None:
        return call(inputs, training=training, mask=mask)
    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs, layer.gamma.value, layer.beta.value, epsilon=layer.epsilon, is_training=True
    )
    # TensorFlow divides the variance by count - 1, Keras by count.
    count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], "float32")
    variance *= (count - 1) / count
    for moving, current in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + current * (1 - layer.momentum))
    return outputs
