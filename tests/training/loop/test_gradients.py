import keras
import numpy as np
import pytest

from models.from_scratch import numerical_gradient
from training.loop.gradients import value_and_gradients


def squared_error(weights, x, y):
    w, b = weights
    return keras.ops.mean((x @ w + b - y) ** 2)


@pytest.fixture
def arrays():
    rng = np.random.default_rng([0])
    return [rng.normal(size=shape) for shape in ((3, 2), (2,), (5, 3), (5, 2))]


def test_gradients_are_those_of_differences(arrays):
    w, b, x, y = arrays
    value, gradients = value_and_gradients(squared_error)([w, b], x, y)
    assert value == pytest.approx(np.mean((x @ w + b - y) ** 2))
    assert isinstance(value, float)
    for weight, gradient in zip((w, b), gradients, strict=True):
        expected = numerical_gradient(lambda _: np.mean((x @ w + b - y) ** 2), weight)
        np.testing.assert_allclose(gradient, expected, atol=1e-8)


def test_each_call_sees_its_own_weights_and_arrays(arrays):
    w, b, x, y = arrays
    evaluate = value_and_gradients(squared_error)
    evaluate([w, b], x, y)
    moved = evaluate([w + 1, b], x[:2], y[:2])
    assert moved[0] == pytest.approx(np.mean((x[:2] @ (w + 1) + b - y[:2]) ** 2))


def test_a_keras_model_takes_the_weights_it_is_given():
    model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    weights = [np.float32([[2], [3]]), np.float32([1])]

    def loss(weights, x):
        outputs, _ = model.stateless_call(weights, [], x)
        return keras.ops.sum(outputs)

    value, gradients = value_and_gradients(loss)(weights, np.float32([[1, 1], [0, 2]]))
    assert value == 13
    assert gradients[0].tolist() == [[1], [3]]
    assert gradients[1].tolist() == [2]


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch compiles nothing")
def test_equal_shapes_are_compiled_once():
    calls = []

    def loss(weights, x):
        calls.append(x)
        return keras.ops.sum(weights[0] * x)

    evaluate = value_and_gradients(loss)
    for number in (1, 2, 3):
        evaluate([np.ones(2)], np.full(2, float(number)))
    assert len(calls) == 1
