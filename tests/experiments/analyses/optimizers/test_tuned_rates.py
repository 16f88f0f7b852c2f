import numpy as np
import pytest

from experiments.analyses.optimizers.tuned_rates import (
    best_rate_except,
    good_rates,
    rates_table,
)
from reporting.study.lab import Tuning

RATES = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0])


@pytest.fixture
def tuning(make_record):
    """A function of the scores of one seed; the other's are 0.002 lower."""

    def make(scores):
        scores = np.array(scores)
        best = make_record(learning_rate=RATES[np.argmin(scores)].item()).config
        return Tuning(best, "validation error", RATES, np.stack([scores, scores - 0.002]))

    return make


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.2, 0.109, 0.1, 0.108, 0.2, np.inf], (0.03, 0.3)),
        ([0.2, 0.12, 0.1, 0.12, 0.1, np.inf], (0.1, 0.1)),  # the other 0.1 is not around the best
        ([0.105, 0.1, 0.101, 0.102, 0.103, 0.104], (0.01, 3.0)),
    ],
)
def test_rates_that_are_about_as_good(tuning, scores, expected):
    assert good_rates(tuning(scores)) == expected


def test_best_of_the_other_rates(tuning):
    tried = tuning([0.2, 0.12, 0.1, 0.11, 0.2, np.inf])
    assert best_rate_except(tried, 0.1) == 0.3
    assert best_rate_except(tried, 0.3) == 0.1


def test_table_counts_rates_that_failed(tuning):
    tried = tuning([0.2, 0.109, 0.1, 0.108, np.inf, np.inf])
    table = rates_table({"SGD": tried}, "Rates")
    (row,) = table.rows
    assert row[:2] == ["SGD", 0.1]
    assert row[2].startswith("0.099")
    assert row[3:] == [0.03, 0.3, "1.0", "2 of 6"]
