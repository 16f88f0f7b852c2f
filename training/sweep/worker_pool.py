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
from concurrent.futures import Future, ThreadPoolExecutor

import datasets
from training.backend import BackendError, import_keras
from training.config import ConfigError
from training.provenance import ROOT
from training.store.failures import RunError
from training.sweep.heartbeats import noted
from training.sweep.status import RUNNING

WORKER_PROGRAMS = 20
"""Programs compiled after which a worker is replaced, as TensorFlow keeps some 10 MB of each."""

IDLE = 300
"""Seconds after which a worker without a run is ended."""

PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
sys.path[:] = {}
from training.sweep.worker_pool import serve
serve()
"""

USER_ERRORS = (datasets.DataError, BackendError, ConfigError)
"""What is the user's to put right, and concerns more than one run."""

_idle = []


class Stopped(Exception):  # noqa: N818 - not an error
    """A run that nobody waits for any more."""


@contextlib.contextmanager
def worker_processes(jobs, cache, data_dir):
    """Yield a function of a list of configs, which gives config → `Future` of its record.

    So many configs as there are jobs train at a time, each in a process of its own. They are taken
    in the order in which they are given, but that a worker goes on with those whose program it has
    compiled, and begins with one that no other has. When the block is left, those that are not
    through are given up.
    """
    left = threading.Event()
    threads = ThreadPoolExecutor(jobs)

    def train(queue):
        program = None
        while not left.is_set() and (config := queue.take(program)):
            program = config.program
            try:
                record = train_in_process(config, cache, data_dir, lambda: not left.is_set())
            except BaseException as error:
                queue.futures[config].set_exception(error)
            else:
                queue.futures[config].set_result(record)

    def train_all(configs):
        queue = _Queue(configs)
        for _ in range(jobs):
            threads.submit(train, queue)
        return queue.futures

    try:
        yield train_all
    finally:
        left.set()
        threads.shutdown()


class _Queue:
    """Configs that wait for a worker.

    Args:
        configs: list of `RunConfig`, without repetition.

    Attributes:
        futures: config → `Future` of its record.
    """

    def __init__(self, configs):
        self.futures = {config: Future() for config in configs}
        self._waiting = {config: config.program for config in configs}
        self._begun = set()
        self._lock = threading.Lock()

    def take(self, program):
        """The next config for a worker that has compiled a program; None when all are taken."""
        with self._lock:
            if not self._waiting:
                return None
            config, taken = min(
                self._waiting.items(), key=lambda one: (one[1] != program, one[1] in self._begun)
            )
            self._begun.add(taken)
            del self._waiting[config]
            return config


def train_in_process(config, cache, data_dir, wanted):
    """Train a config in a worker process and store it there.

    Args:
        config: a `RunConfig`.
        cache: the `RunCache` that the process stores into.
        data_dir: as in `datasets.load`.
        wanted: function that says, asked twice a second, whether to go on.

    Returns:
        The `RunRecord`.

    Raises:
        RunError: when the training fails, or its process ends.
        datasets.DataError, BackendError, ConfigError: when it is the user's to put right.
        Stopped: when it is wanted no more.
    """
    worker = _idle_worker(config.program) or _Worker()
    try:
        reply = worker.ask((config, cache, data_dir), wanted)
    except BaseException:
        worker.kill()
        raise
    # What failed may have compiled; a run whose program was there leaves nothing behind.
    worker.programs += getattr(reply, "compile_seconds", 1) > 0
    worker.program = config.program
    if worker.programs < WORKER_PROGRAMS:
        _lay_by(worker)
    else:
        worker.kill()
    if isinstance(reply, Exception):
        raise reply
    return reply


class _Worker:
    """A process that answers one request at a time."""

    def __init__(self):
        self.programs = 0
        self.program = None
        self.timer = None
        self._said = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - as long as the process is
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-c", PROGRAM.format([str(ROOT), *sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )

    @property
    def alive(self):
        return self._process.poll() is None

    def ask(self, request, wanted):
        try:
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
            while not select.select([self._process.stdout], [], [], 0.5)[0]:
                if not wanted():
                    raise Stopped
            reply = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            raise RunError.of_exit(self._end(), self._what_it_said()) from None
        said = self._what_it_said()
        if isinstance(reply, RunError):
            reply.details += said
        else:
            sys.stderr.write(said)
        return reply

    def kill(self):
        self._process.kill()
        self._end()
        self._process.stdout.close()
        self._said.close()

    def _end(self):
        """Wait for the end of a process that has no more to do, and return its exit code."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        return self._process.wait()

    def _what_it_said(self):
        self._said.seek(0)
        said = self._said.read().decode(errors="replace")
        self._said.truncate(0)
        return said


def _idle_worker(program):
    """Take a worker that waits for a run, best one with its program; None when there is none."""
    _idle.sort(key=lambda worker: worker.program == program)
    while _idle:
        worker = _idle.pop()
        worker.timer.cancel()
        if worker.alive:
            return worker
        worker.kill()
    return None


def _lay_by(worker):
    """Keep a worker for the next run, for a while."""
    worker.timer = threading.Timer(IDLE, _end_idle, [worker])
    worker.timer.daemon = True
    _idle.append(worker)
    worker.timer.start()


def _end_idle(worker):
    with contextlib.suppress(ValueError):  # it has just been taken
        _idle.remove(worker)
        worker.kill()


# --- in the worker process ------------------------------------------------------------------


def serve():
    """Answer requests from standard input on standard output, until the asking process is gone."""
    faulthandler.enable()  # what crashes says where
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed meanwhile is no reply
    requests = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    while True:
        pickle.dump(_reply(*requests.get()), replies)
        replies.flush()


def _receive(requests):
    """Read on during a run, so as to end with the process that asked for it."""
    try:
        while True:
            requests.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _reply(config, cache, data_dir):
    try:
        return train_and_store(config, cache, data_dir)
    except USER_ERRORS as error:
        return error
    except Exception as error:
        return RunError.of_exception(error, traceback.format_exc())


def train_and_store(config, cache, data_dir):
    """Train a config in this process, on one thread, and store it."""
    with noted(cache.folder / RUNNING, config.to_json()):
        import_keras(threads=1)
        from training.single_run.train import train

        record = train(config, data_dir)
        cache.save(record)
    return record
