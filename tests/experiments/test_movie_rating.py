import numpy as np
import pytest

import experiments.movie_rating as movies
from datasets import points
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
    for run, *others in zip(*(runs[update] for update in movies.UPDATES), strict=True):
        descent, ascent, no_target = (of.losses for of in (run, *others))
        assert descent[0] == ascent[0] == no_target[0]
        assert descent[-1] < 0.02
        assert ascent[-1] > 0.95
        assert no_target[-1] == pytest.approx(run.y.mean(), abs=0.02)
        assert movies.accuracy(run) == 1


def test_updates_follow_the_formula(runs):
    run, ascent, no_target = (runs[update][0] for update in movies.UPDATES)
    first = np.random.default_rng([0]).integers(movies.MOVIES, size=movies.ITERATIONS)[0]
    x, y = points.scaled_marks(run.marks)[first], run.y[first]
    guess = 1 / (1 + np.exp(-(run.w[0] @ x + run.b[0, 0])))
    slope = 2 * (guess - y) * guess * (1 - guess)
    np.testing.assert_allclose(run.w[1], run.w[0] - movies.RATE * slope * x)
    np.testing.assert_allclose(run.b[1, 0], run.b[0, 0] - movies.RATE * slope)
    np.testing.assert_allclose(ascent.w[1] - ascent.w[0], run.w[0] - run.w[1])
    without = 2 * guess * guess * (1 - guess)
    np.testing.assert_allclose(no_target.w[1], run.w[0] - movies.RATE * without * x)


def test_movies_that_no_line_separates_are_not_learned(runs):
    mixed = {
        update: [run._replace(y=1 - run.y, marks=run.marks.round(-1)) for run in of_update]
        for update, of_update in runs.items()
    }
    verdicts = {claim.statement: claim.verdict for claim in movies.claims(mixed)}
    assert verdicts["The neuron learns what a line separates"] == "not reproduced"
    assert verdicts["A line separates the movies (supposed)"] == "erratum"
