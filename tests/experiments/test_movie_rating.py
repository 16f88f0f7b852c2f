import dataclasses

import numpy as np
import pytest

import experiments.movie_rating as movies
from experiments.analyses import movie_rating as analysis
from reporting import Lab

ERRATA = ["J becomes better by adding", "The derivative of", "1 for h ≥ 1", "With the sigmoid"]


@pytest.fixture(scope="module")
def runs():
    return movies.runs(Lab("quick", 3, {}, obtain=None))


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in movies.claims(runs)}


def test_exactly_the_errata_are_errata(runs):
    found = verdicts(runs)
    errata = [statement for statement, verdict in found.items() if verdict == "erratum"]
    assert len(errata) == len(ERRATA)
    for start in ERRATA:
        assert any(statement.startswith(start) for statement in errata), start
    assert set(found.values()) == {"erratum", "reproduced"}


def test_were_the_source_right_it_would_be_reproduced(runs):
    """Were outputs 0 or 1, the derivative 2ŷ, no h between 0 and 1, and a step uphill good."""
    guesses = runs.first["guesses"].round()
    first = runs.first | {
        "h": np.where(guesses > 0, 9.0, -9.0),
        "guesses": guesses,
        "derivatives": 2 * guesses,
    }
    right = dataclasses.replace(runs, changes=-runs.changes, first=first)
    assert set(verdicts(right).values()) == {"reproduced"}


def test_a_neuron_that_unlearns_is_not_reproduced(runs):
    of_ascent = runs.neurons | {movies.DESCENT: runs.neurons[analysis.ASCENT]}
    found = verdicts(dataclasses.replace(runs, neurons=of_ascent))
    assert found["The neuron learns what a line separates"] == "not reproduced"
    assert found["Against the gradient the squared error becomes smaller"] == "not reproduced"


def test_movies_that_no_line_separates_are_an_erratum(runs):
    found = verdicts(dataclasses.replace(runs, separable=[True, False, True]))
    assert found["A line separates the movies (supposed)"] == "erratum"


def test_what_is_stored_is_what_was_trained(runs):
    training = analysis.train(movies.DESCENT, 0, movies.MOVIES, movies.RATE, movies.ITERATIONS)
    run = runs.neurons[movies.DESCENT][0]
    np.testing.assert_allclose(run.losses, training.losses, rtol=1e-6)
    assert (run.first_loss, run.last_loss) == (training.losses[0], training.losses[-1])
    assert run.accuracy == training.accuracy
    np.testing.assert_array_equal(runs.first["w"], training.w[list(movies.SHOWN)])
    np.testing.assert_array_equal(runs.first["h"], training.h[-1])
