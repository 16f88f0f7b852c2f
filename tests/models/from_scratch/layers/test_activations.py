import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.from_scratch import ReLU, Sigmoid, Softmax, Tanh
from models.from_scratch.layers.activations import sigmoid, softmax

LAYERS = {
    "sigmoid": (Sigmoid, lambda x: 1 / (1 + tf.exp(-x))),
    "tanh": (Tanh, lambda x: (tf.exp(x) - tf.exp(-x)) / (tf.exp(x) + tf.exp(-x))),
    "relu": (ReLU, lambda x: tf.where(x > 0, x, 0)),
    "softmax": (Softmax, lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x), axis=-1, keepdims=True)),
}


@pytest.mark.parametrize("name", LAYERS)
@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    scale=st.sampled_from([0.1, 1.0]),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=20)
def test_gradients(check_layer, name, shape, scale, seed):
    if name == "softmax":
        shape[-1] += 1  # of one number softmax is 1, and its gradient rounding
    layer, formula = LAYERS[name]
    x = scale * np.random.default_rng(seed).normal(size=shape)
    check_layer(layer(), x, formula, keras.layers.Activation(name, dtype="float64"))


@pytest.mark.parametrize("name", LAYERS)
def test_float32_stays(name):
    layer = LAYERS[name][0]()
    outputs = layer.forward(np.ones((2, 3), np.float32))
    assert outputs.dtype == layer.backward(outputs).dtype == np.float32


def test_softmax_of_one_number():
    layer = Softmax()
    np.testing.assert_array_equal(layer.forward(np.array([[3.0]])), [[1]])
    np.testing.assert_array_equal(layer.backward(np.array([[2.0]])), [[0]])


def test_no_gradient_at_the_corner_of_relu():
    x = np.array([[-0.0, 0.0, 1.0]])
    layer = ReLU()
    layer.forward(x)
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.nn.relu(inputs)
    np.testing.assert_array_equal(layer.backward(np.ones_like(x)), tape.gradient(outputs, inputs))


def test_large_numbers_do_not_overflow():
    x = np.array([-1e4, -100, 0, 100, 1e4])
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(sigmoid(x), [0, np.exp(-100), 0.5, 1, 1], rtol=1e-12)
        np.testing.assert_allclose(softmax(x), [0, 0, 0, 0, 1])
