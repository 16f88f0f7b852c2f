import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.from_scratch import Dense, Dropout, Flatten, numerical_gradient, relative_error, zeros

sizes = st.integers(1, 5)


@given(batch=sizes, inputs=sizes, units=sizes, seed=st.integers(0, 9))
@settings(deadline=None, max_examples=20)
def test_dense(check_layer, batch, inputs, units, seed):
    check_layer(
        Dense(units),
        np.random.default_rng(seed).normal(size=(batch, inputs)),
        lambda x, weights, bias: tf.einsum("ni,ij->nj", x, weights) + bias,
        keras.layers.Dense(units, dtype="float64"),
    )


@given(shape=st.lists(sizes, min_size=2, max_size=4))
@settings(deadline=None, max_examples=20)
def test_flatten(check_layer, shape):
    x = np.random.default_rng(0).normal(size=shape)
    check_layer(
        Flatten(),
        x,
        lambda x: tf.stack([x[:, *place] for place in np.ndindex(*shape[1:])], axis=1),
        keras.layers.Flatten(dtype="float64"),
    )


def built_dropout(rate, shape, seed=0):
    layer = Dropout(rate)
    layer.build(shape, np.float64, np.random.default_rng(seed))
    return layer


@given(rate=st.floats(0, 0.95), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=20)
def test_dropout_in_training(rate, seed):
    x = np.random.default_rng([1, seed]).normal(size=(4, 5))
    gradient = np.random.default_rng([2, seed]).normal(size=x.shape)
    layer = built_dropout(rate, (5,), seed)
    outputs = layer.forward(x, training=True)
    ours = layer.backward(gradient)
    kept = outputs != 0
    np.testing.assert_allclose(outputs[kept], x[kept] / (1 - rate))

    def loss(x):  # a new layer draws the same mask
        return np.sum(built_dropout(rate, (5,), seed).forward(x, training=True) * gradient)

    assert relative_error(ours, numerical_gradient(loss, x)) <= 1e-6
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        dropped = tf.where(kept, inputs / (1 - rate), 0)
    assert relative_error(ours, tape.gradient(dropped, inputs, gradient).numpy()) <= 1e-6


def test_dropout_is_that_of_keras_but_for_the_draw():
    x = np.ones((100, 100))
    ours = built_dropout(0.4, (100,)).forward(x, training=True)
    theirs = keras.layers.Dropout(0.4, seed=0, dtype="float64")(x, training=True).numpy()
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs))
    # 10,000 draws: four standard deviations of their share are 0.02.
    assert np.mean(ours == 0) == pytest.approx(0.4, abs=0.02)


def test_dropout_outside_training_changes_nothing():
    x, gradient = np.random.default_rng(0).normal(size=(2, 3, 4))
    layer = built_dropout(0.5, (4,))
    layer.forward(x, training=True)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(gradient), gradient)


def test_dropout_draws_a_new_mask_for_each_batch():
    layer, x = built_dropout(0.5, (50,)), np.ones((2, 50))
    first, second = layer.forward(x, training=True), layer.forward(x, training=True)
    assert (first != second).any()
    np.testing.assert_array_equal(first, built_dropout(0.5, (50,)).forward(x, training=True))


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_dropout_refuses_other_rates(rate):
    with pytest.raises(ValueError, match=r"rate must be a number in \[0, 1\)"):
        Dropout(rate)


@pytest.mark.parametrize("units", [0, -1, 2.5, True])
def test_dense_refuses_other_sizes(units):
    with pytest.raises(ValueError, match="units must be a whole number of at least 1"):
        Dense(units)


def test_dense_refuses_images():
    with pytest.raises(ValueError, match=r"vectors, not examples of shape \(5, 5, 1\); put Fl"):
        Dense(3).build((5, 5, 1), np.float32, np.random.default_rng(0))


def test_bias_starts_by_its_own_initializer():
    layer = Dense(3, kernel_initializer=zeros, bias_initializer=lambda _, shape: np.ones(shape))
    layer.build((4,), np.float32, np.random.default_rng(0))
    np.testing.assert_array_equal(layer.parameters[0], np.zeros((4, 3)))
    np.testing.assert_array_equal(layer.parameters[1], np.ones(3))
