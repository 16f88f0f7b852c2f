import dataclasses

import numpy as np
import pytest

from experiments import mnist_mlp as study
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    """Runs by hand and by Keras with the same losses."""

    def made_up(config):
        losses = np.float32(np.exp(-np.arange(config.updates) / 50) + config.seed / 100)
        return dataclasses.replace(made_up_record(config), iteration_loss=losses)

    lab = Lab("quick", 3, {"mnist": "stand-in"}, lambda cs: [made_up(config) for config in cs])
    return study.runs(lab)


def verdicts(runs):
    return [claim.verdict for claim in study.claims(runs)]


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.97, "reproduced"), (0.05, "not reproduced")])
def test_learning_is_held_against_a_guess(runs, accuracy, verdict):
    by_hand = [
        dataclasses.replace(r, final=r.final | {"test_accuracy": accuracy + seed / 1000})
        for seed, r in enumerate(runs.by_hand)
    ]
    assert verdicts(dataclasses.replace(runs, by_hand=by_hand))[0] == verdict


@pytest.mark.parametrize(
    ("first", "last", "verdict"), [(1.0, 0.3, "reproduced"), (0.3, 1.0, "not reproduced")]
)
def test_the_loss_on_other_images(runs, first, last, verdict):
    by_hand = [
        dataclasses.replace(
            r, epochs=r.epochs | {"val_loss": np.array([first, 0.5, last + s / 99])}
        )
        for s, r in enumerate(runs.by_hand)
    ]
    assert verdicts(dataclasses.replace(runs, by_hand=by_hand))[1] == verdict


def test_equal_losses_are_one_computation(runs):
    assert verdicts(runs)[2] == "reproduced"
    runs.by_keras[1].iteration_loss[study.COMPARED] += 1  # later ones do not count
    assert verdicts(runs)[2] == "reproduced"
    runs.by_keras[1].iteration_loss[3] += 0.01
    assert verdicts(runs)[2] == "erratum"


def test_both_ways_train_the_same_run(runs):
    for by_hand, by_keras in zip(runs.by_hand, runs.by_keras, strict=True):
        assert by_hand.config.engine == "numpy"
        assert by_keras.config == by_hand.config.replace(engine="keras", keep=())
