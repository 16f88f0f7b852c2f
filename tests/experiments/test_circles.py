import numpy as np
import pytest

import experiments.circles as circles
from experiments.analyses import circles as analysis
from models.from_scratch import tanh_network
from models.from_scratch.descent import batches, descend, differences
from reporting import Lab


@pytest.fixture(scope="module")
def runs():
    return circles.runs(Lab("quick", 2, {}, obtain=None))


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in circles.claims(runs)}


def test_the_four_ways_take_one_path(runs):
    found = verdicts(runs)
    assert [found[statement] for statement in found if "similar results" in statement] == [
        "reproduced"
    ] * 3
    for run in runs:
        manual = run["trained"][circles.MANUAL]
        assert len(manual.losses) == circles.COMPARED
        assert np.ptp(manual.losses) > 0.1
        for way in circles.WAYS:
            assert max(differences(run["trained"][way], manual)) < 1e-5


def test_another_start_or_another_order_is_another_path(runs):
    losses = runs[0]["trained"][circles.MANUAL].losses
    start, other_start = (tanh_network(seed=seed).get_weights() for seed in (0, 1))
    for weights, seed in ((start, 1), (other_start, 0)):
        order = batches(*runs[0]["training"], circles.BATCH_SIZE, circles.COMPARED, seed)
        other = descend(analysis.loss_and_gradients, weights, order, circles.RATE)
        assert np.abs(other.losses - losses).max() > 1e-2


@pytest.mark.parametrize("way", [circles.AUTOMATIC, circles.LAYERS, circles.OPTIMIZER])
def test_a_way_that_strays_is_found(runs, way):
    trained = runs[0]["trained"]
    off = trained[way]._replace(losses=trained[way].losses + 1e-4)
    strayed = runs[0] | {"trained": trained | {way: off}}
    changed = [claim for claim in circles.claims([strayed, runs[1]]) if claim.verdict == "erratum"]
    assert len(changed) == 1


def test_the_network_learns_both_sets(runs):
    for part in ("training", "test"):
        _, accuracy = circles.measured(runs, part, every=1000)
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
