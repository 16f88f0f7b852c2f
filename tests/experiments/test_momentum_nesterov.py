import numpy as np
import pytest

from experiments.momentum_nesterov import UPDATES, nesterov_paths


@pytest.fixture(scope="module")
def paths():
    return nesterov_paths()


def test_keras_stores_the_look_ahead_point(paths):
    _, look_ahead, keras_weights = paths
    assert keras_weights.shape == (UPDATES + 1, 2)
    np.testing.assert_allclose(keras_weights, look_ahead, atol=1e-5)


def test_keras_does_not_store_theta(paths):
    theta, _, keras_weights = paths
    assert np.abs(keras_weights - theta).max() > 0.1
