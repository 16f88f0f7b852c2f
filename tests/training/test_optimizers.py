import keras
import numpy as np
import pytest

from reporting.plots import STYLES
from training import OPTIMIZERS
from training.optimizers import scheduled

RATE = 0.1
START = np.float64([1.0, -2.0, 0.5])
GRADIENTS = np.float64(
    # Large ones, then small ones: only there AMSGrad and Adam differ.
    [[0.5, -1.0, 2.0], [0.25, 3.0, -1.0], [-0.75, 0.125, 1.5], *[[0.01, 0.01, -0.01]] * 20]
)

every = pytest.mark.parametrize("name", list(OPTIMIZERS))


def path(name, rate=RATE):
    """The parameters after each of the gradients, as Keras moves them."""
    parameters = keras.Variable(START)
    optimizer = OPTIMIZERS[name].build(rate)
    optimizer.build([parameters])
    steps = []
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")])
        steps.append(parameters.numpy())
    return np.stack(steps)


def momentum(nesterov):
    w, v = START, 0
    for g in GRADIENTS:
        v = 0.9 * v - RATE * g
        w = w + (0.9 * v - RATE * g if nesterov else v)
        yield w


def adagrad():
    w, squares = START, 0.1
    for g in GRADIENTS:
        squares = squares + g**2
        w = w - RATE * g / np.sqrt(squares + 1e-7)
        yield w


def rmsprop():
    w, squares = START, 0
    for g in GRADIENTS:
        squares = 0.9 * squares + 0.1 * g**2
        w = w - RATE * g / np.sqrt(squares + 1e-7)
        yield w


def adam(amsgrad):
    w, mean, squares, largest = START, 0, 0, 0
    for t, g in enumerate(GRADIENTS, start=1):
        mean = 0.9 * mean + 0.1 * g
        squares = 0.999 * squares + 0.001 * g**2
        largest = np.maximum(largest, squares) if amsgrad else squares
        rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        w = w - rate * mean / (np.sqrt(largest) + 1e-7)
        yield w


def nadam():
    w, mean, squares, product = START, 0, 0, 1
    for t, g in enumerate(GRADIENTS, start=1):
        now, later = (0.9 * (1 - 0.5 * 0.96**s) for s in (t, t + 1))
        product = product * now
        mean = 0.9 * mean + 0.1 * g
        squares = 0.999 * squares + 0.001 * g**2
        step = later * mean / (1 - product * later) + (1 - now) * g / (1 - product)
        w = w - RATE * step / (np.sqrt(squares / (1 - 0.999**t)) + 1e-7)
        yield w


FORMULAS = {
    "sgd": lambda: (START - RATE * g for g in np.cumsum(GRADIENTS, axis=0)),
    "momentum": lambda: momentum(nesterov=False),
    "nesterov": lambda: momentum(nesterov=True),
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": lambda: adam(amsgrad=False),
    "nadam": nadam,
    "amsgrad": lambda: adam(amsgrad=True),
}


@every
def test_path_is_that_of_the_formula(name):
    np.testing.assert_allclose(path(name), list(FORMULAS[name]()), rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        # By hand, from 1 with rate 0.1 and the gradients 0.5 and 0.25:
        ("sgd", 0.95, 0.925),
        ("momentum", 0.95, 0.88),  # velocity -0.05, then -0.045 - 0.025
        ("nesterov", 0.905, 0.817),  # -0.045 - 0.05, then 0.9·-0.07 - 0.025
        ("adam", 0.9, 0.9 - 0.1 * 0.9322),
        ("rmsprop", 1 - 0.1 / np.sqrt(0.1), None),
        ("adagrad", 1 - 0.05 / np.sqrt(0.35), None),
    ],
)
def test_steps_worked_out_by_hand(name, first, second):
    steps = path(name)[:, 0]
    assert steps[0] == pytest.approx(first, abs=2e-6)
    if second is not None:
        assert steps[1] == pytest.approx(second, abs=2e-5)


@pytest.mark.parametrize("name", ["adam", "amsgrad", "nadam"])
def test_first_step_of_adam_has_the_length_of_the_rate(name):
    moved = path(name)[0] - START
    if name == "nadam":  # looks ahead, by a factor that depends on its schedule alone
        np.testing.assert_allclose(np.abs(moved), np.abs(moved[0]), rtol=1e-4)
    else:
        np.testing.assert_allclose(np.abs(moved), RATE, rtol=1e-4)
    np.testing.assert_array_equal(np.sign(moved), -np.sign(GRADIENTS[0]))


def test_no_two_optimizers_take_the_same_path():
    paths = [path(name) for name in OPTIMIZERS]
    for i, one in enumerate(paths):
        for other in paths[:i]:
            assert not np.allclose(one[-1], other[-1], rtol=1e-4)


@every
def test_build(name):
    one, other = (OPTIMIZERS[name].build(rate) for rate in (0.25, 0.5))
    assert one is not other
    assert float(one.learning_rate) == 0.25
    assert float(other.learning_rate) == 0.5
    one.build([keras.Variable(START)])
    assert not other.built


@every
def test_differs_from_the_defaults_of_keras_as_stated(name):
    entry = OPTIMIZERS[name]
    default = getattr(keras.optimizers, entry.keras_class)(RATE).get_config()
    ours = entry.build(RATE).get_config()
    assert ours == {**default, **entry.arguments, "name": ours["name"]}


@every
def test_label_has_a_style(name):
    assert OPTIMIZERS[name].label in STYLES


def test_labels_are_unique():
    assert len({entry.label for entry in OPTIMIZERS.values()}) == len(OPTIMIZERS)


def test_cosine_schedule_follows_its_formula():
    schedule = scheduled("cosine", 0.1, iterations=40)
    for k in (0, 1, 10, 20, 39, 40):
        assert float(schedule(k)) == pytest.approx(0.1 * (1 + np.cos(np.pi * k / 40)) / 2, abs=1e-8)


def test_constant_schedule_is_the_rate_itself():
    assert scheduled("constant", 0.1, iterations=40) == 0.1
