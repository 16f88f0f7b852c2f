import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.from_scratch import MaxPooling

few = st.integers(1, 3)
sides = st.integers(1, 8)


def with_patches(size, stride):
    """Max pooling as the maximum over patches, in TensorFlow."""

    def formula(x):
        patches = tf.image.extract_patches(
            x, [1, size, size, 1], [1, stride, stride, 1], [1, 1, 1, 1], "VALID"
        )
        windows = tf.reshape(patches, (*patches.shape[:3], size**2, x.shape[-1]))
        return tf.reduce_max(windows, axis=3)

    return formula


@given(
    batch=few,
    height=sides,
    width=sides,
    channels=few,
    size=st.integers(1, 4),
    stride=st.integers(1, 4),
)
@settings(deadline=None, max_examples=25)
def test_gradients(check_layer, batch, height, width, channels, size, stride):
    assume(min(height, width) >= size)
    check_layer(
        MaxPooling(size, stride),
        np.random.default_rng(0).normal(size=(batch, height, width, channels)),
        with_patches(size, stride),
        keras.layers.MaxPooling2D(size, stride, dtype="float64"),
    )


@given(seed=st.integers(0, 99), size=st.integers(2, 3), stride=st.integers(1, 3))
@settings(deadline=None, max_examples=25)
def test_of_equal_maxima_the_one_of_tensorflow_takes_the_gradient(seed, size, stride):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, size=(2, 7, 6, 2)).astype(np.float64)
    layer = MaxPooling(size, stride)
    layer.build(x.shape[1:], np.float64, rng)
    gradient = rng.normal(size=layer.forward(x).shape)
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = keras.layers.MaxPooling2D(size, stride, dtype="float64")(inputs)
    theirs = tape.gradient(outputs, inputs, gradient)
    np.testing.assert_allclose(layer.backward(gradient), theirs, atol=1e-12)


def test_overlapping_windows_add_their_gradients():
    x = np.array([[0, 1, 0], [2, 9, 3], [0, 1, 0]], np.float64)[None, ..., None]
    layer = MaxPooling(2, stride=1)
    layer.build((3, 3, 1), np.float64, None)
    np.testing.assert_array_equal(layer.forward(x), np.full((1, 2, 2, 1), 9))
    expected = np.zeros((1, 3, 3, 1))
    expected[0, 1, 1] = 1 + 2 + 3 + 4
    gradient = np.arange(1.0, 5).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(layer.backward(gradient), expected)


def test_windows_lie_side_by_side_by_default():
    layer = MaxPooling(3)
    assert layer.build((7, 11, 2), np.float32, None) == (2, 3, 2)


def test_forward_leaves_its_input_alone():
    x = np.random.default_rng(0).normal(size=(1, 4, 4, 1))
    before = x.copy()
    layer = MaxPooling(2)
    layer.build((4, 4, 1), np.float64, None)
    layer.forward(x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("arguments", [{"size": 0}, {"size": 1.5}, {"size": 2, "stride": 0}])
def test_other_sizes_are_refused(arguments):
    with pytest.raises(ValueError, match=r"(size|stride) must be a whole number of at least 1"):
        MaxPooling(**arguments)


def test_a_window_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="3x3 pixels does not fit into an image of 5x2"):
        MaxPooling(3, 1).build((5, 2, 1), np.float32, None)


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"\(height, width, channels\), not \(28, 28\)"):
        MaxPooling(2).build((28, 28), np.float32, None)
