import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.from_scratch import Convolution

few = st.integers(1, 3)
sides = st.integers(1, 8)


def with_patches(size, stride, padding):
    """Convolution as a product with patches, in TensorFlow."""

    def formula(x, kernel, bias):
        if isinstance(padding, int):
            x = tf.pad(x, [[0, 0], [padding] * 2, [padding] * 2, [0, 0]])
        patches = tf.image.extract_patches(
            x,
            sizes=[1, size, size, 1],
            strides=[1, stride, stride, 1],
            rates=[1, 1, 1, 1],
            padding="SAME" if padding == "same" else "VALID",
        )
        return tf.tensordot(patches, tf.reshape(kernel, (-1, kernel.shape[-1])), 1) + bias

    return formula


def keras_convolution(filters, size, stride, padding):
    margin, padding = (padding, "valid") if isinstance(padding, int) else (0, padding)
    return keras.Sequential(
        [
            keras.layers.ZeroPadding2D(margin, dtype="float64"),
            keras.layers.Conv2D(filters, size, stride, padding, dtype="float64"),
        ]
    )


@given(
    batch=few,
    height=sides,
    width=sides,
    channels=few,
    filters=few,
    size=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.sampled_from(["valid", "same", 0, 1, 2]),
)
@settings(deadline=None, max_examples=25)
def test_gradients(check_layer, batch, height, width, channels, filters, size, stride, padding):
    margin = padding if isinstance(padding, int) else 0
    assume(padding == "same" or min(height, width) + 2 * margin >= size)
    check_layer(
        Convolution(filters, size, stride, padding),
        np.random.default_rng(0).normal(size=(batch, height, width, channels)),
        with_patches(size, stride, padding),
        keras_convolution(filters, size, stride, padding),
    )


@pytest.mark.parametrize(
    ("side", "size", "stride", "padding"),
    # Of the first, padding "same" is one longer below; in the others pixels stay unused.
    [(5, 4, 1, "same"), (6, 3, 2, "same"), (8, 3, 2, "valid"), (7, 2, 3, 1), (5, 1, 3, "valid")],
)
def test_uneven_edges(check_layer, side, size, stride, padding):
    check_layer(
        Convolution(2, size, stride, padding),
        np.random.default_rng(0).normal(size=(2, side, side + 1, 2)),
        with_patches(size, stride, padding),
        keras_convolution(2, size, stride, padding),
    )


def test_float32_stays():
    layer, x = Convolution(3, 2, 2, 1), np.ones((2, 4, 4, 1), np.float32)
    layer.build((4, 4, 1), np.float32, np.random.default_rng(0))
    outputs = layer.forward(x)
    dtypes = {array.dtype for array in (outputs, layer.backward(outputs), *layer.gradients)}
    assert dtypes == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["filters", "kernel_size", "stride"])
@pytest.mark.parametrize("size", [0, -2, 1.5, True])
def test_other_sizes_are_refused(name, size):
    arguments = {"filters": 1, "kernel_size": 1, "stride": 1, name: size}
    with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1, not"):
        Convolution(**arguments)


def build(layer, shape):
    return layer.build(shape, np.float32, np.random.default_rng(0))


@pytest.mark.parametrize("padding", ["full", -1, 0.5])
def test_other_paddings_are_refused(padding):
    with pytest.raises(ValueError, match="padding must be 'valid', 'same' or a whole number"):
        build(Convolution(1, 3, padding=padding), (5, 5, 1))


def test_a_kernel_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="spans 5 pixels does not fit into 4"):
        build(Convolution(1, 5), (6, 4, 1))


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"\(height, width, channels\), not \(28, 28\)"):
        build(Convolution(1, 5), (28, 28))
