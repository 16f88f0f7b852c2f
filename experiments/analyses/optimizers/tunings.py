"""What the learning rates tried say about a method."""

import numpy as np

from reporting.findings import Table
from reporting.verdicts.statistics import summary

MARGIN = 0.01
"""Of the criterion: learning rates this close to the best are about as good."""


def best_but(tuning, rate):
    """The best learning rate of a `Tuning`, one of them left aside."""
    scores = np.where(tuning.rates == rate, np.inf, tuning.scores.mean(axis=0))
    return tuning.rates[scores.argmin()].item()


def about_best(tuning):
    """The smallest and the largest learning rate around the best that are about as good."""
    scores = tuning.scores.mean(axis=0)
    best = scores.argmin()
    worse = np.flatnonzero(scores > scores[best] + MARGIN)
    first = worse[worse < best].max(initial=-1) + 1
    last = worse[worse > best].min(initial=len(scores)) - 1
    return tuning.rates[first].item(), tuning.rates[last].item()


def tunings_table(tunings, title):
    """Tabulate each method's best learning rate, and how much depends on it.

    Args:
        tunings: label → `Tuning`, all by one criterion.
        title: heading of the table.
    """
    rows = []
    for label, tuning in tunings.items():
        low, high = about_best(tuning)
        failed = np.count_nonzero(~np.isfinite(tuning.scores).all(axis=0))
        best = tuning.scores[:, tuning.rates == tuning.best.learning_rate].ravel()
        tried = len(tuning.rates)
        rows.append([label, tuning.best.learning_rate, summary(best), low, high,
                     f"{np.log10(high / low):.1f}", f"{failed} of {tried}"])  # fmt: skip
        criterion = tuning.criterion
    columns = ["method", "best rate", f"{criterion} there", "about as good from", "to", "decades",
               "rates that failed"]  # fmt: skip
    note = f"About as good: at most {MARGIN:g} more {criterion}. On the tuning seeds."
    return Table(title, columns, rows, note)
