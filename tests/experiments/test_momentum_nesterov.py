import numpy as np
import pytest

from experiments.momentum_nesterov import CURVATURE, GAMMA, RATE, START, nesterov_paths


@pytest.fixture(scope="module")
def paths():
    return nesterov_paths()


def test_keras_stores_the_look_ahead_point(paths):
    source, keras_weights = paths
    np.testing.assert_allclose(keras_weights, source["look-ahead"], atol=1e-5)


def test_keras_does_not_store_theta(paths):
    source, keras_weights = paths
    assert np.abs(keras_weights - source["θ"]).max() > 0.1


def test_the_path_is_that_of_a_form_without_velocity(paths):
    # φ(k) = θ(k) + γ(θ(k) − θ(k−1)) and θ(k+1) = φ(k) − ηc·φ(k)
    theta, before = START, START
    expected = [START]
    for _ in range(60):
        look_ahead = theta + GAMMA * (theta - before)
        theta, before = look_ahead - RATE * CURVATURE * look_ahead, theta
        expected.append(theta)
    np.testing.assert_allclose(paths[0]["θ"], expected, atol=1e-12)
