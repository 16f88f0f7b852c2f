import numpy as np
import pytest

import training
from experiments import cifar10_improvements as module
from experiments.cifar10_improvements import (
    ADAM,
    AFFINE,
    BASELINE,
    BEFORE,
    BEST,
    SAME_RATE,
    STANDARD,
    STEPS,
)
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    lab = Lab("quick", 3, {"cifar10": "stand-in"}, lambda cs: [made_up_record(c) for c in cs])
    return module.runs(lab)


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in module.claims(runs)}


def test_each_step_keeps_what_the_steps_before_it_added(runs):
    configs = [runs["ladder"][step][0].config for step in STEPS]
    for step, config in zip(STEPS, configs, strict=True):
        assert config.replace(**STEPS[step]) == config
    assert configs[0].scaling == "unit"
    assert configs[-1] == configs[-1].replace(
        scaling="standard", augmentation=("crop", "flip"), optimizer="momentum",
        schedule="cosine", dropout=0.5, batch_normalisation=True,
    )  # fmt: skip


def test_adam_differs_from_the_best_step_in_the_optimizer_and_once_in_the_rate(runs):
    best, same, own = (runs["ladder"][name][0].config for name in (BEST, SAME_RATE, ADAM))
    assert same == best.replace(optimizer="adam")
    assert own == same.replace(learning_rate=own.learning_rate)


def test_every_network_but_the_baseline_has_one_before_it(runs):
    assert set(BEFORE) == set(runs["ladder"]) - {BASELINE}
    assert BEFORE[STANDARD] == BASELINE
    assert BEFORE[AFFINE] == BEST


def test_the_best_network_has_the_parameters_of_b_and_of_its_normalisation(runs):
    model = training.build(runs["ladder"][BEST][0].config)
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trainable == 1_190_160 + 1000 + 10 + 2 * (32 + 64 + 64)


def test_verdicts_follow_the_losses(runs):
    statement = "Standardised inputs converge faster"
    for record in runs["ladder"][BASELINE]:
        record.epochs["evaluated_loss"] = np.full(3, 2 + record.config.seed / 100)
    for record in runs["ladder"][STANDARD]:
        record.epochs["evaluated_loss"] = np.full(3, 1.0)
    assert verdicts(runs)[statement] == "reproduced"
    for record in runs["ladder"][STANDARD]:
        record.epochs["evaluated_loss"] = np.full(3, 3.0)
    assert verdicts(runs)[statement] == "not reproduced"
