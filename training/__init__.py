"""Train runs and keep their records.

`fit` trains a model of yours; `RunConfig`, `run` and `run_all` train what a config states, from a
cache where it is stored; `build` gives its Keras model, and `trained` that of a record which keeps
its weights. Keras and its backend are imported when something trains, not with this package.
"""

import importlib

from training.backend import BackendError, import_keras
from training.config import RunConfig
from training.fields import ConfigError
from training.optimizers import OPTIMIZERS
from training.record import RunRecord
from training.store.failures import FailedRunsError
from training.store.files import DamagedRecordError
from training.sweep.runner import RunsInterrupted, run, run_all

__all__ = [
    "OPTIMIZERS",
    "BackendError",
    "ConfigError",
    "DamagedRecordError",
    "FailedRunsError",
    "History",
    "RunConfig",
    "RunRecord",
    "RunsInterrupted",
    "build",
    "fit",
    "run",
    "run_all",
    "trained",
]


_OF_KERAS = {
    "fit": "loop.fitting",
    "History": "loop.fitting",
    "build": "single_run.engines",
    "trained": "single_run.train",
}


def __getattr__(name):
    """Import what needs Keras, and Keras with it, at first use."""
    if name in _OF_KERAS:
        import_keras()
        return getattr(importlib.import_module(f"training.{_OF_KERAS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
