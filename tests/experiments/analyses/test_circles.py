import numpy as np
import pytest

from experiments.analyses import circles as analysis
from models.from_scratch import categorical_cross_entropy, numerical_gradient, tanh_network


@pytest.mark.parametrize("classes", [2, 3])
def test_gradients_are_those_of_differences(classes):
    rng = np.random.default_rng([0])
    x, y = rng.normal(size=(7, 2)), rng.integers(classes, size=7)
    weights = tanh_network(hidden=3, classes=classes, dtype=np.float64).get_weights()
    loss, gradients = analysis.loss_and_gradients(weights, x, y)
    assert loss == pytest.approx(categorical_cross_entropy(analysis.logits(weights, x), y)[0])
    for weight, gradient in zip(weights, gradients, strict=True):
        expected = numerical_gradient(
            lambda _: analysis.loss_and_gradients(weights, x, y)[0], weight
        )
        np.testing.assert_allclose(gradient, expected, atol=1e-8)


def test_logits_are_those_of_the_network_of_layers():
    x = np.random.default_rng([1]).normal(size=(5, 2))
    network = tanh_network(hidden=3, dtype=np.float64)
    np.testing.assert_allclose(analysis.logits(network.get_weights(), x), network.forward(x))


def test_log_odds_are_those_of_the_softmax():
    x = np.random.default_rng([2]).normal(size=(5, 2))
    weights = tanh_network(hidden=3, dtype=np.float64).get_weights()
    p = np.exp(analysis.logits(weights, x))
    np.testing.assert_allclose(analysis.log_odds(weights)(x), np.log(p[:, 1] / p[:, 0]))


def test_metrics_along_a_path():
    x, y = np.eye(2), np.array([0, 1])
    sure = [10 * np.eye(2), np.zeros(2), 10 * np.eye(2), np.zeros(2)]
    loss, accuracy = analysis.metrics([[0 * w for w in sure], sure], x, y)
    np.testing.assert_allclose(loss, [np.log(2), 0], atol=1e-4)
    assert accuracy.tolist() == [0.5, 1]


def test_keras_losses_are_that_of_the_formulas():
    x, y = np.random.default_rng([3]).normal(size=(6, 2)).astype("float32"), np.arange(6) % 2
    weights = tanh_network(hidden=3).get_weights()
    expected, _ = analysis.loss_and_gradients(weights, x, y)
    for loss in analysis.keras_losses(analysis.keras_model(2, 3, 2, learning_rate=0.1)):
        assert float(loss(weights, x, y)) == pytest.approx(expected, rel=1e-5)
