import dataclasses

import numpy as np
import pytest

import experiments.linear_vs_hidden_layer as layers
from reporting import Lab
from reporting.verdicts.measures import over_seeds


@pytest.fixture(scope="module")
def runs():
    return layers.runs(Lab("quick", 3, {}, obtain=None))


def verdicts(runs):
    return [claim.verdict for claim in layers.claims(runs)]


def test_exactly_the_missing_bias_is_an_erratum(runs):
    errata = [c.statement for c in layers.claims(runs) if c.verdict == "erratum"]
    assert len(errata) == 1
    assert "without b₂" in errata[0]


def test_verdicts_follow_what_the_networks_learned(runs):
    def changed(linear, layer, sigmoids):
        values = {layers.LINEAR: linear, layers.LAYER: layer, layers.SIGMOIDS: sigmoids}
        networks = {
            kind: [
                dataclasses.replace(run, training_loss=loss + k / 1000, accuracy=accuracy)
                for k, run in enumerate(runs.networks[kind])
            ]
            for kind, (loss, accuracy) in values.items()
        }
        return verdicts(dataclasses.replace(runs, networks=networks))[:3]

    as_said = changed(linear=(0.7, 0.7), layer=(0.1, 0.9), sigmoids=(0.4, 0.8))
    assert as_said == ["reproduced"] * 3
    assert changed((0.4, 0.9), (0.1, 0.8), (0.7, 0.7)) == ["not reproduced"] * 3


def test_identities_follow_what_was_computed(runs):
    losses = over_seeds(runs.networks[layers.SIGMOIDS], layers.LOSS)
    changed = dataclasses.replace(
        runs, separable=[False, True, False], gradient_errors=[0, 0.1, 0], printed_losses=losses
    )
    assert verdicts(changed)[3:] == ["erratum", "erratum", "reproduced"]


def test_the_hidden_layer_solves_what_the_line_does_not(runs):
    assert (over_seeds(runs.networks[layers.LAYER], layers.ACCURACY) > 0.95).all()
    assert (over_seeds(runs.networks[layers.LINEAR], layers.ACCURACY) < 0.8).all()
    assert (over_seeds(runs.networks[layers.LINEAR], layers.LOSS) > 0.65).all()


def test_sigmoid_outputs_stay_above_the_floor(runs):
    assert pytest.approx(0.31326, abs=1e-5) == layers.FLOOR
    assert (over_seeds(runs.networks[layers.SIGMOIDS], layers.LOSS) > layers.FLOOR).all()
    assert (over_seeds(runs.networks[layers.LAYER], layers.LOSS) < layers.FLOOR).all()


def test_networks_differ_in_their_layers(runs):
    sizes = {
        kind: sum(array.size for array in run.weights) for kind, (run, *_) in runs.networks.items()
    }
    assert sizes == {layers.LINEAR: 6, layers.LAYER: 22, layers.SIGMOIDS: 22}
    inputs = np.zeros((1, 2))
    outputs = layers.network(layers.SIGMOIDS, 0).forward(inputs)
    logits = layers.network(layers.LAYER, 0).forward(inputs)
    np.testing.assert_allclose(outputs, 1 / (1 + np.exp(-logits)))


def test_networks_of_a_seed_see_the_same_points_in_the_same_order(monkeypatch):
    seen = []

    def train(kind, training, test, seed):
        seen.append((seed, training[0].tobytes(), test[0].tobytes()))
        return {"weights": layers.network(layers.SIGMOIDS, seed).get_weights()}

    monkeypatch.setattr(layers, "train", train)
    layers.train_networks(2)
    assert len(seen) == 6
    assert len(set(seen)) == 2


def test_what_is_kept_of_a_network_classifies_as_it_did(runs):
    x, y = runs.training
    run = runs.networks[layers.LAYER][0]
    score = layers.log_odds(layers.LAYER, run.weights)(x)
    assert np.mean(np.log1p(np.exp(np.where(y == 1, -score, score)))) == pytest.approx(
        run.training_loss
    )
