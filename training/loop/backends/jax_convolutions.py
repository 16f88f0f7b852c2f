"""Convolutions and max pooling that XLA computes fast on a CPU inside a loop."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import keras

from callbacks.recorder import replaced


@contextlib.contextmanager
def convolutions_as_products(model: keras.Model) -> Iterator[None]:
    """Replace convolutions by matrix products while a training step is traced for a CPU.

    Inside a loop XLA's own convolutions and gradients of max pooling are many times slower there.
    The results equal those of Keras's layers, up to the order of sums: each window of the image as
    a row times the filters as columns; and the maximum of each pooling window, the first one among
    equals. Layers with other options, such as dilation or groups, are not replaced.

    Args:
        model: built `keras.Model`.
    """
    with contextlib.ExitStack() as stack:
        for layer in model._flatten_layers() if jax.default_backend() == "cpu" else ():
            if type(layer) is keras.layers.Conv2D and _is_plain(layer):
                stack.enter_context(replaced(layer, "call", functools.partial(_convolve, layer)))
            if type(layer) is keras.layers.MaxPooling2D and _is_tiling(layer):
                stack.enter_context(replaced(layer, "call", functools.partial(_pool, layer)))
        yield


def _is_plain(layer: keras.layers.Layer) -> bool:
    return (
        layer.built
        and layer.data_format == "channels_last"
        and layer.groups == 1
        and layer.strides == (1, 1)
        and layer.dilation_rate == (1, 1)
        and not layer.lora_enabled
    )


def _is_tiling(layer: keras.layers.Layer) -> bool:
    return (
        layer.data_format == "channels_last"
        and layer.padding == "valid"
        and layer.strides == layer.pool_size
    )


def _convolve(layer: keras.layers.Layer, images: Any) -> Any:
    kernel = layer.kernel.value
    height, width = layer.kernel_size
    if layer.padding == "same":
        sides = [((size - 1) // 2, size // 2) for size in layer.kernel_size]
        images = jnp.pad(images, [(0, 0), *sides, (0, 0)])
    rows, columns = images.shape[1] - height + 1, images.shape[2] - width + 1
    windows = [
        images[:, i : i + rows, j : j + columns] for i in range(height) for j in range(width)
    ]
    outputs = jnp.concatenate(windows, axis=-1) @ kernel.reshape(-1, layer.filters)
    if layer.use_bias:
        outputs = outputs + layer.bias.value
    return outputs if layer.activation is None else layer.activation(outputs)


def _pool(layer: keras.layers.Layer, images: Any) -> Any:
    height, width = layer.pool_size
    rows, columns = (
        size // pool * pool for size, pool in zip(images.shape[1:3], layer.pool_size, strict=True)
    )
    pixels = [
        images[:, i:rows:height, j:columns:width] for i in range(height) for j in range(width)
    ]
    # Not `jnp.maximum`, which divides the gradient among equal pixels.
    return functools.reduce(lambda most, pixel: jnp.where(most >= pixel, most, pixel), pixels)
