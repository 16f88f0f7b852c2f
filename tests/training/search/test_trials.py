import pytest

from training.search.trials import Outcome, Trial, score, settings_text


@pytest.mark.parametrize(("status", "expected"), [("finished", 0.75), ("diverged", 0.0)])
def test_score_is_the_last_validation_accuracy(make_record, status, expected):
    record = make_record(status=status, epochs={"val_accuracy": [0.875, 0.75]})
    assert score(record) == expected


def test_best_trial_is_the_first_with_the_highest_score():
    trials = [Trial(number, {}, [], of) for number, of in ((1, 0.5), (2, 0.9), (3, 0.9))]
    assert Outcome(trials, [], None).best.number == 2


def test_settings_are_told_in_a_line():
    assert settings_text({"rate": 0.012345, "units": 8}) == "rate 0.0123, units 8"
