"""Runs from the cache, or trained in worker processes and stored as each one finishes."""

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import RunConfig
from training.provenance import ROOT
from training.record import RunRecord
from training.store.failures import (
    FailedRunsError,
    Failure,
    RunError,
    forget_failure,
    keep_failure,
)
from training.store.files import DamagedRecordError
from training.store.run_cache import RunCache
from training.sweep.cluster import ClusterError, cluster_workers
from training.sweep.progress import Advance, shown_progress
from training.sweep.status import sweep_heartbeat
from training.sweep.worker_pool import USER_ERRORS, Trainer, worker_processes

if TYPE_CHECKING:
    import distributed


class RunsInterrupted(Exception):  # noqa: N818 - not an error
    """Ctrl-C while runs were training; those that had finished are stored.

    Attributes:
        stored: int. How many of the runs are stored.
        total: int. How many runs were asked for.
    """

    def __init__(self, stored: int, total: int) -> None:
        super().__init__(f"{stored} of {total} runs are stored")
        self.stored = stored
        self.total = total


def run(config: RunConfig, **options: Any) -> RunRecord:
    """Return the record of one config, from the cache or trained now.

    Args:
        config: `RunConfig`. The run.
        **options: as in `run_all`.

    Returns:
        A `RunRecord`.
    """
    return run_all([config], **options)[0]


def run_all(
    configs: Iterable[RunConfig],
    jobs: int | None = None,
    data_dir: str | Path | None = None,
    runs_dir: str | Path | None = None,
    progress: str | None = None,
    study: str | None = None,
    cluster: "distributed.Client | None" = None,
) -> list[RunRecord]:
    """Return the records of many configs: those that are stored, and the others trained now.

    Each run trains in a worker process with one thread, whatever `jobs` is, so that the same
    config gives the same bits on the same machine. A run is stored when it finishes; after a kill
    at any moment, a second call trains only what is missing. A run that fails costs only itself:
    the others are trained, and a second call tries it again.

    Args:
        configs: iterable of `RunConfig`. Equal ones are trained once.
        jobs: int. Number of worker processes, at least 1. Defaults to one for each processor.
        data_dir: str or `Path`. Folder of the real image sets, as in `datasets.load`.
        runs_dir: str or `Path`. The cache. Defaults to the variable DESCENT_RUNS_DIR, or to the
            project's `runs/`.
        progress: str. Name under which to show on standard error what is done and how long the
            rest will take. Defaults to None, which shows nothing.
        study: str. The study that asks for these runs, for `python -m experiments clean`. Defaults
            to None, for no study.
        cluster: `distributed.Client` of the Dask cluster that trains the runs instead of this
            machine, as many at a time as its workers have threads; see `training.sweep.cluster`.
            Defaults to that of joblib's Dask backend, where `joblib.parallel_config` has selected
            it.

    Returns:
        A list of `RunRecord`, in the order of `configs`.

    Raises:
        datasets.DataError: if the data of a run are missing.
        BackendError, ConfigError: if its model cannot be built as stated.
        FailedRunsError: if runs failed, after all others are stored.
        training.sweep.cluster.ClusterError: if the cluster cannot train.
        RunsInterrupted: on Ctrl-C.
    """
    configs = list(configs)
    cache = RunCache(runs_folder(runs_dir))
    wanted = list(dict.fromkeys(configs))
    records = {config: record for config in wanted if (record := _stored(cache, config))}
    if study:
        cache.ask(study, wanted)
    missing = [config for config in wanted if config not in records]
    missing.sort(key=lambda config: config.total_sample_gradients, reverse=True)
    if missing:
        try:
            with (
                sweep_heartbeat(cache, progress or study, missing),
                _workers(jobs, missing, cache, data_dir, cluster) as train,
                shown_progress(missing, progress) as advance,
            ):
                trained, failures = _train(missing, cache, train, advance)
        except KeyboardInterrupt:
            stored = sum(cache.load(config) is not None for config in wanted)
            raise RunsInterrupted(stored, len(wanted)) from None
        if failures:
            raise FailedRunsError(failures, len(wanted))
        records |= trained
    return [records[config] for config in configs]


def runs_folder(runs_dir: str | Path | None = None) -> Path:
    """Return the cache's folder: the given one, that of DESCENT_RUNS_DIR, or the project's own.

    Args:
        runs_dir: str or `Path`. A folder, or None.
    """
    return Path(runs_dir or os.environ.get("DESCENT_RUNS_DIR") or ROOT / "runs")


def _stored(cache: RunCache, config: RunConfig) -> RunRecord | None:
    try:
        return cache.load(config)
    except DamagedRecordError as error:
        folder = cache.set_aside(config)
        warnings.warn(f"{error}; it is set aside in {folder} and trained again", stacklevel=3)
        return None


def _workers(
    jobs: int | None,
    configs: Sequence[RunConfig],
    cache: RunCache,
    data_dir: str | Path | None,
    cluster: "distributed.Client | None",
) -> contextlib.AbstractContextManager[Trainer]:
    cluster = cluster or _client_of_joblib()
    if cluster is None:
        jobs = min(jobs or os.cpu_count() or 1, len(configs))
        return worker_processes(jobs, cache, data_dir)
    return cluster_workers(cluster, cache, data_dir)


def _client_of_joblib() -> "distributed.Client | None":
    if "joblib" not in sys.modules:  # then nobody has selected a backend
        return None
    from joblib.parallel import get_active_backend

    return getattr(get_active_backend()[0], "client", None)


def _train(
    configs: Sequence[RunConfig], cache: RunCache, train: Trainer, advance: Advance
) -> tuple[dict[RunConfig, RunRecord], list[Failure]]:
    """Train configs and return their records, and the failures of the others."""
    for config in configs:
        forget_failure(cache, config)
    configs_of = {future: config for config, future in train(list(configs)).items()}
    records, failures = {}, []
    for future in as_completed(configs_of):
        config = configs_of[future]
        try:
            record = future.result()
        except (KeyboardInterrupt, ClusterError, *USER_ERRORS):
            raise
        except BaseException as error:  # whatever it is, the other runs do not depend on it
            failures.append(keep_failure(cache, config, _as_run_error(error)))
            advance(config, "failed")
        else:
            records[config] = record
            advance(config, "learned nothing" if record.failed else "finished")
    return records, failures


def _as_run_error(error: BaseException) -> RunError:
    if isinstance(error, RunError):
        return error
    return RunError.of_exception(error, "".join(traceback.format_exception(error)))
