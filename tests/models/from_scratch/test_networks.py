import keras
import numpy as np
import pytest
import tensorflow as tf

from models.from_scratch import (
    check_gradients,
    epoch_order,
    numpy_cnn,
    relative_error,
    sigmoid_network,
    sigmoid_neuron,
    tanh_network,
)
from models.from_scratch.optimizers import SGD, Adam

layers = keras.layers


def keras_neuron():
    return [layers.Dense(1, activation="sigmoid", dtype="float64")]


def keras_tanh():
    return [layers.Dense(4, activation="tanh", dtype="float64"), layers.Dense(2, dtype="float64")]


def keras_sigmoids():
    sigmoids = [layers.Dense(units, activation="sigmoid", dtype="float64") for units in (4, 2)]
    # Keras's cross-entropy would take what a sigmoid gives for probabilities.
    return [*sigmoids, layers.Rescaling(1, dtype="float64")]


def keras_cnn():
    return [
        layers.Conv2D(8, 5, activation="relu", dtype="float64"),
        layers.Conv2D(8, 5, activation="relu", dtype="float64"),
        layers.MaxPooling2D(dtype="float64"),
        layers.Flatten(dtype="float64"),
        layers.Dense(128, activation="relu", dtype="float64"),
        layers.Dense(10, dtype="float64"),
    ]


def points(n):
    return np.random.default_rng(1).normal(size=(n, 2))


def labels(n, classes):
    return np.random.default_rng(2).integers(classes, size=n)


cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")

# Ours, Keras's layers, Keras's loss, and n examples with their targets. The CNN's images are the
# smallest that leave more than one pooling window.
COURSES = {
    "C": (
        lambda: sigmoid_neuron(dtype=np.float64),
        keras_neuron,
        keras.losses.MeanSquaredError(dtype="float64"),
        lambda n: (points(n), labels(n, 2)[:, None]),
    ),
    "B": (
        lambda: tanh_network(dtype=np.float64),
        keras_tanh,
        cross_entropy,
        lambda n: (points(n), labels(n, 2)),
    ),
    "C, two layers": (
        lambda: sigmoid_network(dtype=np.float64),
        keras_sigmoids,
        cross_entropy,
        lambda n: (points(n), labels(n, 2)),
    ),
    "D": (
        lambda: numpy_cnn((12, 13, 1), dtype=np.float64),
        keras_cnn,
        cross_entropy,
        lambda n: (np.random.default_rng(1).random((n, 12, 13, 1)), labels(n, 10)),
    ),
}

every = pytest.mark.parametrize("course", COURSES)


def both(course):
    """Our network and Keras's with the same weights, and the loss."""
    ours, keras_layers, loss, data = COURSES[course]
    network = ours()
    rng = np.random.default_rng(3)
    network.set_weights([w + 0.1 * rng.normal(size=w.shape) for w in network.get_weights()])
    model = keras.Sequential([keras.Input(network.input_shape, dtype="float64"), *keras_layers()])
    model.set_weights(network.get_weights())
    return network, model, loss, data


@every
def test_gradients_are_those_of_tensorflow(course):
    network, model, keras_loss, data = both(course)
    x, y = data(5)
    with tf.GradientTape() as tape:
        expected = keras_loss(y, model(x))
    theirs = tape.gradient(expected, model.trainable_variables)
    loss, ours = network.loss_and_gradients(x, y)
    np.testing.assert_allclose(network.predict(x), model(x), rtol=1e-10)
    assert loss == pytest.approx(float(expected), rel=1e-10)
    for one, other in zip(ours, theirs, strict=True):
        assert relative_error(one, other.numpy()) <= 1e-6


@pytest.mark.parametrize("course", ["C", "C, two layers", "B"])
def test_gradients_are_those_of_differences(course):
    network, _, _, data = both(course)
    assert max(check_gradients(network, *data(5))) <= 1e-6


@every
@pytest.mark.parametrize(
    ("optimizer", "theirs", "arguments"),
    [
        # Constants that Keras's float32 holds exactly.
        (SGD, keras.optimizers.SGD, {"learning_rate": 2.0**-6}),
        (
            Adam,
            keras.optimizers.Adam,
            {"learning_rate": 2.0**-6, "beta_1": 0.875, "beta_2": 1 - 2.0**-10},
        ),
    ],
)
def test_loss_path_is_that_of_keras(course, optimizer, theirs, arguments):
    network, model, keras_loss, data = both(course)
    model.compile(theirs(**arguments), keras_loss, run_eagerly=True)
    x, y = data(11)
    expected = []
    for epoch in range(3):
        order = epoch_order(11, 0, epoch)
        for rows in (order[:4], order[4:8], order[8:]):
            model.reset_metrics()
            expected.append(model.train_on_batch(x[rows], y[rows]))
    history = network.fit(x, y, optimizer(**arguments), batch_size=4, epochs=3, seed=0)
    # Keras keeps the losses in float32, the weights in float64.
    np.testing.assert_allclose(history.iteration_loss, expected, rtol=1e-6)
    for one, other in zip(network.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert len(set(expected)) == 9


@pytest.mark.parametrize(
    ("network", "parameters"),
    [
        (sigmoid_neuron, 3),
        (tanh_network, 22),
        (numpy_cnn, 105_634),
    ],
)
def test_parameter_count(network, parameters):
    assert sum(parameter.size for parameter in network().parameters) == parameters


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_b_starts_at_its_normal_distribution(dtype):
    network = tanh_network(200, 100, 10, dtype=dtype)
    for parameter in network.parameters:
        # Four standard errors of the deviation.
        error = 4 * 0.3 / np.sqrt(2 * parameter.size)
        assert np.std(parameter) == pytest.approx(0.3, abs=error)
        assert parameter.dtype == dtype


def test_a_linear_decision_and_outputs_without_sigmoids():
    sizes = [
        sum(parameter.size for parameter in sigmoid_network(hidden=hidden).parameters)
        for hidden in (0, 4)
    ]
    assert sizes == [2 * 2 + 2, (2 * 4 + 4) + (4 * 2 + 2)]
    inputs = points(3)
    bounded = sigmoid_network(dtype=np.float64).forward(inputs)
    logits = sigmoid_network(sigmoid_outputs=False, dtype=np.float64).forward(inputs)
    np.testing.assert_allclose(bounded, 1 / (1 + np.exp(-logits)))
