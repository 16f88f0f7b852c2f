import hashlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import datasets


@st.composite
def requests(draw):
    counts = draw(st.lists(st.integers(1, draw(st.sampled_from([3, 40]))), min_size=1, max_size=10))
    labels = np.repeat(np.arange(len(counts)), counts)
    labels = np.random.default_rng([draw(st.integers(0, 99))]).permutation(labels)
    train = draw(st.integers(0, len(labels)))
    rest = len(labels) - train
    validation = draw(st.one_of(st.just(rest), st.integers(0, rest)))
    return labels, train, validation, draw(st.integers(0, 2**31))


@settings(deadline=None, max_examples=300)
@given(requests())
@example((np.array([0, 1]), 1, 1, 0))  # the class that gave to training has none left
def test_sizes_disjointness_and_class_proportions(request):
    labels, train_size, validation_size, seed = request
    drawn = datasets.split(labels, train_size, validation_size, seed)
    for indices, size in ((drawn.train, train_size), (drawn.validation, validation_size)):
        assert indices.dtype == np.int64
        assert indices.shape == (size,)
        assert (np.diff(indices) > 0).all()
        assert ((indices >= 0) & (indices < len(labels))).all()
        exact = np.bincount(labels) * size / len(labels)
        got = np.bincount(labels[indices], minlength=len(exact))
        assert (np.abs(got - exact) < 1).all()
    assert np.intersect1d(drawn.train, drawn.validation).size == 0


@pytest.fixture
def labels():
    return np.random.default_rng([1]).integers(10, size=500, dtype=np.uint8)


def test_everything_can_go_to_training(labels):
    drawn = datasets.split(labels, 500, 0)
    np.testing.assert_array_equal(drawn.train, np.arange(500))
    assert drawn.validation.shape == (0,)


def test_the_seed_decides(labels):
    first, again, other = (datasets.split(labels, 300, 100, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train, again.train)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert first.hash == again.hash != other.hash
    assert not np.array_equal(first.train, other.train)


def test_the_default_seed_is_zero(labels):
    assert datasets.split(labels, 300, 100).hash == datasets.split(labels, 300, 100, seed=0).hash


def test_every_image_can_be_drawn(labels):
    drawn = [datasets.split(labels, 250, 0, seed).train for seed in range(20)]
    assert len(np.unique(np.concatenate(drawn))) == 500


def test_hash_is_over_length_and_indices(labels):
    drawn = datasets.split(labels, 300, 100)
    words = [300, *drawn.train.tolist(), *drawn.validation.tolist()]
    raw = b"".join(word.to_bytes(8, "little") for word in words)
    assert drawn.hash == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(
    ("train", "validation"), [(400, 101), (501, 0), (0, 501), (-1, 10), (10, -1)]
)
def test_impossible_sizes(labels, train, validation):
    with pytest.raises(datasets.DataError, match="at most 500") as caught:
        datasets.split(labels, train, validation)
    assert "\n" not in str(caught.value)
    assert str(train) in str(caught.value)
    assert str(validation) in str(caught.value)
