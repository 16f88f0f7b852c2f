import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.from_scratch import (
    binary_accuracy,
    binary_cross_entropy,
    categorical_accuracy,
    categorical_cross_entropy,
    mean_squared_error,
    numerical_gradient,
    relative_error,
)


def categorical_formula(logits, labels):
    exponentials = tf.exp(logits)
    chosen = tf.gather(exponentials, labels, batch_dims=1)
    return -tf.reduce_mean(tf.math.log(chosen / tf.reduce_sum(exponentials, axis=1)))


def binary_formula(logits, targets):
    p = 1 / (1 + tf.exp(-logits))
    return -tf.reduce_mean(targets * tf.math.log(p) + (1 - targets) * tf.math.log(1 - p))


# Loss → in TensorFlow, in Keras, targets for outputs of that shape.
LOSSES = {
    mean_squared_error: (
        lambda outputs, targets: tf.reduce_mean((outputs - targets) ** 2),
        keras.losses.MeanSquaredError(dtype="float64"),
        lambda rng, shape: rng.normal(size=shape),
    ),
    binary_cross_entropy: (
        binary_formula,
        keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64"),
        lambda rng, shape: rng.random(shape),
    ),
    categorical_cross_entropy: (
        categorical_formula,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64"),
        lambda rng, shape: rng.integers(shape[1], size=shape[0]),
    ),
}

every = pytest.mark.parametrize("loss", LOSSES)


def taped(function, outputs):
    outputs = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = function(outputs)
    return float(value), tape.gradient(value, outputs).numpy()


@every
@given(
    batch=st.integers(1, 5),
    width=st.integers(2, 5),
    scale=st.sampled_from([0.1, 1.0]),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=20)
def test_value_and_gradient(loss, batch, width, scale, seed):
    formula, keras_loss, draw = LOSSES[loss]
    rng = np.random.default_rng(seed)
    outputs = scale * rng.normal(size=(batch, width))
    targets = draw(rng, outputs.shape)
    value, gradient = loss(outputs, targets)
    numerical = numerical_gradient(lambda outputs: loss(outputs, targets)[0], outputs)
    assert relative_error(gradient, numerical) <= 1e-6
    for theirs in (
        taped(lambda outputs: formula(outputs, targets), outputs),
        taped(lambda outputs: keras_loss(targets, outputs), outputs),
    ):
        assert value == pytest.approx(theirs[0], rel=1e-6)
        assert relative_error(gradient, theirs[1]) <= 1e-6


@every
def test_float32_stays(loss):
    outputs = np.float32([[0.5, -1], [2, 0]])
    targets = np.array([0, 1]) if loss is categorical_cross_entropy else np.eye(2, dtype=int)
    value, gradient = loss(outputs, targets)
    assert isinstance(value, float)
    assert gradient.dtype == np.float32


@every
def test_arguments_are_left_alone(loss):
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(3, 4))
    targets = LOSSES[loss][2](rng, outputs.shape)
    copies = outputs.copy(), targets.copy()
    loss(outputs, targets)
    np.testing.assert_array_equal(outputs, copies[0])
    np.testing.assert_array_equal(targets, copies[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_logits_do_not_overflow(dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        logits = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
        value, gradient = categorical_cross_entropy(logits, np.array([0, 0]))
        assert value == 1e4  # (0 + 2e4) / 2
        np.testing.assert_array_equal(gradient, [[0, 0], [-0.5, 0.5]])
        value, gradient = binary_cross_entropy(logits, np.array([[1, 0], [1, 0]]))
        assert value == 5e3  # (0 + 0 + 1e4 + 1e4) / 4
        np.testing.assert_array_equal(gradient, [[0, 0], [-0.25, 0.25]])


@pytest.mark.parametrize("loss", [mean_squared_error, binary_cross_entropy])
def test_other_shapes_are_refused(loss):
    with pytest.raises(ValueError, match=r"the shape \(3, 1\) and targets \(3,\); they must be"):
        loss(np.zeros((3, 1)), np.zeros(3))


@pytest.mark.parametrize("target", [-0.1, 1.5, float("nan")])
def test_targets_outside_0_and_1_are_refused(target):
    with pytest.raises(ValueError, match=r"targets must lie in \[0, 1\]"):
        binary_cross_entropy(np.zeros((2, 1)), np.array([[0.5], [target]]))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], "labels must lie in 0 to 2, .* range from 0 to 3"),
        ([-1, 2], "labels must lie in 0 to 2, .* range from -1 to 2"),
        ([0.0, 1.0], "labels must be whole numbers, not float64"),
        ([[0], [1]], r"labels must have the shape \(2,\), one per example, not \(2, 1\)"),
        ([0], r"labels must have the shape \(2,\), one per example, not \(1,\)"),
    ],
)
def test_other_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        categorical_cross_entropy(np.zeros((2, 3)), np.array(labels))


@pytest.mark.parametrize("seed", range(3))
def test_accuracies_are_those_of_keras(seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(30, 4)), rng.integers(4, size=30)
    theirs = np.mean(keras.metrics.sparse_categorical_accuracy(labels, logits))
    assert categorical_accuracy(logits, labels) == pytest.approx(theirs)
    probabilities, targets = rng.random((30, 1)), rng.integers(2, size=(30, 1))
    theirs = np.mean(keras.metrics.binary_accuracy(targets, probabilities))
    assert binary_accuracy(probabilities, targets) == pytest.approx(theirs)
