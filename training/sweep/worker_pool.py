"""Worker processes: each trains one run after another, on one thread."""

import contextlib
import faulthandler
import os
import pickle
import queue
import select
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasets
from training.backend import BackendError, import_keras
from training.config import ConfigError, RunConfig
from training.provenance import ROOT
from training.record import RunRecord
from training.store.failures import RunError
from training.store.run_cache import RunCache
from training.sweep.heartbeats import heartbeat
from training.sweep.status import RUNNING

POLL_SECONDS = 0.5
"""Time between two looks at whether a run has been cancelled."""

PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
sys.path[:] = {}
from training.sweep.worker_pool import serve
serve()
"""

USER_ERRORS = (datasets.DataError, BackendError, ConfigError)
"""Errors the user can fix; they concern more than one run, so they end the sweep."""

Trainer = Callable[[list[RunConfig]], dict[RunConfig, "Future[RunRecord]"]]
"""Function that starts training configs and returns the future record of each."""


class CancelledError(Exception):
    """A run that was cancelled while it was training."""


@contextlib.contextmanager
def worker_processes(jobs: int, cache: RunCache, data_dir: str | Path | None) -> Iterator[Trainer]:
    """Yield a function that trains configs in worker processes.

    At most `jobs` configs train at a time, each in a process of its own. They start in the order
    given, except that a worker continues with configs whose program it has already compiled, and
    otherwise prefers a program that no other worker has. Leaving the block cancels what has not
    finished.

    Args:
        jobs: int. Number of worker processes, at least 1.
        cache: `RunCache`. Where the processes store records.
        data_dir: str or `Path`. Folder of the real image sets, as in `datasets.load`.
    """
    left = threading.Event()
    threads = ThreadPoolExecutor(jobs)

    def train(waiting: _Queue) -> None:
        program = None
        while not left.is_set() and (config := waiting.take(program)):
            future = waiting.futures[config]
            try:
                program = config.program
                future.set_result(train_in_process(config, cache, data_dir, left.is_set))
            except BaseException as error:
                future.set_exception(error)

    def train_all(configs: list[RunConfig]) -> dict[RunConfig, "Future[RunRecord]"]:
        waiting = _Queue(configs)
        for _ in range(jobs):
            threads.submit(train, waiting)
        return waiting.futures

    try:
        yield train_all
    finally:
        left.set()
        threads.shutdown()


class _Queue:
    """Configs that wait for a worker.

    Args:
        configs: list of `RunConfig`, all different.

    Attributes:
        futures: dict from config to the `Future` of its record.
    """

    def __init__(self, configs: list[RunConfig]) -> None:
        self.futures: dict[RunConfig, Future[RunRecord]] = {c: Future() for c in configs}
        self._waiting = {config: config.program for config in configs}
        self._begun: set[RunConfig] = set()
        self._lock = threading.Lock()

    def take(self, program: RunConfig | None) -> RunConfig | None:
        """Remove and return the next config for a worker that has compiled a program.

        Args:
            program: `RunConfig.program`, or None for a new worker.

        Returns:
            A `RunConfig`, or None when no config is waiting.
        """
        with self._lock:
            if not self._waiting:
                return None
            config, taken = min(
                self._waiting.items(), key=lambda one: (one[1] != program, one[1] in self._begun)
            )
            self._begun.add(taken)
            del self._waiting[config]
            return config


class WorkerPool:
    """Worker processes that are kept for the next run, shared by all threads of this process.

    Args:
        idle_seconds: float. Time after which an idle worker is ended. Defaults to 300.
        max_programs: int. Number of compiled programs after which a worker is replaced, as
            TensorFlow keeps about 10 MB for each. Defaults to 20.
    """

    def __init__(self, idle_seconds: float = 300, max_programs: int = 20) -> None:
        self.idle_seconds = idle_seconds
        self.max_programs = max_programs
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    @property
    def idle(self) -> "list[Worker]":
        """The idle workers, the one used last at the end."""
        with self._lock:
            return list(self._idle)

    def take(self, program: RunConfig | None) -> "Worker":
        """Return an idle worker, or a new one when none is idle.

        Args:
            program: `RunConfig.program`. A worker that has compiled it is preferred.
        """
        while worker := self._take_idle(program):
            if worker.alive:
                return worker
            worker.kill()
        return Worker()

    def put_back(self, worker: "Worker") -> None:
        """Keep a worker for the next run, or end it when it has compiled too many programs."""
        if worker.programs >= self.max_programs:
            worker.kill()
            return
        worker.timer = threading.Timer(self.idle_seconds, self._end, [worker])
        worker.timer.daemon = True
        with self._lock:
            self._idle.append(worker)
            worker.timer.start()

    def close(self) -> None:
        """End all idle workers."""
        while worker := self._take_idle(None):
            worker.kill()

    def _take_idle(self, program: RunConfig | None) -> "Worker | None":
        with self._lock:
            if not self._idle:
                return None
            compiled = [worker for worker in self._idle if worker.program == program]
            worker = (compiled or self._idle)[-1]
            self._remove(worker)
            return worker

    def _end(self, worker: "Worker") -> None:
        with self._lock:
            if worker not in self._idle:  # it has just been taken
                return
            self._remove(worker)
        worker.kill()

    def _remove(self, worker: "Worker") -> None:
        self._idle.remove(worker)
        if worker.timer:
            worker.timer.cancel()


POOL = WorkerPool()
"""The workers of this process."""


def train_in_process(
    config: RunConfig,
    cache: RunCache,
    data_dir: str | Path | None,
    cancelled: Callable[[], bool],
    pool: WorkerPool = POOL,
) -> RunRecord:
    """Train a config in a worker process, which stores the record.

    Args:
        config: `RunConfig`. The run.
        cache: `RunCache`. Where the process stores the record.
        data_dir: str or `Path`. Folder of the real image sets, as in `datasets.load`.
        cancelled: function without arguments that returns whether to stop. It is called every
            `POLL_SECONDS`.
        pool: `WorkerPool`. Where the worker comes from. Defaults to the one of this process.

    Returns:
        A `RunRecord`.

    Raises:
        RunError: if the training fails, or its process ends.
        datasets.DataError, BackendError, ConfigError: errors the user can fix.
        CancelledError: if the run is cancelled.
    """
    worker = pool.take(config.program)
    try:
        reply = worker.ask((config, cache, data_dir), cancelled)
    except BaseException:
        worker.kill()
        raise
    # A failed run may have compiled; a run whose program was already compiled adds no memory.
    worker.programs += getattr(reply, "compile_seconds", 1) > 0
    worker.program = config.program
    pool.put_back(worker)
    if isinstance(reply, Exception):
        raise reply
    return reply


class Worker:
    """A process that answers one request at a time.

    Attributes:
        programs: int. Number of programs that it has compiled.
        program: `RunConfig.program` of its last run, or None.
        timer: `threading.Timer` that ends it while it is idle, or None.
    """

    def __init__(self) -> None:
        self.programs = 0
        self.program: RunConfig | None = None
        self.timer: threading.Timer | None = None
        self._output = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - as long as the process lives
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-u", "-c", PROGRAM.format([str(ROOT), *sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._replies = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def ask(self, request: tuple, cancelled: Callable[[], bool]) -> Any:
        """Send a request and return the reply.

        Args:
            request: arguments of `train_and_store`.
            cancelled: as in `train_in_process`.

        Returns:
            A `RunRecord`, or the exception that the run ended with.

        Raises:
            RunError: if the process ends.
            CancelledError: if the run is cancelled.
        """
        try:
            pickle.dump(request, self._requests)
            self._requests.flush()
            while not select.select([self._replies], [], [], POLL_SECONDS)[0]:
                if cancelled():
                    raise CancelledError
            reply = pickle.load(self._replies)
        except (OSError, EOFError, pickle.UnpicklingError):
            raise RunError.of_exit(self._end(), self._take_output()) from None
        output = self._take_output()
        if isinstance(reply, RunError):
            reply.details += output
        else:
            sys.stderr.write(output)
        return reply

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._end()
        self._replies.close()
        self._output.close()

    def _end(self) -> int:
        """Wait until a process that gets no more requests has ended, and return its exit code."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        return self._process.wait()

    def _take_output(self) -> str:
        """What the process has printed since the last call."""
        self._output.seek(0)
        output = self._output.read().decode(errors="replace")
        self._output.truncate(0)
        return output


# --- in the worker process ------------------------------------------------------------------


def serve() -> None:
    """Answer requests from standard input on standard output until the parent process is gone."""
    faulthandler.enable()  # a crash prints where it happened
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a run prints must not mix with the replies
    requests: queue.SimpleQueue[tuple] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    while True:
        pickle.dump(_reply(*requests.get()), replies)
        replies.flush()


def _receive(requests: "queue.SimpleQueue[tuple]") -> None:
    """Keep reading during a run, so that this process ends when its parent does."""
    try:
        while True:
            requests.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _reply(config: RunConfig, cache: RunCache, data_dir: str | Path | None) -> Any:
    try:
        return train_and_store(config, cache, data_dir)
    except USER_ERRORS as error:
        return error
    except Exception as error:
        return RunError.of_exception(error, traceback.format_exc())


def train_and_store(config: RunConfig, cache: RunCache, data_dir: str | Path | None) -> RunRecord:
    """Train a config in this process, on one thread, and store its record.

    Args:
        config: `RunConfig`. The run.
        cache: `RunCache`. Where the record is stored.
        data_dir: str or `Path`. Folder of the real image sets, as in `datasets.load`.

    Returns:
        The `RunRecord`.
    """
    with heartbeat(cache.folder / RUNNING, config.to_json()):
        import_keras(threads=1)
        from training.single_run.train import train

        record = train(config, data_dir)
        cache.save(record)
    return record
