import math

import pytest

from training.search.trials import Outcome, Trial, score, settings_text


@pytest.mark.parametrize(("accuracy", "expected"), [(0.8, 0.75), (0.11, 0.0), (math.nan, 0.0)])
def test_score_is_the_last_validation_accuracy_unless_the_run_failed(
    make_record, accuracy, expected
):
    record = make_record(
        final={"loss": 1.0, "accuracy": accuracy}, epochs={"val_accuracy": [0.875, 0.75]}
    )
    assert score(record) == expected


def test_best_trial_is_the_first_with_the_highest_score():
    trials = [Trial(number, {}, [], of) for number, of in ((1, 0.5), (2, 0.9), (3, 0.9))]
    assert Outcome(trials, [], None).best.number == 2


def test_settings_are_told_in_a_line():
    assert settings_text({"rate": 0.012345, "units": 8}) == "rate 0.0123, units 8"
