import numpy as np
import pytest

import experiments.circles as circles
from experiments.analyses import circles as analysis
from models.from_scratch import tanh_network
from models.from_scratch.gradient_descent import Descent, batches, descend, differences
from reporting import Lab


@pytest.fixture(scope="module")
def runs():
    return circles.runs(Lab("quick", 2, {}, obtain=None))


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in circles.claims(runs)}


def descent(seed, way):
    return Descent([seed["weights"][way]], seed["losses"][way])


def test_the_four_ways_take_one_path(runs):
    found = verdicts(runs)
    assert [found[statement] for statement in found if "similar results" in statement] == [
        "reproduced"
    ] * 3
    for seed in runs.seeds:
        losses = seed["losses"][circles.MANUAL]
        assert len(losses) == circles.COMPARED
        assert np.ptp(losses) > 0.1
        for way in circles.WAYS:
            assert max(differences(descent(seed, way), descent(seed, circles.MANUAL))) < 1e-5


def test_another_start_or_another_order_is_another_path(runs):
    losses = runs.seeds[0]["losses"][circles.MANUAL]
    start, other_start = (tanh_network(seed=seed).get_weights() for seed in (0, 1))
    for weights, seed in ((start, 1), (other_start, 0)):
        order = batches(*runs.seeds[0]["training"], circles.BATCH_SIZE, circles.COMPARED, seed)
        other = descend(analysis.loss_and_gradients, weights, order, circles.RATE)
        assert np.abs(other.losses - losses).max() > 1e-2


@pytest.mark.parametrize("way", [circles.AUTOMATIC, circles.LAYERS, circles.OPTIMIZER])
def test_a_way_that_strays_is_found(runs, way):
    first, *others = runs.seeds
    losses = first["losses"] | {way: first["losses"][way] + 1e-4}
    strayed = circles.Runs([first | {"losses": losses}, *others])
    changed = [claim for claim in circles.claims(strayed) if claim.verdict == "erratum"]
    assert len(changed) == 1


def test_a_loss_that_climbs_is_not_reproduced(runs):
    climbing = [
        seed | {"metrics": {part: metrics[:, ::-1] for part, metrics in seed["metrics"].items()}}
        for seed in runs.seeds
    ]
    found = verdicts(circles.Runs(climbing))
    assert verdicts(runs)["The error on the test points decreases"] == "reproduced"
    assert found["The error on the training points decreases"] == "not reproduced"
    assert found["The error on the test points decreases"] == "not reproduced"


def test_the_network_learns_both_sets(runs):
    for part in ("training", "test"):
        _, accuracy = circles.metrics_of(runs, part)
        assert (accuracy[:, 0] < 0.7).all()
        assert (accuracy[:, -1] > 0.9).all()


def test_training_and_test_points_differ(runs):
    for seed in runs.seeds:
        training, test = ({tuple(x) for x in seed[part][0]} for part in ("training", "test"))
        assert len(training) == len(test) == circles.SIZE
        assert not training & test


def test_the_sources_loss_is_not_about_these_points(runs):
    (claim,) = [claim for claim in circles.claims(runs) if claim.kind == "value"]
    assert not claim.about_source_data
