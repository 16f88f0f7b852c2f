"""A check of a layer's gradients against differences, TensorFlow and Keras."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest
import tensorflow as tf

from models.from_scratch import numerical_gradient, relative_error

TOLERANCE = 1e-6


def _taped(function, x, parameters, gradient):
    """A TensorFlow function's output, and its gradients by automatic differentiation."""
    with tf.GradientTape() as tape:
        tape.watch([x, *parameters])
        outputs = function(x)
    gradients = tape.gradient(
        outputs, [x, *parameters], output_gradients=gradient, unconnected_gradients="zero"
    )
    return [outputs.numpy(), *(part.numpy() for part in gradients)]


def _assert_close(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert relative_error(one, other) <= TOLERANCE


def _check_layer(layer, x, formula, keras_layer):
    """Check output and gradients of a layer, ∂L/∂x first, for L = Σ y·δ with a random δ.

    Args:
        layer: not built yet.
        x: a float64 batch.
        formula: the layer in TensorFlow, a function of x and the parameters.
        keras_layer: the same layer of dtype float64, or a model of it.
    """
    rng = np.random.default_rng([7, x.size])
    output_shape = layer.build(x.shape[1:], np.float64, rng)
    for parameter in layer.parameters:
        parameter[...] = rng.normal(size=parameter.shape)
    outputs = layer.forward(x)
    assert outputs.shape == (len(x), *output_shape)
    gradient = rng.normal(size=outputs.shape)
    ours = [outputs, layer.backward(gradient), *layer.gradients]
    layer.gradients = []
    layer.backward_to_parameters(gradient)
    for one, other in zip(layer.gradients, ours[2:], strict=True):
        np.testing.assert_array_equal(one, other)

    def loss(_):
        return np.sum(layer.forward(x) * gradient)

    _assert_close(ours[1:], [numerical_gradient(loss, array) for array in [x, *layer.parameters]])

    parameters = [tf.constant(parameter) for parameter in layer.parameters]
    inputs = tf.constant(x)
    _assert_close(ours, _taped(lambda x: formula(x, *parameters), inputs, parameters, gradient))

    keras_layer.build(x.shape)
    keras_layer.set_weights(layer.parameters)
    variables = [variable.value for variable in keras_layer.trainable_variables]
    _assert_close(ours, _taped(keras_layer, inputs, variables, gradient))


@pytest.fixture(scope="session")
def check_layer():
    return _check_layer
