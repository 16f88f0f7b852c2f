"""Batch normalisation by TensorFlow's fused operation, several times as fast as Keras's layer."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from callbacks.recorder import replaced


@contextlib.contextmanager
def fused_batch_normalisation(model: keras.Model) -> Iterator[None]:
    """Use one fused operation for batch normalisation of images while a training step is traced.

    The results equal those of Keras's layer: the mean μ and variance σ² of the batch,
    γ·(x - μ)/√(σ² + ε) + β, and the same moving statistics. Layers with other options, such as
    renormalisation or an order other than "channels last", are not replaced.

    Args:
        model: built `keras.Model`.
    """
    with contextlib.ExitStack() as stack:
        for layer in model._flatten_layers():
            if type(layer) is keras.layers.BatchNormalization and _is_plain(layer):
                call = functools.partial(_call, layer, layer.call)
                stack.enter_context(replaced(layer, "call", call))
        yield


def _is_plain(layer: keras.layers.Layer) -> bool:
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


def _call(
    layer: keras.layers.Layer,
    call: Callable[..., Any],
    inputs: Any,
    training: bool | None = None,
    mask: Any = None,
) -> Any:
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
