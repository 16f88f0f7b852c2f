"""Dense and convolutional image classifiers."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from .augmentation import AUGMENTATIONS


def _zeros(seed: int | None) -> keras.Initializer:
    return keras.initializers.Zeros()


INITIALIZERS: dict[str, Callable[[int | None], keras.Initializer]] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "he_normal": keras.initializers.HeNormal,
    "zeros": _zeros,
}
"""Name → function of a seed that makes an initializer of weights: U(±√(6/(n_in + n_out))) of Glorot
and Bengio (2010), N(0, 2/n_in) (truncated) of He et al. (2015), and E's zeros."""


def dense_classifier(
    input_shape: Sequence[int],
    hidden: Sequence[int] = (128,),
    dropout: float = 0.0,
    activation: str = "relu",
    classes: int = 10,
    scaling: float | None = None,
    seed: int | None = None,
    initializer: str = "glorot_uniform",
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """A dense network: flatten, hidden layers, one logit for each class.

    Source: A, sections 1 and 5.2. Layer j computes x_j = v(W_j x_{j-1} + b_j).
    Parameters: the sum over layers of n_{j-1}·n_j + n_j.

    Args:
        input_shape: tuple of ints, shape of one example, such as (28, 28); uint8 or float.
        hidden: tuple of ints, neurons of each hidden layer; () gives softmax regression. Defaults
            to (128,).
        dropout: float in [0, 1), fraction of each hidden layer's outputs dropped in training.
            Defaults to 0.0.
        activation: str, name of the Keras activation after each hidden layer. Defaults to "relu".
        classes: int, number of logits. Defaults to 10.
        scaling: float or None, factor applied to the inputs, such as 1/255. Defaults to None, no
            scaling.
        seed: int or None, seed of the initial weights and the dropout masks. Defaults to None,
            random.
        initializer: str, initializer of the weights, a key of `INITIALIZERS`. Defaults to
            "glorot_uniform".
        l1: float, at least 0; adds l1·Σ|w| to the loss, over the weights of all layers without the
            biases. Defaults to 0.0.
        l2: float, at least 0; adds l2·Σw² to the loss; E's λ is 2·l2. Defaults to 0.0.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).

    Raises:
        ValueError: if a size is not positive, dropout lies outside [0, 1), l1 or l2 is negative,
            or the initializer is unknown.
    """
    _check(hidden=hidden, classes=(classes,), dropout=dropout)
    if initializer not in INITIALIZERS:
        raise ValueError(
            f"unknown initializer {initializer!r}; choose from {', '.join(INITIALIZERS)}"
        )
    if not (0 <= l1 < math.inf and 0 <= l2 < math.inf):
        raise ValueError(f"l1 and l2 must be numbers of at least 0, not {l1} and {l2}")
    seeds = layer_seeds(seed)
    inputs, outputs = image_input(input_shape, scaling)
    outputs = layers.Flatten(name="flatten")(outputs)
    outputs = _dense_head(
        outputs,
        hidden,
        dropout,
        activation,
        classes,
        seeds,
        INITIALIZERS[initializer],
        keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
    )
    return keras.Model(inputs, outputs, name="dense_classifier")


def cnn_classifier(
    input_shape: Sequence[int],
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    pool_size: int = 2,
    padding: str = "valid",
    block_dropout: float = 0.0,
    augmentation: Sequence[str] = (),
    hidden: Sequence[int] = (128,),
    dropout: float = 0.0,
    activation: str = "relu",
    classes: int = 10,
    scaling: float | None = None,
    seed: int | None = None,
    batch_normalisation: bool = False,
) -> keras.Model:
    """A convolutional network: blocks of convolution and max pooling, then a dense head.

    Source: A, section 6. The default is A's pair of 3x3 convolutions with 32 and 64 filters. A
    convolution of N filters over C channels has N·(kernel_size²·C + 1) parameters.

    Args:
        input_shape: tuple (height, width) or (height, width, channels), shape of one image.
        filters: tuple of ints, filters of each block; a block is convolution, activation, max
            pooling. Defaults to (32, 64).
        kernel_size: int, height and width of the filters. Defaults to 3.
        pool_size: int, height, width and stride of the pooling windows. Defaults to 2.
        padding: "valid" or "same", padding of the convolutions. Defaults to "valid".
        block_dropout: float in [0, 1), fraction of each block's outputs dropped in training.
            Defaults to 0.0.
        augmentation: tuple of str, augmentations of the training images, applied in this order:
            "crop" shifts each image by up to an eighth of its height, "flip" mirrors it left to
            right with probability ½, "affine" rotates it by up to 90° in either direction and
            scales it by 0.9 to 1.1. Defaults to ().
        hidden: tuple of ints, neurons of the dense layers between the blocks and the logits.
            Defaults to (128,).
        dropout: float in [0, 1), fraction of each hidden dense layer's outputs dropped in
            training. Defaults to 0.0.
        activation: str, name of the Keras activation after each convolution and hidden layer.
            Defaults to "relu".
        classes: int, number of logits. Defaults to 10.
        scaling: float or None, factor applied to the inputs, such as 1/255. Defaults to None, no
            scaling.
        seed: int or None, seed of the initial weights, the dropout masks and the augmentations.
            Defaults to None, random.
        batch_normalisation: bool, normalise over the batch between each convolution and its
            activation (Ioffe and Szegedy 2015; B 3.5), with two more parameters for each filter.
            Defaults to False.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).

    Raises:
        ValueError: if a size is not positive, a dropout lies outside [0, 1), an augmentation is
            unknown, or the blocks leave no pixel of the image.
    """
    _check(
        filters=filters,
        kernel_size=(kernel_size,),
        pool_size=(pool_size,),
        hidden=hidden,
        classes=(classes,),
        dropout=dropout,
        block_dropout=block_dropout,
    )
    seeds = layer_seeds(seed)
    inputs, outputs = image_input(input_shape, scaling, channels=True)
    outputs = _augmented(outputs, augmentation, seeds)
    for block, count in enumerate(filters, start=1):
        side = min(outputs.shape[1:3]) - (kernel_size - 1 if padding == "valid" else 0)
        if side < pool_size:
            raise ValueError(
                f"filters has {len(filters)} blocks, but the input of block {block} is only "
                f"{outputs.shape[1]}x{outputs.shape[2]} pixels, too small for its convolution "
                "and pooling; use fewer blocks or padding='same'"
            )
        outputs = layers.Conv2D(
            count,
            kernel_size,
            padding=padding,
            activation=None if batch_normalisation else activation,
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            name=f"conv_{block}",
        )(outputs)
        if batch_normalisation:
            outputs = layers.BatchNormalization(name=f"batch_normalisation_{block}")(outputs)
            outputs = layers.Activation(activation, name=f"activation_{block}")(outputs)
        outputs = layers.MaxPooling2D(pool_size, name=f"pool_{block}")(outputs)
        if block_dropout > 0:
            outputs = layers.Dropout(
                block_dropout, seed=next(seeds), name=f"block_dropout_{block}"
            )(outputs)
    outputs = layers.Flatten(name="flatten")(outputs)
    outputs = _dense_head(outputs, hidden, dropout, activation, classes, seeds)
    return keras.Model(inputs, outputs, name="cnn_classifier")


def _dense_head(
    outputs: Any,
    hidden: Sequence[int],
    dropout: float,
    activation: str,
    classes: int,
    seeds: Iterator[int | None],
    initializer: Callable[[int | None], keras.Initializer] = keras.initializers.GlorotUniform,
    regularizer: keras.Regularizer | None = None,
) -> Any:
    for number, neurons in enumerate(hidden, start=1):
        outputs = layers.Dense(
            neurons,
            activation=activation,
            kernel_initializer=initializer(next(seeds)),
            kernel_regularizer=regularizer,
            name=f"hidden_{number}",
        )(outputs)
        if dropout > 0:
            outputs = layers.Dropout(dropout, seed=next(seeds), name=f"dropout_{number}")(outputs)
    return layers.Dense(
        classes,
        kernel_initializer=initializer(next(seeds)),
        kernel_regularizer=regularizer,
        name="logits",
    )(outputs)


def _augmented(outputs: Any, augmentation: Sequence[str], seeds: Iterator[int | None]) -> Any:
    for name in augmentation:
        if name not in AUGMENTATIONS:
            raise ValueError(
                f"unknown augmentation {name!r}; choose from {', '.join(AUGMENTATIONS)}"
            )
        outputs = AUGMENTATIONS[name](seed=next(seeds), name=name)(outputs)
    return outputs


def image_input(
    input_shape: Sequence[int], scaling: float | None, channels: bool = False
) -> tuple[Any, Any]:
    """The input of a model, and that of its first layer: scaled, and given a channel axis.

    Args:
        input_shape: tuple of ints, shape of one example.
        scaling: float or None, factor applied to the inputs.
        channels: bool, whether to add an axis of one channel to images without one. Defaults to
            False.

    Returns:
        Two `KerasTensor`s.
    """
    inputs = keras.Input(input_shape, name="image")
    outputs = inputs if scaling is None else layers.Rescaling(scaling, name="scaling")(inputs)
    if channels and len(input_shape) == 2:
        outputs = layers.Reshape((*input_shape, 1), name="channel")(outputs)
    return inputs, outputs


def layer_seeds(seed: int | None) -> Iterator[int | None]:
    """Seeds for the layers of a model, so that identical layers start with different weights.

    Args:
        seed: int or None, seed of the model.

    Yields:
        A seed for the next layer; None if the model has none.
    """
    generator = None if seed is None else np.random.default_rng(seed)
    while True:
        yield None if generator is None else int(generator.integers(2**31))


def _check(dropout: float, block_dropout: float = 0, **sizes: Sequence[float]) -> None:
    for name, values in sizes.items():
        if any(not math.isfinite(v) or v < 1 or v != int(v) for v in values):
            raise ValueError(f"{name} must be whole numbers of at least 1, not {values}")
    for name, share in (("dropout", dropout), ("block_dropout", block_dropout)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} must be a number in [0, 1), not {share}")
