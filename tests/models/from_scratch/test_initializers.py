import keras
import numpy as np
import pytest

from models.from_scratch import glorot_uniform, normal, zeros


@pytest.mark.parametrize("shape", [(300, 200), (5, 5, 30, 40)])
def test_glorot_uniform_has_the_distribution_of_keras(shape):
    ours = glorot_uniform(np.random.default_rng(0), shape)
    theirs = keras.initializers.GlorotUniform(0)(shape).numpy()
    assert ours.shape == shape
    quantiles = [0, 0.1, 0.5, 0.9, 1]
    # Of 30,000 draws or more quantiles agree to a few hundredths of the limit.
    limit = theirs.max()
    np.testing.assert_allclose(
        np.quantile(ours, quantiles), np.quantile(theirs, quantiles), atol=0.03 * limit
    )
    assert np.abs(ours).max() == pytest.approx(limit, rel=1e-3)


def test_normal():
    values = normal(0.3)(np.random.default_rng(0), (200, 100))
    assert values.shape == (200, 100)
    # Four standard errors of 20,000 draws.
    assert np.mean(values) == pytest.approx(0, abs=4 * 0.3 / np.sqrt(20_000))
    assert np.std(values) == pytest.approx(0.3, abs=4 * 0.3 / np.sqrt(40_000))
    np.testing.assert_allclose(np.mean(np.abs(values) < 0.3), 0.683, atol=0.015)


def test_zeros():
    np.testing.assert_array_equal(zeros(None, (3, 2)), np.zeros((3, 2)))


@pytest.mark.parametrize("initializer", [glorot_uniform, normal(0.3)])
def test_draws_depend_on_the_generator_alone(initializer):
    same = [initializer(np.random.default_rng(0), (4, 3)) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (initializer(np.random.default_rng(1), (4, 3)) != same[0]).any()
