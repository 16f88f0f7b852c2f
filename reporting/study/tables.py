"""Tables of what is measured over seeds."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from reporting.findings import Table
from reporting.verdicts.measures import (
    Measure,
    over_seeds,
)
from reporting.verdicts.statistics import summary

OVER_SEEDS = "Mean over seeds, 95 % interval."
"""For the note of a table, so that it says what its intervals are."""

FACTS = {
    "training images": lambda record: record.config.train_size,
    "epochs": lambda record: record.config.epochs,
    "updates": lambda record: len(record.iteration_loss),
    "learning rate": lambda record: record.config.learning_rate,
    "parameters": lambda record: record.parameters,
}
"""Heading → function of a `RunRecord` that gives what is the same for every seed."""


def facts(*headings: str) -> dict[str, Callable[[Any], Any]]:
    """Those of `FACTS`, for `table_of`.

    Args:
        *headings: Keys of `FACTS`, in the order of the columns.
    """
    return {heading: FACTS[heading] for heading in headings}


def summary_of(runs: Sequence[Any], measure: Callable[[Any], float]) -> str:
    """Write a measure's mean over runs, one for each seed, with its interval, as in `summary`."""
    return summary(over_seeds(runs, measure))


def table_of(
    title: str,
    of: str,
    runs: Mapping[Hashable, Sequence[Any]],
    measures: Sequence[Measure],
    facts: Mapping[str, Callable[[Any], Any]] | None = None,
    note: str = OVER_SEEDS,
) -> Table:
    """Tabulate runs: for each label its facts, and the mean and interval of each measure.

    Args:
        title: Heading of the table.
        of: Heading of the column of labels, such as "network".
        runs: Label → one run for each seed, as `Lab.train` gives them.
        measures: What is measured of each run, summarised over the seeds; the headings are the
            measures' names.
        facts: Heading → function of a run that gives a cell and is the same for every seed, such
            as a number of parameters; these columns come first.
        note: Below the table.
    """
    facts = facts or {}
    rows = [
        [
            label,
            *(fact(records[0]) for fact in facts.values()),
            *(summary_of(records, measure) for measure in measures),
        ]
        for label, records in runs.items()
    ]
    columns = [of, *facts, *(measure.name for measure in measures)]
    return Table(title, columns, rows, note)
