import numpy as np
import pytest

import experiments.linear_vs_hidden_layer as layers
from reporting import Lab
from reporting.verdicts.measures import over_seeds


@pytest.fixture(scope="module")
def runs():
    return layers.runs(Lab("quick", 3, {}, obtain=None))


def test_exactly_the_missing_bias_is_an_erratum(runs):
    errata = [c.statement for c in layers.claims(runs) if c.verdict == "erratum"]
    assert len(errata) == 1
    assert "without b₂" in errata[0]


def test_the_hidden_layer_solves_what_the_line_does_not(runs):
    assert (over_seeds(runs[layers.LAYER], layers.accuracy) > 0.95).all()
    assert (over_seeds(runs[layers.LINEAR], layers.accuracy) < 0.8).all()
    assert (over_seeds(runs[layers.LINEAR], layers.training_loss) > 0.65).all()


def test_sigmoid_outputs_stay_above_the_floor(runs):
    assert pytest.approx(0.31326, abs=1e-5) == layers.FLOOR
    assert (over_seeds(runs[layers.SIGMOIDS], layers.training_loss) > layers.FLOOR).all()
    assert (over_seeds(runs[layers.LAYER], layers.training_loss) < layers.FLOOR).all()


def test_networks_of_a_seed_see_the_same_points_and_differ_in_their_layers(runs):
    sizes = {
        kind: sum(parameter.size for parameter in run.network.parameters)
        for kind, (run, *_) in runs.items()
    }
    for of_seed in zip(*runs.values(), strict=True):
        assert len({run.points[0].tobytes() for run in of_seed}) == 1
    assert sizes == {layers.LINEAR: 6, layers.LAYER: 22, layers.SIGMOIDS: 22}
    inputs = np.zeros((1, 2))
    outputs = layers.network(layers.SIGMOIDS, 0).forward(inputs)
    logits = layers.network(layers.LAYER, 0).forward(inputs)
    np.testing.assert_allclose(outputs, 1 / (1 + np.exp(-logits)))


def test_separable_points_would_be_told(runs):
    first, *others = runs[layers.SIGMOIDS]
    x, _ = first.points
    left = first._replace(points=(x, (x[:, 0] > 0).astype(int)))
    easy = runs | {layers.SIGMOIDS: [left, *others]}
    verdicts = {claim.statement: claim.verdict for claim in layers.claims(easy)}
    assert verdicts["There is no linear decision"] == "erratum"
