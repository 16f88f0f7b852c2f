import numpy as np
import pytest

import experiments.linear_vs_hidden_layer as layers
from models.from_scratch import categorical_cross_entropy
from reporting import Lab


@pytest.fixture(scope="module")
def runs():
    return layers.runs(Lab("quick", 3, {}, obtain=None))


def test_exactly_the_missing_bias_is_an_erratum(runs):
    errata = [c.statement for c in layers.claims(runs) if c.verdict == "erratum"]
    assert len(errata) == 1
    assert "without b₂" in errata[0]


def test_the_printed_loss_is_right_where_the_bias_is_0(runs):
    trained, (x, y) = runs[0]["networks"][layers.SIGMOIDS], runs[0]["training"]
    *parameters, bias = trained.get_weights()
    unbiased = layers.network(layers.SIGMOIDS, 0)
    unbiased.set_weights([*parameters, 0 * bias])
    loss, _ = categorical_cross_entropy(unbiased.forward(x), y)
    assert layers.printed_loss(unbiased.parameters, x, y) == pytest.approx(loss)
    assert layers.printed_loss(trained.parameters, x, y) != pytest.approx(loss)


def test_the_hidden_layer_solves_what_the_line_does_not(runs):
    assert (layers.final(runs, layers.LAYER, "accuracy") > 0.95).all()
    assert (layers.final(runs, layers.LINEAR, "accuracy") < 0.8).all()
    assert (layers.final(runs, layers.LINEAR, "loss") > 0.65).all()


def test_sigmoid_outputs_stay_above_the_floor(runs):
    assert pytest.approx(0.31326, abs=1e-5) == layers.FLOOR
    assert (layers.final(runs, layers.SIGMOIDS, "loss") > layers.FLOOR).all()
    assert (layers.final(runs, layers.LAYER, "loss") < layers.FLOOR).all()


def test_networks_of_a_seed_see_the_same_points_and_differ_in_their_layers(runs):
    sizes = {
        kind: sum(parameter.size for parameter in trained.parameters)
        for kind, trained in runs[0]["networks"].items()
    }
    assert sizes == {layers.LINEAR: 6, layers.LAYER: 22, layers.SIGMOIDS: 22}
    inputs = np.zeros((1, 2))
    outputs = layers.network(layers.SIGMOIDS, 0).forward(inputs)
    logits = layers.network(layers.LAYER, 0).forward(inputs)
    np.testing.assert_allclose(outputs, 1 / (1 + np.exp(-logits)))


def test_separable_points_would_be_told(runs):
    x, _ = runs[0]["points"]
    easy = [runs[0] | {"points": (x, (x[:, 0] > 0).astype(int))}, *runs[1:]]
    verdicts = {claim.statement: claim.verdict for claim in layers.claims(easy)}
    assert verdicts["There is no linear decision"] == "erratum"
