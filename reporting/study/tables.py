"""Tables of what is measured over seeds."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from reporting.findings import Table
from reporting.verdicts.claims import summary
from reporting.verdicts.measures import final, final_loss, over_seeds, validation_accuracy

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


METRICS = {
    "training loss": final_loss,
    "training accuracy": final("accuracy"),
    "validation accuracy": validation_accuracy,
    "test loss": final("test_loss"),
    "test accuracy": final("test_accuracy"),
}
"""Heading → measure of a `RunRecord` after the last update."""


def metrics(*headings: str) -> dict[str, Callable[[Any], float]]:
    """Those of `METRICS`, for `table_of`."""
    return {heading: METRICS[heading] for heading in headings}


def facts(*headings: str) -> dict[str, Callable[[Any], Any]]:
    """Those of `FACTS`, for `table_of`."""
    return {heading: FACTS[heading] for heading in headings}


def summary_of(runs: Sequence[Any], measure: Callable[[Any], float]) -> str:
    """Write a measure's mean over runs, one for each seed, with its interval, as in `summary`."""
    return summary(over_seeds(runs, measure))


def table_of(
    title: str,
    of: str,
    runs: Mapping[Hashable, Sequence[Any]],
    measures: Mapping[str, Callable[[Any], float]],
    facts: Mapping[str, Callable[[Any], Any]] | None = None,
    note: str = OVER_SEEDS,
) -> Table:
    """Tabulate runs: for each label its facts, and the mean and interval of each measure.

    Args:
        title: Heading of the table.
        of: Heading of the column of labels, such as "network".
        runs: Label → one run for each seed, such as `Lab.train` gives them.
        measures: Heading → function of a run that gives a number, summarised over the seeds.
        facts: Heading → function of a run that gives a cell and is the same for every seed, such
            as a number of parameters; these columns come first.
        note: Below the table.
    """
    facts = facts or {}
    rows = [
        [
            label,
            *(fact(records[0]) for fact in facts.values()),
            *(summary_of(records, measure) for measure in measures.values()),
        ]
        for label, records in runs.items()
    ]
    return Table(title, [of, *facts, *measures], rows, note)
