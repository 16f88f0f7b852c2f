import keras
import numpy as np
import pytest

from models.from_scratch import OPTIMIZERS
from training import OPTIMIZERS as KERAS_OPTIMIZERS

every = pytest.mark.parametrize("name", OPTIMIZERS)

# Keras keeps the learning rate and some constants in float32, whatever the parameters are. These
# are exact there, so that in float64 both compute with the same numbers.
RATE = 2.0**-5
EXACT = {
    "sgd": {},
    "momentum": {"momentum": 0.875},
    "nesterov": {"momentum": 0.875},
    "adagrad": {"initial_accumulator_value": 0.125, "epsilon": 2.0**-23},
    "rmsprop": {},
    "adam": {"beta_1": 0.875, "beta_2": 1 - 2.0**-10},
}


class Problem:
    """Least squares for tanh(x·W + b) on a noisy batch at each step."""

    def __init__(self, seed, dtype):
        rng = np.random.default_rng(seed)
        self.x, self.y = rng.normal(size=(20, 4)).astype(dtype), rng.random((20, 3)).astype(dtype)
        self.start = [rng.normal(size=shape).astype(dtype) for shape in [(4, 3), (3,)]]
        self.batches = rng.integers(20, size=(100, 8))

    def gradients(self, batch, weights, bias):
        """The gradients of the weights and the bias."""
        x, y = self.x[batch], self.y[batch]
        outputs = np.tanh(x @ weights + bias)
        delta = 2 * (outputs - y) * (1 - outputs**2) / len(batch)
        return [x.T @ delta, delta.sum(axis=0)]


def our_path(optimizer, problem):
    parameters = [start.copy() for start in problem.start]
    for batch in problem.batches:
        optimizer.update(parameters, problem.gradients(batch, *parameters))
        yield np.concatenate([parameter.ravel() for parameter in parameters])


def keras_optimizer(name, **arguments):
    entry = KERAS_OPTIMIZERS[name]
    return getattr(keras.optimizers, entry.keras_class)(**{**entry.arguments, **arguments})


def path_of_keras(optimizer, problem, dtype):
    variables = [keras.Variable(start, dtype=dtype) for start in problem.start]
    for batch in problem.batches:
        parameters = [variable.numpy() for variable in variables]
        gradients = problem.gradients(batch, *parameters)
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
        yield np.concatenate([variable.numpy().ravel() for variable in variables])


@every
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_path_is_that_of_keras(name, seed, dtype):
    problem = Problem(seed, dtype)
    arguments = EXACT[name] if dtype == "float64" else {}
    ours = np.stack(list(our_path(OPTIMIZERS[name](RATE, **arguments), problem)))
    theirs = list(
        path_of_keras(keras_optimizer(name, learning_rate=RATE, **arguments), problem, dtype)
    )
    assert ours.dtype == dtype
    # The parameters are of the order of 1.
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=20 * np.finfo(dtype).eps)
    assert np.abs(ours[-1] - ours[0]).max() > 0.05


@every
def test_default_learning_rate_is_that_of_keras(name):
    theirs = float(keras_optimizer(name).learning_rate)
    assert OPTIMIZERS[name]().learning_rate == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        # By hand, from 1 with rate 0.1 and the gradients 0.5 and 0.25:
        ("sgd", 0.95, 0.925),
        ("momentum", 0.95, 0.88),  # velocity -0.05, then -0.045 - 0.025
        ("nesterov", 0.905, 0.817),  # -0.045 - 0.05, then 0.9·-0.07 - 0.025
        ("adagrad", 1 - 0.05 / np.sqrt(0.35), 1 - 0.05 / np.sqrt(0.35) - 0.025 / np.sqrt(0.4125)),
        ("rmsprop", 1 - 0.1 / np.sqrt(0.1), None),
        ("adam", 0.9, 0.9 - 0.1 * 0.9322),
    ],
)
def test_steps_worked_out_by_hand(name, first, second):
    optimizer, w = OPTIMIZERS[name](0.1), np.ones(1)
    optimizer.update([w], [np.array([0.5])])
    assert w[0] == pytest.approx(first, abs=1e-6)
    optimizer.update([w], [np.array([0.25])])
    if second is not None:
        assert w[0] == pytest.approx(second, abs=1e-5)


@every
def test_gradients_are_left_alone(name):
    optimizer, gradient = OPTIMIZERS[name](), np.ones(3)
    for _ in range(2):
        optimizer.update([np.zeros(3)], [gradient])
    np.testing.assert_array_equal(gradient, np.ones(3))
    assert optimizer.iterations == 2


def test_the_learning_rate_can_be_scheduled():
    optimizer, w = OPTIMIZERS["sgd"](0.5), np.zeros(1)
    optimizer.update([w], [np.ones(1)])
    optimizer.learning_rate = 0.25
    optimizer.update([w], [np.ones(1)])
    assert w[0] == -0.75


def test_names_are_those_of_the_suite():
    assert set(OPTIMIZERS) <= set(KERAS_OPTIMIZERS)
    assert len(set(OPTIMIZERS.values())) == len(OPTIMIZERS)
