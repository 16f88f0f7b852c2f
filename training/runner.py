"""Runs from the cache, or trained in worker processes and stored as each one finishes."""

import contextlib
import functools
import os
import signal
import threading
import time
import warnings
from pathlib import Path

from training.backend import import_tensorflow
from training.provenance import ROOT
from training.store import DamagedRecordError, RunCache

WORKER_RUNS = 80
"""Runs after which a worker is replaced, as TensorFlow keeps some 10 MB of each."""

_runs_of_workers = 0


class RunsInterrupted(Exception):  # noqa: N818 - not an error
    """Ctrl-C while runs were training; those that had finished are stored."""

    def __init__(self, stored, total):
        super().__init__(f"{stored} of {total} runs are stored")
        self.stored = stored
        self.total = total


def run(config, **options):
    """The record of one config; options as in `run_all`."""
    return run_all([config], **options)[0]


def run_all(configs, jobs=None, data_dir=None, runs_dir=None, progress=None):
    """The records of many configs: those that are stored, and the others trained now.

    Each run trains in a worker process with one thread, whatever `jobs` is, so that the same
    config gives the same bits on the same machine. A run is stored when it finishes; killed at any
    moment, a second call trains only what is missing. With a joblib backend selected by
    `joblib.parallel_config` (Dask's, say) the same runs go there; workers then need the same
    `runs_dir`.

    Args:
        configs: `RunConfig`s; equal ones are trained once.
        jobs: worker processes; None takes one for each processor.
        data_dir: folder of the real image sets, as in `datasets.load`.
        runs_dir: the cache; None takes the variable DESCENT_RUNS_DIR, or `runs/` of the project.
        progress: a name, to show a line with what is done and how long the rest will take, on
            standard error; None shows none.

    Returns:
        A list of `RunRecord`, in the order of `configs`.

    Raises:
        datasets.DataError: when the data of a run cannot be had.
        RunsInterrupted: on Ctrl-C.
    """
    cache = RunCache(runs_folder(runs_dir))
    records = {config: _stored(cache, config) for config in configs}
    missing = [config for config, record in records.items() if record is None]
    trained = _train_all(missing, cache, jobs, data_dir)
    with _progress_line(missing, progress) as advance:
        try:
            for record in trained:
                records[record.config] = record
                advance(record)
        except KeyboardInterrupt:
            _stop_workers()
            stored = sum(cache.load(config) is not None for config in records)
            raise RunsInterrupted(stored, len(records)) from None
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


def _train_all(configs, cache, jobs, data_dir):
    """Train configs, the longest first, and yield each record as it finishes."""
    if not configs:
        return
    import joblib

    configs = sorted(configs, key=_sample_gradients, reverse=True)
    jobs = min(jobs or os.cpu_count(), len(configs))
    for first in range(0, len(configs), WORKER_RUNS * jobs):
        batch = configs[first : first + WORKER_RUNS * jobs]
        parallel = joblib.Parallel(
            n_jobs=max(jobs, 2),  # joblib would train a single job in this process
            pre_dispatch=jobs,  # so many at a time; loky writes a traceback when it drops more
            return_as="generator_unordered",
        )
        with _interrupts_ignored():
            records = parallel(
                joblib.delayed(_train_and_store)(config, cache, data_dir, os.getpid())
                for config in batch
            )
        yield from records
        _retire_workers(len(batch) / jobs)


def _retire_workers(runs):
    """Count the runs of a worker, and replace the workers when they have done their part."""
    global _runs_of_workers
    _runs_of_workers += runs
    if _runs_of_workers >= WORKER_RUNS:
        _stop_workers()
        _runs_of_workers = 0


@contextlib.contextmanager
def _interrupts_ignored():
    """Workers started meanwhile inherit it, and leave Ctrl-C to this process."""
    try:
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # only a main thread may
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _sample_gradients(config):
    if config.iterations is not None:
        return config.iterations * min(config.batch_size, config.train_size)
    return config.epochs * config.train_size


def _train_and_store(config, cache, data_dir, caller):
    """In a worker: train one config on one thread, and store it."""
    if os.getppid() == caller:
        _exit_after(caller)
    import_tensorflow(threads=1)
    from training.train import train

    record = train(config, data_dir)
    cache.save(record)
    return record


@functools.cache
def _exit_after(parent):
    """Exit when the parent process is gone; killed, it cannot tell its workers."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _stop_workers():
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def _progress_line(configs, name):
    """Yield a function to call with each finished record."""
    if not (name and configs):
        yield lambda record: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[runs]} runs"),
        TimeElapsedColumn(),
        TextColumn("to go"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    # Long runs are trained first, so time goes by sample gradients, not by runs.
    work = sum(map(_sample_gradients, configs))
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as bar:
        task = bar.add_task("", total=work, name=name, done=0, runs=len(configs))

        def advance(record):
            done = bar.tasks[task].fields["done"] + 1
            description = f"last: {_describe(record)}"
            bar.update(task, done=done, description=description)
            bar.advance(task, _sample_gradients(record.config))

        yield advance


def _describe(record):
    config = record.config
    return (
        f"{config.model} {config.optimizer} rate {config.learning_rate:g} "
        f"batch {config.batch_size} seed {config.seed} {record.status}"
    )
