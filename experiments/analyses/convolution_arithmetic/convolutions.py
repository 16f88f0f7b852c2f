"""Keras convolutions with given weights, dense layers rewritten as such, and receptive fields.

In: weights, layers or models. Out: functions of pictures, layers, and the pixels that are read.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike, NDArray


def convolution(
    kernel: ArrayLike, bias: float = 0.0, **options: Any
) -> Callable[[ArrayLike], NDArray[np.float32]]:
    """Return a Keras convolution of one channel with one filter.

    Args:
        kernel: Its weights, shape (height, width).
        bias: A number. Defaults to 0.
        **options: Passed to `keras.layers.Conv2D`, such as padding="same".

    Returns:
        Function of a picture, shape (height, width), that returns the layer's output, float32,
        two-dimensional as well.
    """
    kernel = np.asarray(kernel, np.float32)
    layer = layers.Conv2D(1, kernel.shape, **options)
    layer.build((None, None, None, 1))
    layer.set_weights([kernel[..., None, None], np.array([bias], np.float32)])

    def convolve(picture):
        outputs = layer(np.asarray(picture, np.float32)[None, ..., None])
        return keras.ops.convert_to_numpy(outputs)[0, ..., 0]

    return convolve


def dense_as_convolution(dense: Any, input_shape: tuple[int, int, int]) -> Any:
    """Rewrite a dense layer after `Flatten` as a convolution, which takes larger pictures too.

    Source: B Q4-6. The kernel is as large as the dense layer's input, with a filter for each
    neuron. On such an input both compute the same numbers, and on a larger one the convolution
    computes what the dense layer does for every window.

    Args:
        dense: A built `keras.layers.Dense`.
        input_shape: Of what is flattened, (height, width, channels).

    Returns:
        A built `keras.layers.Conv2D`: (batch, height, width, channels) → (batch, 1, 1, neurons),
        or more rows and columns for larger inputs.

    Raises:
        ValueError: If the dense layer takes another number of inputs.
    """
    weights, *bias = dense.get_weights()
    if np.prod(input_shape) != len(weights):
        raise ValueError(
            f"a dense layer of {len(weights):,} inputs does not fit on an input of shape "
            f"{tuple(input_shape)}, which has {np.prod(input_shape):,} numbers"
        )
    height, width, channels = input_shape
    layer = layers.Conv2D(
        dense.units, (height, width), activation=dense.activation, use_bias=dense.use_bias
    )
    layer.build((None, None, None, channels))
    layer.set_weights([weights.reshape(height, width, channels, -1), *bias])
    return layer


def pixels_read(model: Any) -> dict[str, NDArray[np.bool_]]:
    """Return which pixels reach the middle output of each convolution and pooling.

    They are found by trial: pictures of one bright pixel each go through the model with its weights
    made positive, so that no pixel's effect is lost in a sum, a ReLU or a maximum.

    Args:
        model: A Keras model whose convolutions and poolings come first, with biases that start
            at 0. It is left as it is.

    Returns:
        Name of the layer → truth values, shape (height, width).
    """
    model = keras.models.clone_model(model)
    for weight in model.trainable_weights:
        weight.assign(keras.ops.abs(weight))
    _, height, width, channels = model.input_shape
    kinds = (layers.Conv2D, layers.MaxPooling2D)
    middle = {
        layer.name: layer.output[:, layer.output.shape[1] // 2, layer.output.shape[2] // 2]
        for layer in model.layers
        if isinstance(layer, kinds)
    }
    one_bright = np.eye(height * width, dtype=np.float32).reshape(-1, height, width, 1)
    pictures = np.repeat(one_bright, channels, axis=-1)
    outputs = keras.Model(model.inputs, middle).predict(pictures, batch_size=128, verbose=0)
    return {
        name: (output > 0).any(axis=-1).reshape(height, width) for name, output in outputs.items()
    }
