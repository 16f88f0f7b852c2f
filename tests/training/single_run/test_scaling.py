import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from training.config import SCALINGS
from training.single_run import scaling
from training.single_run.scaling import fitted

MANY, FEW = 200, 20  # images of 5x4x3 = 60 pixels: more and fewer than they have pixels


def images(n=MANY, shape=(5, 4, 3), seed=0):
    """Correlated pixels, as those of images are."""
    rng = np.random.default_rng([seed])
    pixels = np.prod(shape)
    mixed = rng.normal(size=(n, pixels)) @ rng.normal(size=(pixels, pixels))
    return np.uint8((127 + 12 * mixed).clip(0, 255)).reshape(n, *shape)


def flat(x):
    return x.reshape(len(x), -1).astype(float)


def covariance(x):
    return np.cov(flat(x).T, bias=True)


def damping(x):
    """λ/(λ + ε) of the images' pixels in [0, 1], descending."""
    values = np.linalg.eigvalsh(covariance(x / 255))[::-1].clip(0)
    return values / (values + scaling.EPSILON * values.mean())


@pytest.mark.parametrize("name", ["none", "unit"])
def test_what_the_model_does_itself_leaves_the_bytes(name):
    x = images()
    assert fitted(name, x)(x) is x


def test_standard_is_that_of_scikit_learn():
    x, other = images(), images(seed=1)
    theirs = StandardScaler().fit(x.reshape(-1, 3))
    expected = theirs.transform(other.reshape(-1, 3)).reshape(other.shape)
    np.testing.assert_allclose(fitted("standard", x)(other), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1)])
def test_standard_of_images_with_one_channel(shape):
    x = images(shape=shape)
    scaled = fitted("standard", x)(x)
    assert scaled.shape == x.shape
    np.testing.assert_allclose(scaled, (x - x.mean()) / x.std(), rtol=1e-4, atol=1e-5)


def test_standard_is_exact_for_many_pixels():
    """Sums of floats would lose the last digits, and those of small integers overflow."""
    x = np.full((300, 32, 32, 3), 255, np.uint8)
    x[0, 0, 0] = 254
    count = 300 * 32 * 32
    scaled = fitted("standard", x)(x[:1])
    np.testing.assert_allclose(scaled[0, 0, 0], -np.sqrt(count - 1), rtol=0.02)


@pytest.mark.parametrize("n", [MANY, FEW])
def test_pca_without_epsilon_is_that_of_scikit_learn(monkeypatch, n):
    monkeypatch.setattr(scaling, "EPSILON", 1e-9)
    x = images(n)
    components = min(n - 1, 60)
    theirs = PCA(components, whiten=True, svd_solver="full").fit(flat(x))
    expected = theirs.transform(flat(x)) * np.sqrt(n / (n - 1))  # scikit-learn divides by n - 1
    ours = flat(fitted("pca", x)(x))
    signs = np.sign((ours[:, :components] * expected).sum(axis=0))
    np.testing.assert_allclose(ours[:, :components], signs * expected, atol=0.02)
    assert not ours[:, components:].any()


@pytest.mark.parametrize("n", [MANY, FEW])
def test_other_images_are_projected_as_by_scikit_learn(monkeypatch, n):
    monkeypatch.setattr(scaling, "EPSILON", 1e-9)
    x, other = images(n), images(seed=1)
    theirs = PCA(10, whiten=True, svd_solver="full").fit(flat(x))
    expected = theirs.transform(flat(other)) * np.sqrt(n / (n - 1))
    ours = flat(fitted("pca", x)(other))[:, :10]
    signs = np.sign((ours * expected).sum(axis=0))
    np.testing.assert_allclose(ours, signs * expected, atol=0.02)


@pytest.mark.parametrize("n", [MANY, FEW])
def test_covariance_of_pca_is_diagonal_and_damped(n):
    x = images(n)
    found = covariance(fitted("pca", x)(x))
    np.testing.assert_allclose(found, np.diag(damping(x)), atol=1e-4)


@pytest.mark.parametrize("n", [MANY, FEW])
def test_zca_is_pca_turned_back(n):
    x = images(n)
    found = np.linalg.eigvalsh(covariance(fitted("zca", x)(x)))[::-1]
    np.testing.assert_allclose(found, damping(x), atol=1e-4)


def test_zca_is_symmetric_and_pca_is_not():
    x = images()

    def matrix(name):
        # Differences of pictures lose the mean, and leave the matrix.
        basis = 255 * np.eye(60, dtype=np.float32).reshape(-1, 5, 4, 3)
        scale = fitted(name, x)
        return flat(scale(basis)) - flat(scale(np.zeros_like(basis)))

    zca, pca = matrix("zca"), matrix("pca")
    np.testing.assert_allclose(zca, zca.T, atol=1e-4)
    assert np.linalg.eigvalsh(zca).min() > 0
    assert np.abs(pca - pca.T).max() > 0.1


def test_zca_stays_nearer_to_the_images_than_pca():
    x = images()
    centred = flat(x) - flat(x).mean(axis=0)

    def likeness(name):
        return np.corrcoef(centred.ravel(), flat(fitted(name, x)(x)).ravel())[0, 1]

    assert likeness("zca") > 0.7
    assert likeness("zca") > 2 * abs(likeness("pca"))


@pytest.mark.parametrize("name", SCALINGS)
def test_statistics_are_those_of_the_training_images_alone(name):
    scale, other = fitted(name, images()), images(seed=1)
    together, alone = scale(other), scale(other[:1])
    assert together.shape == other.shape
    np.testing.assert_allclose(together[:1], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SCALINGS)
def test_no_images_to_scale(name):
    """A run without validation images scales none."""
    x = images()
    assert fitted(name, x)(x[:0]).shape == (0, 5, 4, 3)


@pytest.mark.parametrize("name", ["standard", "pca", "zca"])
@pytest.mark.parametrize("n", [MANY, FEW])
def test_scaled_images_are_floats_of_mean_zero(name, n):
    x = images(n)
    scaled = fitted(name, x)(x)
    assert scaled.dtype == np.float32
    axes = (0, 1, 2) if name == "standard" else 0
    np.testing.assert_allclose(scaled.mean(axis=axes), 0, atol=1e-3)


@settings(deadline=None, max_examples=20)
@given(
    name=st.sampled_from(SCALINGS),
    n=st.integers(1, 100),
    shape=st.sampled_from([(3, 2), (4, 4, 1), (4, 3, 3)]),
    low=st.integers(0, 255),
    spread=st.integers(0, 40),
)
@example(name="standard", n=3, shape=(4, 3, 3), low=7, spread=0)
@example(name="pca", n=60, shape=(4, 3, 3), low=7, spread=0)
@example(name="zca", n=3, shape=(4, 3, 3), low=7, spread=0)
def test_every_scaling_is_finite_on_any_images(name, n, shape, low, spread):
    """Constant images, constant channels and single images included."""
    rng = np.random.default_rng([n, low])
    x = np.uint8((low + rng.integers(0, spread + 1, size=(n, *shape))).clip(0, 255))
    scaled = fitted(name, x)(x)
    assert scaled.shape == x.shape
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize("name", ["standard", "zca"])
@pytest.mark.parametrize("n", [MANY, FEW])
def test_a_constant_channel_becomes_zero(name, n):
    x = images(n)
    x[..., 1] = 7
    np.testing.assert_allclose(fitted(name, x)(x)[..., 1], 0, atol=1e-5)


@pytest.mark.parametrize("name", ["pca", "zca"])
def test_the_number_of_threads_leaves_the_bits(name):
    x = images(500, shape=(12, 12, 3))
    scaled = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            scaled.append(fitted(name, x)(x))
    np.testing.assert_array_equal(*scaled)
