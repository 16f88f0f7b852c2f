"""Dense and convolutional image classifiers."""

import math

import keras
import numpy as np
from keras import layers

from .augmentation import AUGMENTATIONS


def _zeros(seed):
    return keras.initializers.Zeros()


INITIALIZERS = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "he_normal": keras.initializers.HeNormal,
    "zeros": _zeros,
}
"""Name → initializer of weights, a function of a seed: U(±√(6/(n_in + n_out))) of Glorot and Bengio
(2010), N(0, 2/n_in) (truncated) of He et al. (2015), and E's zeros."""


def dense_classifier(
    input_shape,
    hidden=(128,),
    dropout=0.0,
    activation="relu",
    classes=10,
    scaling=None,
    seed=None,
    initializer="glorot_uniform",
    l1=0.0,
    l2=0.0,
):
    """A dense network: flatten, hidden layers, one logit for each class.

    Source: A, sections 1 and 5.2. Layer j computes x_j = v(W_j x_{j-1} + b_j).
    Parameters: the sum over layers of n_{j-1}·n_j + n_j.

    Args:
        input_shape: shape of one example, such as (28, 28); uint8 or float.
        hidden: neurons of each hidden layer; () gives softmax regression.
        dropout: share of each hidden layer's outputs dropped in training, in [0, 1).
        activation: name of a Keras activation, after each hidden layer.
        classes: number of logits.
        scaling: factor on the inputs, such as 1/255; None leaves them as they are.
        seed: of the initial weights and the dropout masks; None draws at random.
        initializer: of the weights, a key of `INITIALIZERS`.
        l1: the loss gains l1·Σ|w| over the weights of all layers, without the biases.
        l2: the loss gains l2·Σw²; E's λ is 2·l2.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).

    Raises:
        ValueError: when a size is not positive, dropout lies outside [0, 1), l1 or l2 is negative,
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
        outputs, hidden, dropout, activation, classes, seeds, INITIALIZERS[initializer],
        keras.regularizers.L1L2(l1, l2) if l1 or l2 else None,
    )  # fmt: skip
    return keras.Model(inputs, outputs, name="dense_classifier")


def cnn_classifier(
    input_shape,
    filters=(32, 64),
    kernel_size=3,
    pool_size=2,
    padding="valid",
    block_dropout=0.0,
    augmentation=(),
    hidden=(128,),
    dropout=0.0,
    activation="relu",
    classes=10,
    scaling=None,
    seed=None,
    batch_normalisation=False,
):
    """A convolutional network: blocks of convolution and max pooling, then a dense head.

    Source: A, section 6. The default is A's pair of 3x3 convolutions with 32 and 64 filters. A
    convolution of N filters over C channels has N·(kernel_size²·C + 1) parameters.

    Args:
        input_shape: shape of one image, (height, width) or (height, width, channels).
        filters: filters of each block; each block is convolution, activation, max pooling.
        kernel_size: height and width of the filters.
        pool_size: height, width and stride of the pooling windows.
        padding: "valid" or "same", of the convolutions.
        block_dropout: share of each block's outputs dropped in training, in [0, 1).
        augmentation: of the images in training, in the order given: "crop" moves each by up to an
            eighth of its height, "flip" mirrors it left to right with probability ½, "affine"
            turns it by up to 90° either way and scales it by 0.9 to 1.1.
        hidden: neurons of the dense layers between the blocks and the logits.
        dropout: share of each hidden dense layer's outputs dropped in training, in [0, 1).
        activation: name of a Keras activation, after each convolution and hidden layer.
        classes: number of logits.
        scaling: factor on the inputs, such as 1/255; None leaves them as they are.
        seed: of the initial weights and the dropout masks; None draws at random.
        batch_normalisation: normalise between each convolution and its activation over the batch.
            (Ioffe and Szegedy 2015; B 3.5) Two parameters more for each filter.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).

    Raises:
        ValueError: when a size is not positive, a dropout lies outside [0, 1), an augmentation is
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
                f"filters has {len(filters)} blocks, but block {block} finds an image of "
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
    outputs,
    hidden,
    dropout,
    activation,
    classes,
    seeds,
    initializer=keras.initializers.GlorotUniform,
    regularizer=None,
):
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


def _augmented(outputs, augmentation, seeds):
    for name in augmentation:
        if name not in AUGMENTATIONS:
            raise ValueError(
                f"unknown augmentation {name!r}; choose from {', '.join(AUGMENTATIONS)}"
            )
        outputs = AUGMENTATIONS[name](seed=next(seeds), name=name)(outputs)
    return outputs


def image_input(input_shape, scaling, channels=False):
    """The input of a model, and what its first layer sees: scaled and, if asked, with channels."""
    inputs = keras.Input(input_shape, name="image")
    outputs = inputs if scaling is None else layers.Rescaling(scaling, name="scaling")(inputs)
    if channels and len(input_shape) == 2:
        outputs = layers.Reshape((*input_shape, 1), name="channel")(outputs)
    return inputs, outputs


def layer_seeds(seed):
    """One seed for each layer, so that equal layers do not start equal."""
    generator = None if seed is None else np.random.default_rng(seed)
    while True:
        yield None if generator is None else int(generator.integers(2**31))


def _check(dropout, block_dropout=0, **sizes):
    for name, values in sizes.items():
        if any(not math.isfinite(v) or v < 1 or v != int(v) for v in values):
            raise ValueError(f"{name} must be whole numbers of at least 1, not {values}")
    for name, share in (("dropout", dropout), ("block_dropout", block_dropout)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} must be a number in [0, 1), not {share}")
