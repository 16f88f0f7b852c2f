import dataclasses

import numpy as np
import pytest

import experiments.vanishing_gradients as vanishing
from experiments.vanishing_gradients import RELU, RELU_HE, SIGMOID, TANH
from reporting import Lab

SHRINKS = {"sigmoid": 0.2, "tanh": 0.9, "relu": 1.0}


@pytest.fixture
def runs_of(made_up_record):
    """A function of what a layer passes on, of the depth's and the loss's rule: the study's runs.

    Args:
        shrinks: activation → factor from layer to layer.
        scale: function of a config, the norm in the last hidden layer.
        loss: function of a config, after training.
    """

    def runs_of(shrinks=SHRINKS, scale=lambda config: 1.0, loss=lambda config: 0.5):
        def norms(config):
            noise = 1 + 0.01 * np.random.default_rng([config.seed]).random()
            depth = len(config.options["hidden"])
            of_layers = (
                scale(config)
                * noise
                * shrinks[config.options["activation"]] ** np.arange(depth)[::-1]
            )
            if config.initializer == "zeros" and config.options["activation"] == "relu":
                of_layers *= 0
            return np.tile(np.float32([*of_layers, 5.0]), (config.updates, 1))

        def changed(config):
            record = made_up_record(config)
            end = loss(config) + 0.001 * np.random.default_rng([config.seed]).random()
            end += 0.1 * abs(np.log10(config.learning_rate / 0.1))
            return dataclasses.replace(
                record,
                final=record.final | {"loss": end},
                kept=record.kept | {"gradient_norms": norms(config)},
            )

        def obtain(configs):
            return [changed(config) for config in configs]

        return vanishing.runs(Lab("quick", 3, {"fashion_mnist": "real"}, obtain))

    return runs_of


def verdicts(runs, words):
    return [claim.verdict for claim in vanishing.claims(runs) if words in claim.statement]


def claim(runs, words):
    (found,) = (claim for claim in vanishing.claims(runs) if words in claim.statement)
    return found


def test_a_factor_in_every_layer_is_found(runs_of):
    runs = runs_of()
    assert verdicts(runs, "Sigmoid shrinks") == ["reproduced"] * 2
    assert claim(runs, "shrinks the gradient down 6 layers, at the start").mean == pytest.approx(
        0.2**-5, rel=1e-3
    )
    quarter = claim(runs, "less than ¼")
    assert quarter.verdict == "reproduced"
    assert quarter.mean == pytest.approx(0.25 / 0.2, rel=1e-4)
    assert claim(runs, "well within").verdict == "reproduced"


def test_gradients_that_do_not_shrink_are_found(runs_of):
    runs = runs_of({"sigmoid": 1.3, "tanh": 1.2, "relu": 1.1})
    assert verdicts(runs, "Sigmoid shrinks") == ["not reproduced"] * 2
    assert claim(runs, "less than ¼").verdict == "not reproduced"
    assert claim(runs, "well within").verdict == "not reproduced"
    assert set(verdicts(runs, "More reaches the first")) == {"not reproduced"}


def test_activations_are_compared_by_what_reaches_the_first_layer(runs_of):
    runs = runs_of()
    assert verdicts(runs, "with ReLU than with sigmoid") == ["reproduced"] * 2
    assert verdicts(runs, "with tanh than with sigmoid") == ["reproduced"]
    assert verdicts(runs, "with ReLU than with tanh") == ["reproduced"]


def test_a_gradient_small_in_all_layers_alike_is_found(runs_of):
    """Nothing is lost from layer to layer, and yet deep networks have less at Glorot's weights."""

    def scale(config):
        return 1.0 if config.initializer == "he_normal" else 2.0 ** -len(config.options["hidden"])

    runs = runs_of(scale=scale)
    assert set(verdicts(runs, "with ReLU than with")) == {"reproduced"}
    assert claim(runs, "ReLU: the first").verdict == "not reproduced"
    assert claim(runs, "ReLU: the first").mean == pytest.approx(2**-4)
    assert claim(runs, "ReLU, He: the first").verdict == "inconclusive"
    grows = runs_of(scale=lambda config: float(len(config.options["hidden"])))
    assert claim(grows, "ReLU: the first").verdict == "reproduced"


def test_convergence_is_judged_by_the_training_loss_at_tuned_rates(runs_of):
    better = {"sigmoid": 2.3, "tanh": 0.7, "relu": 0.4}
    worse = {"sigmoid": 0.4, "tanh": 0.5, "relu": 0.9}
    for losses, verdict in ((better, "reproduced"), (worse, "not reproduced")):
        runs = runs_of(loss=lambda config, losses=losses: losses[config.options["activation"]])
        assert verdicts(runs, "ReLU converges better than sigmoid") == [verdict] * 2
        assert verdicts(runs, "ReLU converges better than tanh") == [verdict]
        rates = {
            r[0].config.learning_rate
            for networks in runs.by_depth.values()
            for r in networks.values()
        }
        assert rates == {0.1}


def test_one_neuron_or_several_after_a_start_at_zero(runs_of):
    runs = runs_of()
    assert claim(runs, "never get a gradient").verdict == "reproduced"
    assert claim(runs, "stays one neuron").verdict == "reproduced"
    dead, equal = runs.zeros[RELU][1], runs.zeros[SIGMOID][1]
    dead.kept["gradient_norms"][7, 0] = 1e-30
    equal.kept["weights/00"][3, 2] = 1e-6
    assert claim(runs, "never get a gradient").verdict == "erratum"
    assert claim(runs, "stays one neuron").verdict == "erratum"


def test_the_first_gradient_at_he_s_weights_takes_one_update(runs_of):
    runs = runs_of()
    assert runs.he.keys() == {SIGMOID, TANH}
    configs = [record.config for records in runs.he.values() for record in records]
    assert {(c.initializer, c.iterations, len(c.options["hidden"])) for c in configs} == {
        ("he_normal", 1, 6)
    }


def test_figures_and_table_show_every_network(runs_of):
    runs = runs_of()
    glorot, he, end = vanishing.gradient_of_each_layer(runs).axes
    drawn = [{line.get_label() for line in ax.lines} for ax in (glorot, he, end)]
    assert drawn == [{SIGMOID, TANH, RELU}, {SIGMOID, TANH, RELU_HE}, set(vanishing.ACTIVATIONS)]
    assert len(vanishing.first_layer_in_training(runs).axes) == 2
    assert len(vanishing.networks_of_each_depth(runs).axes) == 2
    rows = vanishing.results(runs).rows
    assert [row[0] for row in rows[:2]] == ["sigmoid, 2 layers", "tanh, 2 layers"]
    assert len(rows) == 8
