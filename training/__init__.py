"""Train runs and keep their records.

`fit` trains a model of yours; `RunConfig`, `run` and `run_all` train what a config states, from a
cache where it is stored. TensorFlow is imported when something trains, not with this package.
"""

from training.config import ConfigError, RunConfig
from training.optimizers import OPTIMIZERS
from training.record import RunRecord
from training.runner import RunsInterrupted, run, run_all
from training.store import DamagedRecordError

__all__ = [
    "OPTIMIZERS",
    "ConfigError",
    "DamagedRecordError",
    "History",
    "RunConfig",
    "RunRecord",
    "RunsInterrupted",
    "fit",
    "run",
    "run_all",
]


def __getattr__(name):
    """Import `fit` and `History`, and TensorFlow with them, at first use."""
    if name in ("fit", "History"):
        from training import fitting

        return getattr(fitting, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
