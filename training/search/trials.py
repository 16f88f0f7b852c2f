"""Trials of a search: their score, and what remains of them when the search has ended."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.config import RunConfig
from training.record import RunRecord
from training.store.failures import FailedRunsError


def score(record: RunRecord) -> float:
    """Return a run's validation accuracy after the last epoch, or 0 if it failed.

    Args:
        record: `RunRecord` of a run with validation images.
    """
    return 0.0 if record.failed else float(record.epochs["val_accuracy"][-1])


@dataclasses.dataclass(frozen=True)
class Trial:
    """A trial that has ended.

    Attributes:
        number: int. From 1, in the order in which settings were chosen.
        settings: dict from hyperparameter to value, without those that were not used.
        records: list of the `RunRecord`s of its runs, one for each seed.
    """

    number: int
    settings: dict[str, Any]
    records: list[RunRecord]

    @property
    def configs(self) -> list[RunConfig]:
        """Configs of its runs, one for each seed."""
        return [record.config for record in self.records]

    @property
    def scores(self) -> NDArray[np.float64]:
        """`score` of each run, shape (seeds,)."""
        return np.array([score(record) for record in self.records])

    @property
    def score(self) -> float:
        """Mean of the scores, in [0, 1]: what the search maximises."""
        return round(float(self.scores.mean()), 6)

    @property
    def failed(self) -> bool:
        """Whether one of its runs failed."""
        return any(record.failed for record in self.records)


def best_of(trials: Iterable[Trial]) -> Trial:
    """Return the first trial with the highest score."""
    return max(trials, key=lambda trial: trial.score)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a search leaves behind.

    Attributes:
        trials: list of `Trial`, in order, at least one. Their records have no weights.
        failed: `FailedRunsError` with the runs that made other trials fail; None without any.
    """

    trials: list[Trial]
    failed: FailedRunsError | None

    @property
    def best(self) -> Trial:
        """The first trial with the highest score."""
        return best_of(self.trials)

    @property
    def records(self) -> list[RunRecord]:
        """The record of each run, once: trials with the same settings share their runs."""
        records = (record for trial in self.trials for record in trial.records)
        return list({record.config: record for record in records}.values())


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as a line of text, such as "rate 0.0123, units 8".

    Args:
        settings: dict from hyperparameter to value.
    """
    values = {
        name: f"{value:.3g}" if isinstance(value, float) else value
        for name, value in settings.items()
    }
    return ", ".join(f"{name} {value}" for name, value in values.items())
