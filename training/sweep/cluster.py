"""The same runs on a Dask cluster.

A Dask task trains in a worker process of its own, as a run on one machine does. The number of
threads of a Dask worker only decides how many runs it trains at a time.

A task stops its trainer when Dask has given the task up, which the Dask worker knows itself: the
client has cancelled it, the client is gone, or the worker is closing because its scheduler is gone.
No file takes part in this.
"""

import contextlib
import logging
import re
import socket
import traceback
import uuid
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
from training.config import RunConfig
from training.record import RunRecord
from training.store.failures import RunError
from training.store.files import write_atomically
from training.store.run_cache import RunCache
from training.sweep import worker_pool
from training.sweep.worker_pool import USER_ERRORS, Trainer, WorkerPool

if TYPE_CHECKING:
    import distributed

TIMEOUT = 5
"""Seconds in which a scheduler must answer."""

IDLE_SECONDS = 5
"""Seconds after which an idle trainer ends: nothing tells a Dask worker that a sweep has ended."""

IDENTITY = "identity.txt"
"""File of the cache with its random name, to check that all hosts see the same cache."""

START = "started in the project's folder with `.venv/bin/python -m dask"

_pool = WorkerPool(IDLE_SECONDS)


class ClusterError(ValueError):
    """A cluster that cannot train; the message says what is missing."""


@contextlib.contextmanager
def connected(address: str) -> "Iterator[distributed.Client]":
    """Yield a client of a Dask scheduler.

    Args:
        address: str. Address of the scheduler, "tcp://HOST:PORT".

    Raises:
        ClusterError: if no scheduler answers there.
    """
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", address):
        raise ClusterError(f"the address of a cluster must be tcp://HOST:PORT, not {address!r}")
    import distributed

    for name in ("distributed", "distributed.client"):  # Dask gives each a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)  # errors are raised, not logged
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
def cluster_workers(
    client: "distributed.Client", cache: RunCache, data_dir: str | Path | None
) -> Iterator[Trainer]:
    """Yield a function that trains configs on a cluster, as `worker_processes` does here.

    Args:
        client: `distributed.Client`. Client of the cluster.
        cache: `RunCache`. Its folder must be the same one, under the same path, on all hosts.
        data_dir: str or `Path`. Folder of the real image sets, as in `datasets.load`; likewise.
    """
    if not client.scheduler_info()["workers"]:
        address = client.scheduler.address
        warnings.warn(
            f"the cluster has no workers and the runs wait for one, {START} worker {address}`",
            stacklevel=2,
        )
    cache = RunCache(cache.folder.absolute())
    identity = _identity(cache)
    data_dir = data_dir and Path(data_dir).absolute()
    tasks = []

    def train(config: RunConfig) -> "Future[RunRecord]":
        task = client.submit(_task, config, cache, identity, data_dir, pure=False)
        tasks.append(task)
        future: Future[RunRecord] = Future()
        task.add_done_callback(lambda task: _hand_over(task, future))
        return future

    try:
        yield lambda configs: {config: train(config) for config in configs}
    finally:
        with contextlib.suppress(Exception):  # the scheduler is gone
            client.cancel(tasks)


def _identity(cache: RunCache) -> str:
    """The cache's random name, which tells it from a folder of the same path on another host."""
    identity = _read_identity(cache)
    if identity is None:
        identity = uuid.uuid4().hex
        cache.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(cache.folder / IDENTITY, identity.encode())
    return identity


def _read_identity(cache: RunCache) -> str | None:
    try:
        return (cache.folder / IDENTITY).read_text()
    except OSError:
        return None


def _hand_over(task: Any, future: "Future[RunRecord]") -> None:
    """Give the outcome of a Dask task to the future of its run."""
    try:
        future.set_result(task.result())
    except BaseException as error:
        future.set_exception(_explained(error))


def _explained(error: BaseException) -> BaseException:
    import distributed

    if isinstance(error, (RunError, ClusterError, *USER_ERRORS)):
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


def _task(
    config: RunConfig, cache: RunCache, identity: str, data_dir: str | Path | None
) -> RunRecord:
    host = socket.gethostname()
    try:
        if _read_identity(cache) != identity:
            raise ClusterError(
                f"the worker on {host} does not see the cache {cache.folder}; "
                "give a folder with --runs that all hosts share"
            )
        # The record is there if a Dask worker was lost after its trainer had stored it.
        return cache.load(config) or worker_pool.train_in_process(
            config, cache, data_dir, _cancellation(), _pool
        )
    except datasets.DataError as error:
        raise datasets.DataError(f"on {host}, a worker of the cluster: {error}") from error
    except (RunError, ClusterError, *USER_ERRORS):
        raise
    except Exception as error:  # otherwise it would count as one of the whole cluster
        raise RunError.of_exception(error, traceback.format_exc()) from error


def _cancellation() -> Callable[[], bool]:
    """Return a function that says whether Dask has given up the task that calls this."""
    import distributed

    worker = distributed.get_worker()
    key = worker.get_current_task()
    closing = (
        distributed.Status.closing,
        distributed.Status.closed,
        distributed.Status.failed,
    )

    def cancelled() -> bool:
        task = worker.state.tasks.get(key)
        executing = task is not None and task.state in ("executing", "long-running")
        return not executing or worker.status in closing

    return cancelled
