import numpy as np
import pytest

from models.from_scratch import check_gradients, numerical_gradient, relative_error, tanh_network


def test_numerical_gradient():
    x = np.array([[1.0, -2], [0.5, 3]])
    before = x.copy()
    gradient = numerical_gradient(lambda x: np.sum(x**3), x)
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-8)
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_refuses_float32():
    with pytest.raises(ValueError, match="x must be float64, not float32"):
        numerical_gradient(np.sum, np.ones(2, np.float32))


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        ([3, 4], [3, 4], 0),
        ([3, 4], [0, 0], 1),
        ([0, 0], [0, 0], 0),
        ([0, 10], [0, 9], 0.1),
        ([0, 9], [0, 10], 0.1),
        ([1, 0], [-1, 0], 2),
    ],
)
def test_relative_error(a, b, error):
    assert relative_error(a, b) == pytest.approx(error)


def test_relative_error_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"a has the shape \(2,\) and b \(2, 1\)"):
        relative_error(np.ones(2), np.ones((2, 1)))


def test_check_gradients():
    network = tanh_network(dtype=np.float64)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 2)), rng.integers(2, size=5)
    errors = check_gradients(network, x, y)
    assert len(errors) == 4
    assert max(errors) < 1e-6


def test_check_gradients_finds_a_wrong_layer():
    network = tanh_network(dtype=np.float64)
    tanh = network.layers[1]
    right = tanh.backward
    tanh.backward = lambda gradient: 1.01 * right(gradient)
    rng = np.random.default_rng(0)
    errors = check_gradients(network, rng.normal(size=(5, 2)), rng.integers(2, size=5))
    np.testing.assert_allclose(errors[:2], 0.01 / 1.01, rtol=1e-3)
    assert max(errors[2:]) < 1e-6
