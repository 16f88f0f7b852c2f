import numpy as np
import pytest

import experiments.movie_rating as movies
from reporting import Lab

ERRATA = ["J becomes better by adding", "The derivative of", "1 for h ≥ 1", "With the sigmoid"]


@pytest.fixture(scope="module")
def runs():
    return movies.runs(Lab("quick", 3, {}, obtain=None))


def test_exactly_the_errata_are_errata(runs):
    found = movies.claims(runs)
    errata = [claim.statement for claim in found if claim.verdict == "erratum"]
    assert len(errata) == len(ERRATA)
    for start in ERRATA:
        assert any(statement.startswith(start) for statement in errata), start
    assert {claim.verdict for claim in found} == {"erratum", "reproduced"}


def test_descent_learns_ascent_unlearns_and_no_target_forgets_half(runs):
    for run in runs:
        descent, ascent, no_target = (movies.losses(run, update) for update in movies.STYLES)
        assert descent[0] == ascent[0] == no_target[0]
        assert descent[-1] < 0.02
        assert ascent[-1] > 0.95
        assert no_target[-1] == pytest.approx(run["y"].mean(), abs=0.02)
        assert movies.accuracy(run, movies.DESCENT) == 1


def test_updates_follow_the_formula(runs):
    run = runs[0]
    w, b = run["paths"][movies.DESCENT]
    first = np.random.default_rng([0]).integers(movies.MOVIES, size=movies.ITERATIONS)[0]
    x, y = run["x"][first], run["y"][first]
    guess = 1 / (1 + np.exp(-(w[0] @ x + b[0, 0])))
    slope = 2 * (guess - y) * guess * (1 - guess)
    np.testing.assert_allclose(w[1], w[0] - movies.RATE * slope * x)
    np.testing.assert_allclose(b[1, 0], b[0, 0] - movies.RATE * slope)
    up, _ = run["paths"][movies.ASCENT]
    np.testing.assert_allclose(up[1] - up[0], w[0] - w[1])
    blind, _ = run["paths"][movies.NO_TARGET]
    np.testing.assert_allclose(
        blind[1], w[0] - movies.RATE * 2 * guess * guess * (1 - guess) * x
    )  # fmt: skip


def test_marks_are_scaled_to_one():
    np.testing.assert_allclose(movies.scaled(np.array([0.0, 5.0, 10.0])), [-1, 0, 1])


def test_movies_that_no_line_separates_are_not_learned(runs):
    mixed = [run | {"y": 1 - run["y"], "marks": run["marks"].round(-1)} for run in runs]
    verdicts = {claim.statement: claim.verdict for claim in movies.claims(mixed)}
    assert verdicts["The neuron learns what a line separates"] == "not reproduced"
    assert verdicts["A line separates the movies (supposed)"] == "erratum"
