import dataclasses

import numpy as np
import pytest

import training
from experiments import cifar10_improvements as module
from experiments.cifar10_improvements import (
    ADAM,
    AFFINE,
    AUGMENTED,
    BASELINE,
    BEFORE,
    BEST,
    DROPOUT,
    MOMENTUM,
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
    configs = [runs.ladder[step][0].config for step in STEPS]
    for step, config in zip(STEPS, configs, strict=True):
        assert config.replace(**STEPS[step]) == config
    assert configs[0].scaling == "unit"
    assert configs[-1] == configs[-1].replace(
        scaling="standard",
        augmentation=("crop", "flip"),
        optimizer="momentum",
        schedule="cosine",
        dropout=0.5,
        batch_normalisation=True,
    )


def test_adam_differs_from_the_best_step_in_the_optimizer_and_once_in_the_rate(runs):
    best, same, own = (runs.ladder[name][0].config for name in (BEST, SAME_RATE, ADAM))
    assert same == best.replace(optimizer="adam")
    assert own == same.replace(learning_rate=own.learning_rate)


def test_every_network_but_the_baseline_has_one_before_it(runs):
    assert set(BEFORE) == set(runs.ladder) - {BASELINE}
    assert BEFORE[STANDARD] == BASELINE
    assert BEFORE[AFFINE] == BEST


def test_the_best_network_has_the_parameters_of_b_and_of_its_normalisation(runs):
    model = training.build(runs.ladder[BEST][0].config)
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trainable == 1_190_160 + 1000 + 10 + 2 * (32 + 64 + 64)


def with_measures(runs, **numbers):
    """Runs in which networks have other numbers, a little larger with each seed.

    Args:
        **numbers: measure → label → number; of "loss" after each epoch, of "gap" between training
            and validation accuracy, of "unsteady" from epoch to epoch, of "test" accuracy.
    """

    def changed(label, record):
        noise = record.config.seed / 1000
        given = {name: by_label.get(label, 0.5) + noise for name, by_label in numbers.items()}
        epochs = dict(record.epochs)
        if "loss" in given:
            epochs["evaluated_loss"] = np.full(3, given["loss"])
        if "gap" in given:
            epochs["evaluated_accuracy"] = epochs["val_accuracy"] + given["gap"]
        if "unsteady" in given:
            epochs["val_accuracy"] = 0.5 + given["unsteady"] * np.arange(
                len(epochs["val_accuracy"])
            )
        final = record.final | ({"test_accuracy": given["test"]} if "test" in given else {})
        return dataclasses.replace(record, epochs=epochs, final=final)

    ladder = {
        label: [changed(label, record) for record in records]
        for label, records in runs.ladder.items()
    }
    return dataclasses.replace(runs, ladder=ladder)


@pytest.mark.parametrize(
    ("measure", "lower", "higher", "statement"),
    [
        ("loss", STANDARD, BASELINE, "Standardised inputs converge faster"),
        ("test", BASELINE, STANDARD, "Standardised inputs improve test accuracy"),
        ("gap", AUGMENTED, STANDARD, "Augmentation limits over-fitting"),
        ("loss", STANDARD, AUGMENTED, "Augmentation converges more slowly"),
        ("gap", MOMENTUM, AUGMENTED, "Momentum and a schedule over-fit less"),
        ("unsteady", MOMENTUM, AUGMENTED, "Momentum and a schedule are more stable"),
        ("gap", DROPOUT, MOMENTUM, "Dropout over-fits less"),
        ("loss", MOMENTUM, DROPOUT, "Dropout converges more slowly"),
        ("loss", BEST, DROPOUT, "Batch normalisation converges faster"),
        ("gap", BEST, DROPOUT, "Batch normalisation avoids over-fitting"),
        ("gap", AFFINE, BEST, "Affine augmentation over-fits even less"),
        ("loss", BEST, AFFINE, "Affine augmentation converges more slowly"),
        ("test", SAME_RATE, BEST, "Adam at the rate of momentum is bad"),
        ("test", SAME_RATE, ADAM, "Adam at its own rate does better than there"),
    ],
)
def test_verdicts_both_ways(runs, measure, lower, higher, statement):
    as_said = with_measures(runs, **{measure: {lower: 0.2, higher: 0.8}})
    assert verdicts(as_said)[statement] == "reproduced"
    against = with_measures(runs, **{measure: {lower: 0.8, higher: 0.2}})
    assert verdicts(against)[statement] == "not reproduced"


@pytest.mark.parametrize(("lowest", "verdict"), [(7, "reproduced"), (2, "not reproduced")])
def test_the_epoch_at_which_overfitting_begins(runs, lowest, verdict):
    def turning_at(epoch, record):
        losses = np.abs(np.arange(1, 16) - epoch) + 1.0
        return dataclasses.replace(record, epochs=record.epochs | {"val_loss": losses})

    epochs = [lowest - 1, lowest, lowest]
    records = [turning_at(*pair) for pair in zip(epochs, runs.ladder[BASELINE], strict=True)]
    changed = dataclasses.replace(runs, ladder=runs.ladder | {BASELINE: records})
    assert verdicts(changed)["Over-fitting begins after 6 or 7 epochs"] == verdict
