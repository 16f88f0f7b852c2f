"""Trials of a search: their score, and what is left of them when it has ended."""

import dataclasses

from training.record import DIVERGED
from training.store.failures import FailedRunsError


def score(record):
    """The score of a run: its validation accuracy after the last epoch, 0 where it diverged."""
    return 0.0 if record.status == DIVERGED else float(record.epochs["val_accuracy"][-1])


@dataclasses.dataclass(frozen=True)
class Trial:
    """A trial that has ended.

    Attributes:
        number: from 1, in the order in which settings were chosen.
        settings: hyperparameter → value.
        configs: of its runs, one for each seed.
        score: their mean `score`.
    """

    number: int
    settings: dict
    configs: list
    score: float


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a search leaves behind.

    Attributes:
        trials: list of `Trial`, in order.
        records: `RunRecord` of each of their runs, without weights.
        failed: FailedRunsError of the runs that other trials failed for; None without any.
    """

    trials: list
    records: list
    failed: FailedRunsError | None

    @property
    def best(self):
        """The first trial with the highest score."""
        return max(self.trials, key=lambda trial: trial.score)


def told(settings):
    """Settings, name → value, as a line of text."""
    values = {n: f"{v:.3g}" if isinstance(v, float) else v for n, v in settings.items()}
    return ", ".join(f"{name} {value}" for name, value in values.items())
