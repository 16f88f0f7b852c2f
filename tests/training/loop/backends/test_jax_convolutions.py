"""Convolutions as matrix products, against Keras's own layers."""

import keras
import numpy as np
import pytest

if keras.backend.backend() != "jax":
    pytest.skip("needs Keras on JAX", allow_module_level=True)

import jax

from training.loop.backends.jax_convolutions import convolutions_as_products

rng = np.random.default_rng([0])


def outputs_and_gradient(layer, images):
    """A layer's output, and the gradients of a function of it for weights and images."""

    def loss(weights, images):
        outputs, _ = layer.stateless_call(weights, [], images)
        return (outputs * np.sin(np.arange(outputs.size)).reshape(outputs.shape)).sum()

    weights = [weight.value for weight in layer.trainable_variables]
    outputs, _ = layer.stateless_call(weights, [], images)
    return jax.tree.leaves((outputs, jax.grad(loss, argnums=(0, 1))(weights, images)))


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.Conv2D(4, (2, 5), padding="same", use_bias=False),
        keras.layers.Conv2D(4, 4, padding="same", bias_initializer="ones"),
        keras.layers.Conv2D(4, 1),
        keras.layers.MaxPooling2D(2),
        keras.layers.MaxPooling2D((3, 2)),
    ],
)
def test_numbers_are_those_of_keras(layer):
    images = rng.integers(4, size=(3, 8, 9, 2)).astype("float32")  # many equal pixels
    layer.build(images.shape)
    model = keras.Sequential([keras.Input(images.shape[1:]), layer])
    theirs = outputs_and_gradient(layer, images)
    with convolutions_as_products(model):
        assert "call" in vars(layer)
        ours = outputs_and_gradient(layer, images)
    assert "call" not in vars(layer)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


class Own(keras.layers.Conv2D):
    """A subclass may compute anything."""


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3, strides=2),
        keras.layers.Conv2D(4, 3, dilation_rate=2),
        keras.layers.Conv2D(4, 3, groups=2),
        Own(4, 3),
        keras.layers.MaxPooling2D(3, strides=1),
        keras.layers.MaxPooling2D(2, padding="same"),
        keras.layers.AveragePooling2D(2),
    ],
)
def test_other_layers_are_left_alone(layer):
    model = keras.Sequential([keras.Input((8, 9, 2)), layer])
    with convolutions_as_products(model):
        assert "call" not in vars(layer)
