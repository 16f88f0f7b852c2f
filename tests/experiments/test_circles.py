import numpy as np
import pytest

import experiments.circles as circles
from models.from_scratch import numerical_gradient, tanh_network
from reporting import Lab


@pytest.fixture(scope="module")
def runs():
    return circles.runs(Lab("quick", 2, {}, obtain=None))


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in circles.claims(runs)}


def test_manual_gradients_are_those_of_differences():
    rng = np.random.default_rng([0])
    x, y = rng.normal(size=(7, 2)), rng.integers(2, size=7)
    weights = tanh_network(hidden=3, dtype=np.float64).get_weights()
    loss, gradients = circles.manual_gradients(weights, x, y)
    assert loss == pytest.approx(circles.loss_of(circles.logits(weights, x), y))
    for weight, gradient in zip(weights, gradients, strict=True):
        expected = numerical_gradient(lambda _: circles.manual_gradients(weights, x, y)[0], weight)
        np.testing.assert_allclose(gradient, expected, atol=1e-8)


def test_one_epoch_of_descent_sees_every_point_once():
    seen = []

    def gradients(weights, x, y):
        seen.extend(x[:, 0])
        return 0.0, [np.zeros(1)]

    x = np.arange(circles.SIZE)[:, None]
    per_epoch = circles.SIZE // circles.BATCH_SIZE
    circles.descend(gradients, [np.zeros(1)], x, x[:, 0], seed=3, iterations=per_epoch)
    assert sorted(seen) == list(range(circles.SIZE))
    assert seen != sorted(seen)


def test_the_four_ways_take_one_path(runs):
    found = verdicts(runs)
    assert [found[statement] for statement in found if "similar results" in statement] == [
        "reproduced"
    ] * 3
    for run in runs:
        weights, losses = run["ways"][circles.MANUAL]
        assert len(losses) == circles.COMPARED
        assert np.ptp(losses) > 0.1
        for way in (circles.AUTOMATIC, circles.LAYERS, circles.OPTIMIZER):
            for one, other in zip(weights, run["ways"][way][0], strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)


def test_another_start_or_another_order_is_another_path(runs):
    run = runs[0]
    _, losses = run["ways"][circles.MANUAL]
    start, other_start = (tanh_network(seed=seed).get_weights() for seed in (0, 1))
    for weights, seed in ((start, 1), (other_start, 0)):
        _, other = circles.descend(
            circles.manual_gradients, weights, *run["training"], seed, circles.COMPARED
        )
        assert np.abs(other - losses).max() > 1e-2


@pytest.mark.parametrize("way", [circles.AUTOMATIC, circles.LAYERS, circles.OPTIMIZER])
def test_a_way_that_strays_is_found(runs, way):
    weights, losses = runs[0]["ways"][way]
    strayed = runs[0] | {"ways": runs[0]["ways"] | {way: (weights, losses + 1e-4)}}
    changed = [claim for claim in circles.claims([strayed, runs[1]]) if claim.verdict == "erratum"]
    assert len(changed) == 1


def test_the_network_learns_both_sets(runs):
    for part in ("training", "test"):
        accuracy = circles.measured(runs, circles.categorical_accuracy, part, every=1000)
        assert (accuracy[:, 0] < 0.7).all()
        assert (accuracy[:, 1] > 0.9).all()


def test_training_and_test_points_differ(runs):
    for run in runs:
        training, test = ({tuple(x) for x in run[part][0]} for part in ("training", "test"))
        assert len(training) == len(test) == circles.SIZE
        assert not training & test


def test_the_sources_loss_is_not_about_these_points(runs):
    (claim,) = [claim for claim in circles.claims(runs) if claim.kind == "value"]
    assert not claim.about_source_data
