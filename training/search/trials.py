"""Trials of a search: their score, and what remains of them when the search has ended."""

import dataclasses
from collections.abc import Mapping
from typing import Any

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
        settings: dict from hyperparameter to value.
        configs: list of the `RunConfig`s of its runs, one for each seed.
        score: float. Mean `score` of its runs, in [0, 1].
    """

    number: int
    settings: dict[str, Any]
    configs: list[RunConfig]
    score: float


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a search leaves behind.

    Attributes:
        trials: list of `Trial`, in order, at least one.
        records: list of the `RunRecord`s of all their runs, without weights.
        failed: `FailedRunsError` with the runs that made other trials fail; None without any.
    """

    trials: list[Trial]
    records: list[RunRecord]
    failed: FailedRunsError | None

    @property
    def best(self) -> Trial:
        """The first trial with the highest score."""
        return max(self.trials, key=lambda trial: trial.score)


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
