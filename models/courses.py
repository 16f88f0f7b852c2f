"""The courses' own networks as Keras models; `models.from_scratch` has them in NumPy."""

from collections.abc import Sequence

import keras
from keras import layers

from .classifiers import cnn_classifier, image_input, layer_seeds


def tanh_network(
    input_shape: Sequence[int],
    hidden: Sequence[int] = (100,),
    classes: int = 10,
    scaling: float | None = None,
    seed: int | None = None,
) -> keras.Model:
    """B's network: one hidden layer with tanh, all parameters drawn from N(0, 0.3²).

    Source: B, sections 1.1.2 and 1.2.1. h = tanh(W_h x + b_h), logits = W_y h + b_y.

    Args:
        input_shape: tuple of ints, shape of one example, such as (28, 28).
        hidden: tuple of one int, neurons of the hidden layer, (n_h,). Defaults to (100,).
        classes: int, number of logits, n_y. Defaults to 10.
        scaling: float or None, factor applied to the inputs, such as 1/255. Defaults to None, no
            scaling.
        seed: int or None, seed of the initial parameters. Defaults to None, random.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).
    """
    seeds = layer_seeds(seed)

    def normal() -> keras.Initializer:
        return keras.initializers.RandomNormal(0.0, 0.3, next(seeds))

    inputs, outputs = image_input(input_shape, scaling)
    outputs = layers.Flatten(name="flatten")(outputs)
    for number, neurons in enumerate(hidden, start=1):
        outputs = layers.Dense(
            neurons,
            "tanh",
            kernel_initializer=normal(),
            bias_initializer=normal(),
            name=f"hidden_{number}",
        )(outputs)
    outputs = layers.Dense(
        classes, kernel_initializer=normal(), bias_initializer=normal(), name="logits"
    )(outputs)
    return keras.Model(inputs, outputs, name="tanh_network")


def numpy_cnn(
    input_shape: Sequence[int],
    classes: int = 10,
    scaling: float | None = None,
    seed: int | None = None,
) -> keras.Model:
    """Numpy-CNN's network: two convolutions of 8 filters, max pooling, 128 dense neurons.

    Source: D, section 3. Convolutions of 5x5 without padding, each with ReLU; 2x2 max pooling;
    ReLU after the dense layer. On 28x28 pixels it has 105,634 parameters.

    Args:
        input_shape: tuple (height, width) or (height, width, channels), shape of one image.
        classes: int, number of logits. Defaults to 10.
        scaling: float or None, factor applied to the inputs, such as 1/255. Defaults to None, no
            scaling.
        seed: int or None, seed of the initial weights, drawn by Keras's default initializer.
            Defaults to None, random.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).
    """
    seeds = layer_seeds(seed)

    def uniform() -> keras.Initializer:
        return keras.initializers.GlorotUniform(next(seeds))

    inputs, outputs = image_input(input_shape, scaling, channels=True)
    for number in (1, 2):
        outputs = layers.Conv2D(
            8, 5, activation="relu", kernel_initializer=uniform(), name=f"conv_{number}"
        )(outputs)
    outputs = layers.MaxPooling2D(2, name="pool")(outputs)
    outputs = layers.Flatten(name="flatten")(outputs)
    outputs = layers.Dense(128, "relu", kernel_initializer=uniform(), name="hidden")(outputs)
    outputs = layers.Dense(classes, kernel_initializer=uniform(), name="logits")(outputs)
    return keras.Model(inputs, outputs, name="numpy_cnn")


def cifar_cnn(
    input_shape: Sequence[int],
    dropout: float = 0.0,
    batch_normalisation: bool = False,
    augmentation: Sequence[str] = (),
    classes: int = 10,
    scaling: float | None = None,
    seed: int | None = None,
) -> keras.Model:
    """B's network for CIFAR-10: three 5x5 convolutions, each with 2x2 max pooling, 1000 neurons.

    Source: B, section 2.2. The convolutions have 32, 64 and 64 filters and preserve the image's
    size. On 32x32x3 pixels the network has 1,191,170 parameters: B's 1,190,160 weights and the
    biases of the dense layers. The options are the steps of B's section 3.

    Args:
        input_shape: tuple (height, width, channels), shape of one image.
        dropout: float in [0, 1), fraction of the 1000 neurons' outputs dropped in training.
            Defaults to 0.0.
        batch_normalisation: bool, normalise after each convolution, see `cnn_classifier`. Defaults
            to False.
        augmentation: tuple of str, augmentations of the training images, see `cnn_classifier`.
            Defaults to ().
        classes: int, number of logits. Defaults to 10.
        scaling: float or None, factor applied to the inputs, such as 1/255. Defaults to None, no
            scaling.
        seed: int or None, seed of the initial weights, the dropout masks and the augmentations.
            Defaults to None, random.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).

    Raises:
        ValueError: see `cnn_classifier`.
    """
    return cnn_classifier(
        input_shape,
        filters=(32, 64, 64),
        kernel_size=5,
        padding="same",
        batch_normalisation=batch_normalisation,
        augmentation=augmentation,
        hidden=(1000,),
        dropout=dropout,
        classes=classes,
        scaling=scaling,
        seed=seed,
    )
