import numpy as np
import pytest

from experiments.analyses.universal_approximation import approximation, one_layer
from experiments.analyses.universal_approximation.approximation import (
    BOUNDS,
    RELUS,
    SIGMOIDS,
    SOLVED,
    TEST,
    TRAINED,
    TRAINING,
    WRITTEN,
)


@pytest.mark.parametrize(("m", "side"), [(1, 256), (2, 32)])
def test_no_point_is_trained_on_and_tested(m, side):
    assert TRAINING[m].shape == (side**m, m)
    both = np.concatenate([TRAINING[m], TEST[m]])
    assert len(np.unique(both.round(9), axis=0)) == len(both)
    assert both.min() == 0
    assert both.max() == 1


def test_the_target_rises_and_bends_no_more_than_the_bounds_assume():
    x = np.linspace(0, 1, 20_001)[:, None]
    f = approximation.target(x)
    slope = np.abs(np.diff(f)).max() / x[1, 0]
    curvature = np.abs(np.diff(f, 2)).max() / x[1, 0] ** 2
    assert 0.99 * 5 * np.pi < slope <= 5 * np.pi
    assert 0.9 * 22 * np.pi**2 < curvature <= 22 * np.pi**2


def written(neurons, width):
    weights = approximation.WRITE[neurons](approximation.target, width)
    return approximation.largest(approximation.errors(neurons, weights, TEST[1]))[0]


@pytest.mark.parametrize("neurons", [SIGMOIDS, RELUS])
@pytest.mark.parametrize("width", [1, 3, 10, 40, 200])
def test_the_bounds_hold(neurons, width):
    assert written(neurons, width) <= BOUNDS[neurons](width) * (1 + 1e-6)


def test_written_errors_fall_as_the_bounds_do():
    assert written(RELUS, 64) / written(RELUS, 128) == pytest.approx(4, rel=0.02)
    assert written(SIGMOIDS, 64) / written(SIGMOIDS, 128) == pytest.approx(129 / 65, rel=0.05)


def test_the_setting_that_fits_the_training_points_best_is_chosen(monkeypatch):
    """Train nothing: the error of a network is how far its slope and rate are from 20 and 0.03."""

    def train(activation, weights, x, y, rates, **training):
        return np.log(rates / np.array(0.03)) ** 2 + (weights[0][:, 0, 0] - 20) ** 2

    def draw(m, width, slope, seed):
        return [np.full((1, 1), slope)]

    monkeypatch.setattr(one_layer, "train", train)
    monkeypatch.setattr(one_layer, "draw", draw)
    monkeypatch.setattr(approximation, "errors", lambda neurons, score, x: score[:, None])
    assert approximation.tune(1, SIGMOIDS, 4, seeds=(7, 8)) == (20, 0.03)


def test_a_case_is_approximated_by_every_method():
    found = approximation.approximate(
        1,
        SIGMOIDS,
        widths=(2, 16),
        updates=200,
        batch_size=32,
        seeds=range(2),
        tuning_seeds=[1000],
        shown=[16],
    )
    assert all(setting in approximation.SETTINGS for setting in found["settings"])
    for size in ("largest", "rms"):
        assert {method: errors.shape for method, errors in found[size].items()} == {
            TRAINED: (2, 2),
            SOLVED: (2, 2),
            WRITTEN: (1, 2),
        }
    trained, solved = found["rms"][TRAINED], found["rms"][SOLVED]
    assert (solved[:, 1] < 0.1 * trained[:, 1]).all()
    assert (found["largest"][TRAINED] > trained).all()
    assert trained[0, 1] != trained[1, 1]
    assert list(found["shown"]) == ["16"]
    of_first_seed = approximation.errors(SIGMOIDS, found["shown"]["16"], TEST[1])
    assert of_first_seed.shape == (2000,)
    assert approximation.rms(of_first_seed) == pytest.approx(trained[0, 1])


def test_errors_over_widths():
    errors = [np.array([[1, -3], [2, 0]]) / n for n in (1, 2, 4)]
    largest = approximation.over_widths(approximation.largest, errors)
    assert largest.tolist() == [[3, 1.5, 0.75], [2, 1, 0.5]]
    rms = approximation.over_widths(approximation.rms, errors)
    assert rms[:, 0] == pytest.approx([5**0.5, 2**0.5])
