import math

import keras
import keras_tuner
import numpy as np
import pytest

import training
from experiments.commands.search.spaces import dense
from reporting.figures.palette import STYLES
from training import OPTIMIZERS, RunConfig, build
from training.optimizers import SCHEDULES, Optimizer, learning_rates, scheduled

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


# η = 1 at iteration k of K, with loops and logarithms where the code has neither.
RATES = {
    "constant": lambda k, n: 1,
    "step": lambda k, n: 1 if 2 * k < n else 0.1 if 4 * k < 3 * n else 0.01,
    "exponential": lambda k, n: math.exp(-math.log(100) * k / n),
    "cosine": lambda k, n: math.cos(math.pi * k / n / 2) ** 2,
    "cyclic": lambda k, n: np.interp(k * 8 / n, range(9), [0.1, 1] * 4 + [0.1]),
    "rising": lambda k, n: 10.0 ** (-6 + 6 * k / n),
}

every_schedule = pytest.mark.parametrize("schedule", list(SCHEDULES))


@every_schedule
@pytest.mark.parametrize("iterations", [1, 2, 3, 7, 40, 1000])
def test_schedule_follows_its_formula(schedule, iterations):
    rates = learning_rates(schedule, 0.3, iterations)
    expected = [0.3 * RATES[schedule](k, iterations) for k in range(iterations)]
    np.testing.assert_allclose(rates, expected, rtol=2e-5, atol=1e-7)
    assert rates.dtype == np.float64


@every_schedule
@pytest.mark.parametrize("jit_compile", [False, True])
def test_schedule_moves_the_weight_in_a_compiled_epoch(schedule, jit_compile):
    # The loss is the weight itself, so its gradient is 1 and each update takes away the rate.
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    optimizer = OPTIMIZERS["sgd"].build(scheduled(schedule, 0.5, iterations=42))
    model.compile(optimizer=optimizer, loss=lambda y, outputs: outputs)
    x = np.ones((20, 1), "float32")
    history = training.fit(model, x, x, batch_size=2, iterations=42, jit_compile=jit_compile)
    weights = [*history.iteration_loss, model.get_weights()[0].item()]
    expected = [0.5 * RATES[schedule](k, 42) for k in range(42)]
    np.testing.assert_allclose(-np.diff(weights), expected, atol=3e-6)


@every_schedule
def test_schedule_survives_the_config_of_its_optimizer(schedule):
    optimizer = OPTIMIZERS["momentum"].build(scheduled(schedule, 0.1, iterations=40))
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    for k in (0, 7, 39):
        optimizer.iterations.assign(k)
        again.iterations.assign(k)
        assert float(again.learning_rate) == float(optimizer.learning_rate)


def test_constant_schedule_is_the_rate_itself():
    assert scheduled("constant", 0.1, iterations=40) == 0.1


@every
def test_default_rate_is_that_of_keras(name):
    default = getattr(keras.optimizers, OPTIMIZERS[name].keras_class)()
    assert float(default.learning_rate) == pytest.approx(OPTIMIZERS[name].default_rate)


def test_a_new_optimizer_is_one_entry(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "adamax", Optimizer("AdaMax", "Adamax"))
    config = RunConfig(optimizer="adamax", epochs=1, hidden=(2,))
    assert RunConfig.from_json(config.to_json()) == config
    assert type(build(config).optimizer) is keras.optimizers.Adamax
    space = keras_tuner.HyperParameters()
    dense(space)
    (searched,) = (one for one in space.space if one.name == "optimizer")
    assert "adamax" in searched.values
