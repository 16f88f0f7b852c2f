"""Runs from the cache, or trained in worker processes and stored as each one finishes."""

import os
import sys
import warnings
from concurrent.futures import as_completed
from pathlib import Path

from training.provenance import ROOT
from training.store.failures import FailedRunsError, RunError, forget_failure, keep_failure
from training.store.files import DamagedRecordError
from training.store.run_cache import RunCache
from training.sweep.progress import progress_line
from training.sweep.status import swept
from training.sweep.worker_pool import worker_processes


class RunsInterrupted(Exception):  # noqa: N818 - not an error
    """Ctrl-C while runs were training; those that had finished are stored."""

    def __init__(self, stored, total):
        super().__init__(f"{stored} of {total} runs are stored")
        self.stored = stored
        self.total = total


def run(config, **options):
    """The record of one config; options as in `run_all`."""
    return run_all([config], **options)[0]


def run_all(
    configs, jobs=None, data_dir=None, runs_dir=None, progress=None, study=None, cluster=None
):
    """The records of many configs: those that are stored, and the others trained now.

    Each run trains in a worker process with one thread, whatever `jobs` is, so that the same
    config gives the same bits on the same machine. A run is stored when it finishes; killed at any
    moment, a second call trains only what is missing. A run that fails costs only itself: the
    others are trained, and a second call tries it again.

    Args:
        configs: `RunConfig`s; equal ones are trained once.
        jobs: worker processes; None takes one for each processor.
        data_dir: folder of the real image sets, as in `datasets.load`.
        runs_dir: the cache; None takes the variable DESCENT_RUNS_DIR, or `runs/` of the project.
        progress: a name, to show a line with what is done and how long the rest will take, on
            standard error; None shows none.
        study: whose runs these are, for `python -m experiments clean`; None for nobody's.
        cluster: a `distributed.Client` of the Dask cluster that trains the runs instead of this
            machine, as many at a time as its workers have threads; see `cluster`. None takes
            that of joblib's Dask backend, where `joblib.parallel_config` has selected it.

    Returns:
        A list of `RunRecord`, in the order of `configs`.

    Raises:
        datasets.DataError: when the data of a run cannot be had.
        BackendError, ConfigError: when its model cannot be built as it is stated.
        FailedRunsError: when runs failed, after all others are stored.
        training.sweep.cluster.ClusterError: when the cluster cannot train.
        RunsInterrupted: on Ctrl-C.
    """
    cache = RunCache(runs_folder(runs_dir))
    records = {config: _stored(cache, config) for config in configs}
    if study:
        cache.ask(study, records)
    missing = [config for config, record in records.items() if record is None]
    if missing:
        missing.sort(key=lambda config: config.total_sample_gradients, reverse=True)
        try:
            with (
                swept(cache, progress or study, missing) as note,
                _workers(jobs, missing, cache, data_dir, cluster, note) as train,
                progress_line(missing, progress) as advance,
            ):
                failures = _train(missing, records, cache, train, advance)
        except KeyboardInterrupt:
            stored = sum(cache.load(config) is not None for config in records)
            raise RunsInterrupted(stored, len(records)) from None
        if failures:
            raise FailedRunsError(failures, len(records))
    return [records[config] for config in configs]


def runs_folder(runs_dir=None):
    """The folder of the cache: the one given, that of DESCENT_RUNS_DIR, or the project's own."""
    return Path(runs_dir or os.environ.get("DESCENT_RUNS_DIR") or ROOT / "runs")


def _stored(cache, config):
    try:
        return cache.load(config)
    except DamagedRecordError as error:
        folder = cache.set_aside(config)
        warnings.warn(f"{error}; it is set aside in {folder} and trained again", stacklevel=3)
        return None


def _workers(jobs, configs, cache, data_dir, cluster, note):
    cluster = cluster or _client_of_joblib()
    if cluster is None:
        return worker_processes(min(jobs or os.cpu_count(), len(configs)), cache, data_dir)
    from training.sweep.cluster import cluster_workers

    return cluster_workers(cluster, cache, data_dir, note)


def _client_of_joblib():
    if "joblib" not in sys.modules:  # then nobody has selected a backend
        return None
    from joblib.parallel import get_active_backend

    return getattr(get_active_backend()[0], "client", None)


def _train(configs, records, cache, train, advance):
    """Train configs, put their records among the others, and return the list of failures."""
    for config in configs:
        forget_failure(cache, config)
    configs_of = {future: config for config, future in train(configs).items()}
    failures = []
    for future in as_completed(configs_of):
        config = configs_of[future]
        try:
            records[config] = future.result()
        except RunError as error:
            failures.append(keep_failure(cache, config, error))
            advance(config, "failed")
        else:
            advance(config, records[config].status)
    return failures
