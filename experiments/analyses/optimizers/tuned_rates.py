"""What the learning rates tried say about a method: `Tuning`s in, rates and a table out."""

from collections.abc import Mapping

import numpy as np

from reporting.findings import Table
from reporting.study.lab import Tuning
from reporting.verdicts.statistics import summary

MARGIN = 0.01
"""Learning rates are about as good as the best if the criterion is at most this much higher."""


def best_rate_except(tuning: Tuning, rate: float) -> float:
    """Return the best of the learning rates tried, one of them excepted."""
    scores = np.where(tuning.rates == rate, np.inf, tuning.scores.mean(axis=0))
    return tuning.rates[scores.argmin()].item()


def good_rates(tuning: Tuning) -> tuple[float, float]:
    """Return the smallest and largest learning rate around the best that are about as good."""
    scores = tuning.scores.mean(axis=0)
    best = scores.argmin()
    worse = np.flatnonzero(scores > scores[best] + MARGIN)
    first = worse[worse < best].max(initial=-1) + 1
    last = worse[worse > best].min(initial=len(scores)) - 1
    return tuning.rates[first].item(), tuning.rates[last].item()


def rates_table(tunings: Mapping[str, Tuning], title: str) -> Table:
    """Tabulate each method's best learning rate, and how much depends on it.

    Args:
        tunings: Label → how its learning rate was chosen; all by one criterion.
        title: Heading of the table.
    """
    (criterion,) = {tuning.criterion for tuning in tunings.values()}
    columns = ["method", "best rate", f"{criterion} there", "about as good from", "to", "decades"]
    return Table(
        title,
        [*columns, "rates that failed"],
        [[label, *_row(tuning)] for label, tuning in tunings.items()],
        f"About as good: at most {MARGIN:g} more {criterion}. On the tuning seeds.",
    )


def _row(tuning):
    best_rate = tuning.best.learning_rate
    low, high = good_rates(tuning)
    at_best = tuning.scores[:, tuning.rates == best_rate].ravel()
    failed = np.count_nonzero(~np.isfinite(tuning.scores).all(axis=0))
    decades = f"{np.log10(high / low):.1f}"
    return [best_rate, summary(at_best), low, high, decades, f"{failed} of {len(tuning.rates)}"]
