import numpy as np
import pytest

from experiments.analyses.errata import as_printed
from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    MaxPooling,
    Network,
    categorical_cross_entropy,
    mean_squared_error,
    sigmoid_network,
)


def test_gradient_descent_updates_once_an_epoch_by_the_last_batch():
    x = np.arange(10.0)[:, None]
    network = Network([Dense(1)], mean_squared_error, [1], dtype=np.float64)
    optimizer, (weight, bias) = OPTIMIZERS["sgd"](0.001), network.get_weights()
    as_printed.gradient_descent(network, x, 2 * x, optimizer, batch_size=4, epochs=1)
    assert optimizer.iterations == 1
    last = np.random.default_rng([0, 0]).permutation(10)[8:]
    residual = x[last] @ weight + bias - 2 * x[last]
    expected = weight - 0.001 * 2 * np.mean(residual * x[last], axis=0, keepdims=True)
    np.testing.assert_allclose(network.parameters[0], expected)


def test_validation_splits_change_with_every_epoch():
    splits = as_printed.validation_splits(10, 0.3, epochs=3)
    for training, validation in splits:
        assert (len(training), len(validation)) == (7, 3)
        assert sorted([*training, *validation]) == list(range(10))
    assert len({frozenset(validation) for _, validation in splits}) > 1


@pytest.mark.parametrize("initial_bias", [0.0, 0.7])
def test_the_whole_networks_loss_is_right_where_the_bias_is_0(initial_bias):
    x, y = np.random.default_rng([0]).normal(size=(6, 2)), np.arange(6) % 2
    network = sigmoid_network(dtype=np.float64)
    *parameters, bias = network.get_weights()
    network.set_weights([*parameters, np.full_like(bias, initial_bias)])
    loss, _ = categorical_cross_entropy(network.forward(x), y)
    printed = as_printed.whole_network_loss(network.parameters, x, y)
    assert (printed == pytest.approx(loss)) == (initial_bias == 0)


def test_max_pooling_is_right_where_windows_do_not_overlap():
    image = np.random.default_rng([1]).normal(size=(6, 6))
    gradient = np.arange(1.0, 5).reshape(2, 2)

    def by_layer(size, stride):
        pooling = MaxPooling(size, stride)
        pooling.build((6, 6, 1), float, None)
        outputs = pooling.forward(image[None, :, :, None])
        return pooling.backward(gradient.reshape(outputs.shape))[0, :, :, 0]

    def printed(size, stride):
        return as_printed.max_pooling_backward(gradient, image, size, stride)

    np.testing.assert_array_equal(printed(3, 3), by_layer(3, 3))
    image[2, 2] = 9  # the maximum of all four windows
    assert (printed(4, 2)[2, 2], by_layer(4, 2)[2, 2]) == (4, 10)


@pytest.mark.parametrize("rule", [as_printed.adagrad, as_printed.rmsprop])
def test_one_update_divides_by_the_root_of_the_norm(rule):
    start, slope = np.array([3.0, 4]), np.array([6.0, 8])  # of norm 10
    kept = 1 if rule is as_printed.adagrad else 0.1
    path = rule(lambda w: slope, start, learning_rate=0.5, updates=1)
    np.testing.assert_allclose(path, [start, start - 0.5 * slope / np.sqrt(kept * 10)], atol=1e-12)


def test_adagrad_adds_norms_and_rmsprop_forgets_them():
    one = np.ones(1)
    added = as_printed.adagrad(lambda w: one, 0 * one, learning_rate=-1, updates=2)
    np.testing.assert_allclose(np.diff(added, axis=0).ravel(), [1, 1 / np.sqrt(2)])
    kept = as_printed.rmsprop(lambda w: one, 0 * one, learning_rate=-1, updates=2, rho=0.9)
    np.testing.assert_allclose(np.diff(kept, axis=0).ravel(), [1 / 0.1**0.5, 1 / 0.19**0.5])


def test_at_a_minimum_the_weights_are_lost():
    path = as_printed.adagrad(lambda w: 0 * w, np.ones(2), learning_rate=0.1, updates=1)
    assert np.isnan(path[-1]).all()
