"""The courses' own networks as Keras models; `models.from_scratch` has them in NumPy."""

import keras
from keras import layers

from .classifiers import cnn_classifier, image_input, layer_seeds


def tanh_network(input_shape, hidden=(100,), classes=10, scaling=None, seed=None):
    """B's network: one hidden layer with tanh, all parameters drawn from N(0, 0.3²).

    Source: B, sections 1.1.2 and 1.2.1. h = tanh(W_h x + b_h), logits = W_y h + b_y.

    Args:
        input_shape: shape of one example, such as (28, 28).
        hidden: neurons of the hidden layer, (n_h,).
        classes: number of logits, n_y.
        scaling: factor on the inputs, such as 1/255; None leaves them as they are.
        seed: of the initial parameters; None draws at random.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).
    """
    seeds = layer_seeds(seed)

    def normal():
        return keras.initializers.RandomNormal(0.0, 0.3, next(seeds))

    inputs, outputs = image_input(input_shape, scaling)
    outputs = layers.Flatten(name="flatten")(outputs)
    for number, neurons in enumerate(hidden, start=1):
        outputs = layers.Dense(
            neurons, "tanh", kernel_initializer=normal(), bias_initializer=normal(),
            name=f"hidden_{number}",
        )(outputs)  # fmt: skip
    outputs = layers.Dense(
        classes, kernel_initializer=normal(), bias_initializer=normal(), name="logits"
    )(outputs)
    return keras.Model(inputs, outputs, name="tanh_network")


def numpy_cnn(input_shape, classes=10, scaling=None, seed=None):
    """Numpy-CNN's network: two convolutions of 8 filters, max pooling, 128 dense neurons.

    Source: D, section 3. Convolutions of 5x5 without padding, each with ReLU; 2x2 max pooling;
    ReLU behind the dense layer. On 28x28 pixels it has 105,634 parameters.

    Args:
        input_shape: shape of one image, (height, width) or (height, width, channels).
        classes: number of logits.
        scaling: factor on the inputs, such as 1/255; None leaves them as they are.
        seed: of the initial weights, drawn as Keras does by default; None draws at random.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).
    """
    seeds = layer_seeds(seed)

    def uniform():
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
    input_shape,
    dropout=0.0,
    batch_normalisation=False,
    augmentation=(),
    classes=10,
    scaling=None,
    seed=None,
):
    """B's network for CIFAR-10: three 5x5 convolutions, each with 2x2 max pooling, 1000 neurons.

    Source: B, section 2.2. Convolutions of 32, 64 and 64 filters that keep the image's size; on
    32x32x3 pixels it has 1,191,170 parameters: B's 1,190,160 weights and the biases of the dense
    layers. The options are the steps of B's section 3.

    Args:
        input_shape: shape of one image, (height, width, channels).
        dropout: share of the 1000 neurons' outputs dropped in training, in [0, 1).
        batch_normalisation: normalise after each convolution, as in `cnn_classifier`.
        augmentation: of the images in training, as in `cnn_classifier`.
        classes: number of logits.
        scaling: factor on the inputs, such as 1/255; None leaves them as they are.
        seed: of the initial weights, dropout masks and augmentation; None draws at random.

    Returns:
        A `keras.Model`: (batch, *input_shape) → logits, float32, shape (batch, classes).

    Raises:
        ValueError: as `cnn_classifier`.
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
