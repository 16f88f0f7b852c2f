import math

import numpy as np
import pytest

from training import RunConfig
from training.search.trials import Outcome, Trial, best_of, score, settings_text


@pytest.mark.parametrize(("accuracy", "expected"), [(0.8, 0.75), (0.11, 0.0), (math.nan, 0.0)])
def test_score_is_the_last_validation_accuracy_unless_the_run_failed(
    make_record, accuracy, expected
):
    record = make_record(
        final={"loss": 1.0, "accuracy": accuracy}, epochs={"val_accuracy": [0.875, 0.75]}
    )
    assert score(record) == expected


CONFIG = RunConfig(train_size=5, batch_size=2, epochs=1)


@pytest.fixture
def make_trial(make_record):
    """A function of a trial's number and of the validation accuracies of its runs."""

    def make_trial(number, accuracies, **fields):
        records = [
            make_record(CONFIG.replace(seed=seed, **fields), epochs={"val_accuracy": [accuracy]})
            for seed, accuracy in enumerate(accuracies)
        ]
        return Trial(number, {}, records)

    return make_trial


def test_a_trials_score_is_the_mean_over_its_runs(make_trial):
    trial = make_trial(1, [0.5, 0.75])
    assert trial.scores.tolist() == [0.5, 0.75]
    assert trial.score == 0.625
    assert [config.seed for config in trial.configs] == [0, 1]
    assert not trial.failed


def test_one_failed_run_makes_a_failed_trial(make_trial, make_record):
    failed = make_record(epochs={"val_accuracy": [0.9]}, iteration_loss=np.float32([2, np.nan]))
    trial = Trial(1, {}, [*make_trial(1, [0.5]).records, failed])
    assert trial.failed
    assert trial.scores.tolist() == [0.5, 0]


def test_best_trial_is_the_first_with_the_highest_score(make_trial):
    trials = [make_trial(1, [0.5]), make_trial(2, [0.875]), make_trial(3, [0.875])]
    assert best_of(trials).number == Outcome(trials, None).best.number == 2


def test_trials_with_the_same_settings_share_their_records(make_trial):
    trials = [make_trial(1, [0.5, 0.75]), make_trial(2, [0.5, 0.75])]
    trials.append(make_trial(3, [0.5], learning_rate=0.3))
    assert len(Outcome(trials, None).records) == 3


def test_settings_are_told_in_a_line():
    assert settings_text({"rate": 0.012345, "units": 8}) == "rate 0.0123, units 8"
