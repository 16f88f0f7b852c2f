import numpy as np
import pytest

import experiments.universal_approximation as approximation
from experiments.universal_approximation import RELUS, SIGMOIDS, SOLVED, TRAINED, WRITTEN
from models import one_layer
from reporting import Lab

WIDTHS = 1, 4, 16, 64


def made_up(way_errors):
    """Runs of 3 seeds whose errors are way_errors(way, width), and a little more for each seed."""
    ways = {1: (TRAINED, SOLVED, WRITTEN), 2: (TRAINED, SOLVED)}
    grow = np.array([[1.0], [1.01], [1.03]])
    return {
        (m, activation): {
            n: ((6, 0.1), {way: way_errors(way, n) * (grow if way != WRITTEN else np.ones((1, 1)))
                           * np.ones(len(approximation.TEST[m])) for way in ways[m]})
            for n in WIDTHS
        }
        for m, activation in approximation.CASES
    }  # fmt: skip


def verdicts(runs, words):
    return [c.verdict for c in approximation.claims(runs) if words in c.statement]


@pytest.mark.parametrize(("m", "side"), [(1, 256), (2, 32)])
def test_no_point_is_trained_on_and_tested(m, side):
    training, test = approximation.TRAINING[m], approximation.TEST[m]
    assert training.shape == (side**m, m)
    both = np.concatenate([training, test])
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
    return approximation.largest(approximation.errors(neurons, weights, approximation.TEST[1]))[0]


@pytest.mark.parametrize("neurons", [SIGMOIDS, RELUS])
@pytest.mark.parametrize("width", [1, 3, 10, 40, 200])
def test_the_bounds_hold(neurons, width):
    assert written(neurons, width) <= approximation.BOUNDS[neurons](width) * (1 + 1e-6)


def test_written_errors_fall_as_the_bounds_do():
    assert written(RELUS, 64) / written(RELUS, 128) == pytest.approx(4, rel=0.02)
    assert written(SIGMOIDS, 64) / written(SIGMOIDS, 128) == pytest.approx(129 / 65, rel=0.05)


def test_the_setting_that_fits_the_training_points_best_is_chosen(monkeypatch):
    """Train nothing: the error of a network is how far its slope and rate are from 20 and 0.03."""

    def train(activation, weights, x, y, rates, updates):
        return np.log(rates / np.array(0.03)) ** 2 + (weights[0][:, 0, 0] - 20) ** 2

    def draw(m, width, slope, seed):
        return [np.full((1, 1), slope)]

    monkeypatch.setattr(one_layer, "train", train)
    monkeypatch.setattr(one_layer, "draw", draw)
    monkeypatch.setattr(approximation, "errors", lambda neurons, score, x: score[:, None])
    assert approximation.tune(SIGMOIDS, 1, 4, (7, 8), 10) == (20, 0.03)


def test_a_case_is_approximated_in_every_way():
    setting, errors = approximation.approximate(SIGMOIDS, 1, 16, Lab("quick", 2, {}, None), 200)
    assert setting in approximation.SETTINGS
    assert {way: error.shape for way, error in errors.items()} == {
        TRAINED: (2, 2000), SOLVED: (2, 2000), WRITTEN: (1, 2000)
    }  # fmt: skip
    assert (approximation.rms(errors[SOLVED]) < 0.1 * approximation.rms(errors[TRAINED])).all()
    assert not np.array_equal(*errors[TRAINED])


def test_claims_follow_from_the_errors():
    small = {SOLVED: 0.001, WRITTEN: 0.0001, TRAINED: 1}
    runs = made_up(lambda way, n: small[way] / n)
    assert verdicts(runs, "bring the error down") == 4 * ["reproduced"]
    assert verdicts(runs, "misses weights") == 5 * ["reproduced"]
    assert verdicts(runs, "exist whose error is at most") == 2 * ["reproduced"]


def test_claims_fail_where_errors_are_the_other_way_round():
    large = {SOLVED: 100, WRITTEN: 100, TRAINED: 1}
    runs = made_up(lambda way, n: large[way] * n)
    assert verdicts(runs, "bring the error down") == 4 * ["not reproduced"]
    assert verdicts(runs, "misses weights") == 5 * ["not reproduced"]
    assert verdicts(runs, "exist whose error is at most") == 2 * ["erratum"]


def test_the_table_gives_the_spread_of_starts():
    table = approximation.widest(made_up(lambda way, n: 1 / n))
    assert len(table.rows) == 10
    assert table.title == "With 64 neurons"
    assert table.rows[0][4] == pytest.approx(1.03)
    assert table.rows[0][5] == "6, 0.1"
    assert table.rows[1][4:] == ["—", "—"]
