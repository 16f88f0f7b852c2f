import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
from scipy.signal import correlate2d

from experiments.analyses.convolution_arithmetic.convolutions import (
    convolution,
    dense_as_convolution,
    pixels_read,
)
from models import cnn_classifier


def numbers(*shape):
    return np.random.default_rng([len(shape), *shape]).integers(-5, 6, size=shape).astype("float32")


def test_convolution_has_the_kernel_and_the_bias():
    picture, kernel = numbers(7, 9), numbers(3, 2)
    outputs = convolution(kernel, bias=2.5)(picture)
    np.testing.assert_array_equal(outputs, correlate2d(picture, kernel, mode="valid") + 2.5)


def test_options_reach_the_layer():
    assert convolution(numbers(3, 3), padding="same", strides=2)(numbers(7, 7)).shape == (4, 4)


@pytest.fixture
def dense():
    layer = keras.layers.Dense(4, activation="relu")
    layer.build((None, 2 * 3 * 5))
    layer.set_weights([numbers(30, 4), numbers(4)])
    return layer


def test_a_dense_layer_is_a_convolution(dense):
    picture = numbers(8, 2, 3, 5)
    outputs = dense_as_convolution(dense, (2, 3, 5))(picture)
    assert outputs.shape == (8, 1, 1, 4)
    np.testing.assert_array_equal(np.asarray(outputs)[:, 0, 0], dense(picture.reshape(8, 30)))


def test_on_a_larger_picture_it_is_the_dense_layer_on_every_window(dense):
    picture = numbers(1, 6, 7, 5)
    outputs = np.asarray(dense_as_convolution(dense, (2, 3, 5))(picture))[0]
    assert outputs.shape == (5, 5, 4)
    for row, column in np.ndindex(5, 5):
        window = picture[:, row : row + 2, column : column + 3].reshape(1, 30)
        np.testing.assert_array_equal(outputs[row, column], np.asarray(dense(window))[0])


def test_a_dense_layer_without_bias():
    layer = keras.layers.Dense(4, use_bias=False)
    layer.build((None, 6))
    picture = numbers(3, 2, 3, 1)
    outputs = np.asarray(dense_as_convolution(layer, (2, 3, 1))(picture))[:, 0, 0]
    np.testing.assert_allclose(outputs, layer(picture.reshape(3, 6)), atol=1e-5)


def test_a_dense_layer_of_another_size_is_refused(dense):
    with pytest.raises(ValueError, match=r"30 inputs does not fit .* \(2, 2, 5\), which has 20"):
        dense_as_convolution(dense, (2, 2, 5))


def test_pixels_read_of_a_network():
    model = cnn_classifier((10, 10, 2), filters=(3, 3), kernel_size=3, hidden=(), seed=0)
    before = [weight.numpy() for weight in model.weights]
    read = pixels_read(model)
    assert list(read) == ["conv_1", "pool_1", "conv_2", "pool_2"]
    # Outputs of 8, 4, 2 and 1 pixels; middles 4, 2, 1, 0; fields of 3, 4, 8 and 10.
    for name, first, field in [
        ("conv_1", 4, 3),
        ("pool_1", 4, 4),
        ("conv_2", 2, 8),
        ("pool_2", 0, 10),
    ]:
        expected = np.zeros((10, 10), bool)
        expected[first : first + field, first : first + field] = True
        np.testing.assert_array_equal(read[name], expected, err_msg=name)
    for weight, kept in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), kept)
