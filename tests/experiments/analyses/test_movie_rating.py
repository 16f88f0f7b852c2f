import dataclasses

import numpy as np
import pytest

from datasets import points
from experiments.analyses import movie_rating as analysis
from experiments.analyses.movie_rating import ASCENT, DESCENT, NO_TARGET

MOVIES, RATE, ITERATIONS = 100, 1.0, 2000


@pytest.fixture(scope="module", params=range(3))
def trainings(request):
    """Way of updating → how the neuron of one seed trained."""
    return {
        update: analysis.train(update, request.param, MOVIES, RATE, ITERATIONS)
        for update in analysis.UPDATES
    }


def test_descent_learns_ascent_unlearns_and_no_target_forgets_half(trainings):
    losses = {update: training.losses for update, training in trainings.items()}
    assert losses[DESCENT][0] == losses[ASCENT][0] == losses[NO_TARGET][0]
    assert losses[DESCENT][-1] < 0.02
    assert losses[ASCENT][-1] > 0.95
    likes = trainings[DESCENT].likes
    assert losses[NO_TARGET][-1] == pytest.approx(likes.mean(), abs=0.02)
    assert trainings[DESCENT].accuracy == 1


def test_updates_follow_the_formula():
    run, ascent, no_target = (
        analysis.train(update, 0, MOVIES, RATE, 1) for update in (DESCENT, ASCENT, NO_TARGET)
    )
    first = np.random.default_rng([0]).integers(MOVIES, size=1)[0]
    x, y = points.scaled_marks(run.marks)[first], run.likes[first]
    guess = 1 / (1 + np.exp(-(run.w[0] @ x + run.b[0, 0])))
    slope = 2 * (guess - y) * guess * (1 - guess)
    np.testing.assert_allclose(run.w[1], run.w[0] - RATE * slope * x)
    np.testing.assert_allclose(run.b[1, 0], run.b[0, 0] - RATE * slope)
    np.testing.assert_allclose(ascent.w[1] - ascent.w[0], run.w[0] - run.w[1])
    without = 2 * guess * guess * (1 - guess)
    np.testing.assert_allclose(no_target.w[1], run.w[0] - RATE * without * x)


def test_along_the_gradient_the_error_grows(trainings):
    training = trainings[DESCENT]
    assert analysis.change_along_gradient(training, RATE) == 1
    assert analysis.change_along_gradient(training, -RATE) == -1


def test_the_accuracy_counts_the_movies_on_their_side(trainings):
    training = trainings[DESCENT]
    turned = dataclasses.replace(training, likes=1 - training.likes)
    assert turned.accuracy == 0
    with_bias = dataclasses.replace(training, b=np.full_like(training.b, 1000))
    assert with_bias.accuracy == training.likes.mean()


def test_derivatives_of_the_square():
    guesses, likes = np.array([0.9, 0.2]), np.array([1, 0])
    np.testing.assert_allclose(analysis.derivatives(guesses, likes), [-0.2, 0.4], atol=1e-6)
