import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import DataError, points
from training.provenance import ROOT

SETS = [points.circles, points.four_clusters, points.movie_marks]


@pytest.mark.parametrize("draw", SETS)
def test_every_set_has_two_balanced_classes_in_the_plane(draw):
    x, y = draw(200)
    assert (x.shape, x.dtype) == ((200, 2), np.float64)
    assert (y.shape, y.dtype) == ((200,), np.int64)
    counts = np.bincount(y)
    assert len(counts) == 2
    assert counts.min() > 60


@pytest.mark.parametrize("draw", SETS)
def test_seeds_decide_the_points(draw):
    first, again, other = (draw(50, seed=seed) for seed in (0, 0, 1))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_circles_have_their_radii():
    x, y = points.circles(1000, noise=0, factor=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 1, 0.3, 1))


def test_clusters_of_one_class_lie_at_opposite_corners():
    x, y = points.four_clusters(1000, spread=0.01)
    np.testing.assert_allclose(np.abs(x), 1, atol=0.1)
    np.testing.assert_array_equal(y, x[:, 0] * x[:, 1] < 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.1, 1.9))
def test_marks_can_be_separated(seed, margin):
    x, y = points.movie_marks(60, margin, seed)
    assert len(x) == 60
    assert x.min() >= 0
    assert x.max() <= 10
    assert points.separable(x, y)


def test_a_margin_separates_the_classes():
    x, y = points.movie_marks(500, margin=1.5, seed=3)
    distances = np.linalg.norm(x[y == 0][:, None] - x[y == 1], axis=-1)
    assert distances.min() >= 3


def test_marks_are_scaled_to_one():
    np.testing.assert_allclose(points.scaled_marks(np.array([0.0, 5.0, 10.0])), [-1, 0, 1])


@pytest.mark.parametrize(
    ("x", "y", "holds"),
    [
        ([(0, 0), (1, 1)], [0, 1], True),
        ([(0, 0), (1, 1), (2, 2)], [0, 1, 0], False),
        ([(0, 0), (1, 1), (0, 1), (1, 0)], [0, 0, 1, 1], False),
        ([(5, 1), (5, 2), (7, 1.5)], [1, 0, 1], True),
        ([(0, 0), (0, 0)], [0, 1], False),
    ],
)
def test_separable(x, y, holds):
    assert points.separable(np.array(x, float), np.array(y)) is holds


@pytest.mark.parametrize("seed", range(3))
def test_no_line_separates_circles_or_four_clusters(seed):
    for draw in (points.circles, points.four_clusters):
        assert not points.separable(*draw(100, seed=seed))


def test_train_and_test_parts_are_disjoint_and_stratified():
    x, y = points.circles(100)
    (x_train, y_train), (x_test, y_test) = points.train_and_test(x, y, test_size=30, seed=5)
    assert len(x_train) == len(y_train) == 70
    assert np.bincount(y_test).tolist() == [15, 15]
    assert {tuple(point) for point in [*x_train, *x_test]} == {tuple(point) for point in x}
    for part, labels in ((x_train, y_train), (x_test, y_test)):
        for point, label in zip(part, labels, strict=True):
            assert y[(x == point).all(axis=1)] == [label]
    other, _ = points.train_and_test(x, y, test_size=30, seed=6)
    assert not np.array_equal(other[0], x_train)


def test_three_parts_share_no_point():
    x, y = points.circles(100)
    sets = points.train_validation_and_test(x, y, validation_size=20, test_size=30, seed=1)
    assert [len(labels) for _, labels in sets] == [50, 20, 30]
    everything = {tuple(point) for part, _ in sets for point in part}
    assert everything == {tuple(point) for point in x}
    for _, labels in sets:
        assert np.ptp(np.bincount(labels)) == 0


def test_a_test_part_larger_than_the_set():
    with pytest.raises(DataError, match="ask for fewer"):
        points.train_and_test(*points.circles(10), test_size=11)


def test_importing_the_module_is_light():
    heavy = "{'sklearn', 'scipy', 'tensorflow'}"
    code = f"import datasets.points, sys; print(*{heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
