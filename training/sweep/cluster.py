"""The same runs on a Dask cluster.

A task of Dask's trains in a worker process of its own, as a run does on one machine: it makes no
difference how many threads a Dask worker has, but that it trains as many runs at a time.
"""

import contextlib
import logging
import re
import socket
import warnings
from concurrent.futures import Future
from pathlib import Path

import datasets
from training.store.failures import RunError
from training.store.run_cache import RunCache
from training.sweep import worker_pool

TIMEOUT = 5
"""Seconds in which a scheduler must answer."""

START = "started in the project's folder with `.venv/bin/python -m dask"


class ClusterError(ValueError):
    """A cluster that cannot train; the message says what it lacks."""


@contextlib.contextmanager
def connected(address):
    """Yield a `distributed.Client` of the scheduler at an address such as tcp://HOST:8786.

    Raises:
        ClusterError: when none answers there.
    """
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", address):
        raise ClusterError(f"the address of a cluster must be tcp://HOST:PORT, not {address!r}")
    import distributed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is an error of ours
    try:
        client = distributed.Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address}; give tcp://HOST:PORT of one that is "
            f"{START} scheduler`"
        ) from error
    with client:
        yield client


@contextlib.contextmanager
def cluster_workers(client, cache, data_dir, note):
    """As `worker_pool.worker_processes`, on a cluster.

    Args:
        client: a `distributed.Client`.
        cache: the `RunCache`, which the workers see under the same name.
        data_dir: as in `datasets.load`, the same.
        note: path of the sweep's note in the cache; a worker stops when it is gone.
    """
    if not client.scheduler_info()["workers"]:
        address = client.scheduler.address
        warnings.warn(
            f"the cluster has no workers and the runs wait for one, {START} worker {address}`",
            stacklevel=2,
        )
    cache = RunCache(cache.folder.absolute())
    data_dir = data_dir and Path(data_dir).absolute()
    tasks = []

    def train(config):
        task = client.submit(_task, config, cache, data_dir, note.absolute(), pure=False)
        tasks.append(task)
        future = Future()
        task.add_done_callback(lambda task: _hand_on(task, future))
        return future

    try:
        yield lambda configs: {config: train(config) for config in configs}
    finally:
        with contextlib.suppress(Exception):  # the scheduler is gone
            client.cancel(tasks)


def _hand_on(task, future):
    """Give the outcome of Dask's task to the future of its run."""
    try:
        future.set_result(task.result())
    except Exception as error:
        future.set_exception(_explained(error))


def _explained(error):
    import distributed

    if isinstance(error, (RunError, ClusterError, *worker_pool.USER_ERRORS)):
        return error
    if isinstance(error, distributed.KilledWorker):
        return RunError("its workers were lost, one after another", str(error))
    if isinstance(error, distributed.CancelledError):
        return ClusterError(
            "the Dask scheduler is gone; what was trained is stored, and the same command goes on"
        )
    return ClusterError(
        f"the cluster cannot train ({type(error).__name__}: {error}); its scheduler and workers "
        f"must be {START} scheduler` and `… worker`"
    )


# --- in a Dask worker -----------------------------------------------------------------------


def _task(config, cache, data_dir, note):
    host = socket.gethostname()
    if not note.exists():
        raise ClusterError(
            f"the worker on {host} does not see the cache {cache.folder}; "
            "give a folder with --runs that all hosts share"
        )
    try:
        # It is there when a worker was lost after it had stored the run.
        return cache.load(config) or worker_pool.train_in_process(
            config, cache, data_dir, wanted=note.exists
        )
    except datasets.DataError as error:
        raise datasets.DataError(f"on {host}, a worker of the cluster: {error}") from error
