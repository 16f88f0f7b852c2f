import keras
import numpy as np
import pytest

from training import OPTIMIZERS
from training.loop.optimizer_paths import paths

CURVATURE = np.array([1.0, 100.0])
START = np.array([-2.0, 1.0])
UPDATES = 40

every = pytest.mark.parametrize("name", list(OPTIMIZERS))


def bowl(x, y):
    return (CURVATURE[0] * x**2 + CURVATURE[1] * y**2) / 2


def valley(x, y):
    """Rosenbrock's function, whose coordinates depend on each other."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def valley_gradient(point):
    x, y = point
    return np.array([2 * (x - 1) - 400 * x * (y - x**2), 200 * (y - x**2)])


def path(name, function, rate, updates=UPDATES):
    return paths(name, function, [START], [rate], updates)[0, 0]


def momentum(rate, gamma=0.9):
    w, v = START, 0
    for _ in range(UPDATES):
        v = gamma * v - rate * valley_gradient(w)
        w = w + v
        yield w


def adam(rate):
    w, mean, squares = START, 0, 0
    for t in range(1, UPDATES + 1):
        g = valley_gradient(w)
        mean, squares = 0.9 * mean + 0.1 * g, 0.999 * squares + 0.001 * g**2
        w = w - rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * mean / (np.sqrt(squares) + 1e-7)
        yield w


def adagrad(rate):
    w, squares = START, 0.1
    for _ in range(UPDATES):
        g = valley_gradient(w)
        squares = squares + g**2
        w = w - rate * g / np.sqrt(squares + 1e-7)
        yield w


def test_gradient_descent_on_a_bowl_has_a_closed_form():
    rates = np.array([0.001, 0.01, 0.019])
    found = paths("sgd", bowl, [START, 2 * START], rates, UPDATES)
    assert found.shape == (2, 3, UPDATES + 1, 2)
    shrinking = (1 - rates[:, None, None] * CURVATURE) ** np.arange(UPDATES + 1)[:, None]
    np.testing.assert_allclose(found[0], shrinking * START, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found[1], shrinking * 2 * START, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "rule", "rate"),
    [("momentum", momentum, 2e-4), ("adam", adam, 0.05), ("adagrad", adagrad, 0.3)],
)
def test_path_is_that_of_the_formula(name, rule, rate):
    found = path(name, valley, rate)
    np.testing.assert_array_equal(found[0], START)
    np.testing.assert_allclose(found[1:], list(rule(rate)), rtol=1e-5, atol=1e-6)


@every
def test_each_path_goes_as_if_it_were_alone(name):
    starts, rates = np.array([START, [0.5, 0.5]]), (1e-4, 3e-3)
    found = paths(name, valley, starts, rates, updates=10)
    weights = keras.Variable(starts[1], dtype="float64")
    optimizer = OPTIMIZERS[name].build(rates[1])
    alone = [starts[1]]
    for _ in range(10):
        gradient = keras.ops.convert_to_tensor(valley_gradient(weights.numpy()))
        optimizer.apply([gradient], [weights])
        alone.append(weights.numpy())
    np.testing.assert_allclose(found[1, 1], alone, rtol=1e-5, atol=1e-6)  # its rate is a float32


def test_a_rate_that_is_too_large_diverges():
    assert not np.isfinite(path("sgd", bowl, rate=1.0, updates=200)[-1]).all()
    # Divergence of one path leaves the others alone.
    both = paths("sgd", bowl, [START], [1.0, 0.01], 200)[0]
    np.testing.assert_array_equal(both[1], path("sgd", bowl, rate=0.01, updates=200))
