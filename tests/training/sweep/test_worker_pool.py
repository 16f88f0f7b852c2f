"""Real worker processes: the same bits, and what becomes of one that dies or is cancelled."""

import math
import os
import signal
import sys
import threading
import time
import unittest.mock
from pathlib import Path

import pytest

from training.store.failures import RunError
from training.store.run_cache import RunCache
from training.sweep import worker_pool
from training.sweep.status import sweeps
from training.sweep.worker_pool import CancelledError, WorkerPool, _Queue, train_in_process


class Calls:
    """In the place of a config: the worker calls a function with arguments as it receives it."""

    program = None

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class StubWorker:
    """In the place of a worker, without a process."""

    def __init__(self):
        self.programs, self.program, self.timer, self.alive = 0, None, None, True

    def ask(self, request, cancelled):
        function, arguments = request[0].call
        return function(*arguments)

    def kill(self):
        self.alive = False


@pytest.fixture
def stubs(monkeypatch):
    """Workers without processes."""
    monkeypatch.setattr(worker_pool, "Worker", StubWorker)


@pytest.fixture
def pool(own_folders):
    pool = WorkerPool()
    yield pool
    pool.close()


@pytest.fixture
def ask(pool, tmp_path):
    """A function of what a worker of the pool is to call."""

    def ask(function, *arguments, cancelled=lambda: False):
        cache = RunCache(tmp_path)
        return train_in_process(Calls(function, *arguments), cache, None, cancelled, pool)

    return ask


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, ["killed (SIGKILL)", "memory runs out", "smaller batch size", "--jobs"]),
        (signal.SIGSEGV, ["its process ended with SIGSEGV"]),
    ],
)
def test_process_that_is_killed_fails_its_run(pool, ask, number, words):
    with pytest.raises(RunError) as caught:
        ask(signal.raise_signal, number)
    for word in words:
        assert word in caught.value.reason
    assert "\n" not in caught.value.reason
    assert pool.idle == []


def test_what_a_process_says_before_it_dies_is_kept(ask, capfd):
    with pytest.raises(RunError, match="its process ended with SIGABRT") as caught:
        ask(os.abort)
    assert "Fatal Python error: Aborted" in caught.value.details
    assert capfd.readouterr() == ("", "")


def test_process_that_exits(ask):
    with pytest.raises(RunError, match="its process ended with exit code 3"):
        ask(os._exit, 3)


def test_error_in_training_leaves_the_worker(pool, ask, capfd):
    for asked in (1, 2):
        with pytest.raises(RunError, match="AttributeError: 'int' object has no") as caught:
            ask(os.write, 1, b"noise")  # gives 5, which is no config
        assert "Traceback" in caught.value.details
        assert caught.value.details.endswith("noise")  # and no reply
        assert [worker.programs for worker in pool.idle] == [asked]
    assert capfd.readouterr() == ("", "")


def test_run_that_is_cancelled_ends_its_process(pool, ask):
    with pytest.raises(CancelledError):
        ask(time.sleep, 600, cancelled=lambda: True)
    assert pool.idle == []


def test_worker_that_died_while_idle_costs_nothing(pool, ask):
    for _ in range(2):
        with pytest.raises(RunError, match="AttributeError"):
            ask(int)
        (worker,) = pool.idle
        os.kill(worker.pid, signal.SIGKILL)
        worker._process.wait()


def test_worker_imports_from_where_its_caller_does(ask, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, "/of/the/caller"])
    with pytest.raises(RunError) as caught:
        ask(eval, "1 / (__import__('sys').path[-1] != '/of/the/caller')")
    assert "ZeroDivisionError" in caught.value.details


# --- the pool -------------------------------------------------------------------------------


def test_runs_of_a_program_that_is_there_do_not_count(stubs, pool, ask, make_record):
    pool.max_programs = 2
    one = pool.take(None)
    pool.put_back(one)
    for compile_seconds, alive in ((1.0, True), (0.0, True), (0.0, True), (1.0, False)):
        ask(lambda seconds=compile_seconds: make_record(compile_seconds=seconds))
        assert one.alive is alive


def test_worker_is_replaced_after_so_many_programs(pool, ask):
    pool.max_programs = 2
    left = []
    for _ in range(3):
        with pytest.raises(RunError, match="AttributeError"):
            ask(int)
        left.append(pool.idle)
    (first,), none, (third,) = left
    assert none == []
    assert first is not third
    assert not first.alive
    assert third.alive


def test_idle_worker_is_ended(pool, ask):
    pool.idle_seconds = 0
    with pytest.raises(RunError, match="AttributeError"):
        ask(int)
    deadline = time.monotonic() + 20
    while pool.idle and time.monotonic() < deadline:
        time.sleep(0.01)
    assert pool.idle == []


def test_worker_with_the_program_is_taken_and_else_the_last(stubs, pool):
    one, other, third = (pool.take(None) for _ in range(3))
    for worker, program in ((one, "a"), (other, "b"), (third, "c")):
        worker.program = program
        pool.put_back(worker)
    assert pool.take("b") is other
    assert pool.take("d") is third
    assert pool.take("d") is one
    assert pool.take("a") not in (one, other, third)


def test_worker_of_a_run_is_put_back_with_its_program(stubs, pool, tmp_path):
    run = Calls(int)
    run.program = "a"
    train_in_process(run, RunCache(tmp_path), None, lambda: False, pool)
    assert [worker.program for worker in pool.idle] == ["a"]


def test_closed_pool_has_no_workers(stubs, pool):
    workers = [pool.take(None) for _ in range(3)]
    for worker in workers:
        pool.put_back(worker)
    pool.close()
    assert pool.idle == []
    assert not any(worker.alive for worker in workers)


def test_many_threads_take_and_put_back_at_once(stubs, pool, small, monkeypatch):
    """No worker is given to two of them, and none is lost."""
    interval = sys.getswitchinterval()
    monkeypatch.setattr(threading, "Timer", lambda *_: unittest.mock.Mock())
    pool.max_programs = math.inf
    programs = [small(hidden=(size,)).program for size in range(1, 9)]
    busy, wrong, made = set(), [], set()

    def work(number):
        try:
            for step in range(200):
                worker = pool.take(programs[(number + step) % len(programs)])
                if worker in busy:
                    wrong.append("taken twice")
                busy.add(worker)
                made.add(worker)
                worker.program = programs[(3 * number + step) % len(programs)]
                busy.discard(worker)
                pool.put_back(worker)
        except Exception as error:
            wrong.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    assert set(pool.idle) == made
    assert len(made) <= len(threads)


# --- which run next -------------------------------------------------------------------------


def test_worker_goes_on_with_the_program_that_it_has_compiled(small):
    narrow, wide, deep = (small(hidden=hidden) for hidden in ((3,), (4,), (3, 3)))
    faster, again = narrow.replace(learning_rate=1.0), wide.replace(seed=5)
    queue = _Queue([narrow, faster, wide, deep, again])
    assert queue.take(None) == narrow
    assert queue.take(None) == wide  # another has begun with the program of the first
    assert queue.take(narrow.program) == faster
    assert queue.take(wide.program) == again
    assert queue.take(narrow.program) == deep
    assert queue.take(wide.program) is None


def test_workers_share_the_runs_of_one_program(small):
    configs = [small(seed=seed) for seed in range(3)]
    queue = _Queue(configs)
    assert [queue.take(None) for _ in range(4)] == [*configs, None]
    assert set(queue.futures) == set(configs)


# --- whole sweeps ---------------------------------------------------------------------------


def test_same_config_gives_the_same_bits(sweep, tmp_path, assert_same, small):
    configs = [small(dropout=0.5), small(model="cnn", filters=(3,), train_size=20, epochs=1)]
    folders = {jobs: tmp_path / str(jobs) for jobs in (1, 2)}
    options = [{"jobs": jobs, "runs_dir": str(folder)} for jobs, folder in folders.items()]
    with sweep(configs, *options) as process:
        out, error = process.communicate()
    assert (process.returncode, out, error) == (0, "ready\n", "")
    for config in configs:
        one, other = (RunCache(folder).load(config) for folder in folders.values())
        assert_same(one, other, timed=False)
        assert one.finite


@pytest.mark.slow
def test_killed_sweep_goes_on_from_what_is_stored(
    sweep, long_configs, wait_for_records, tmp_path, assert_same
):
    options = {"jobs": 2, "runs_dir": str(tmp_path / "killed")}
    cache, whole = RunCache(tmp_path / "killed"), RunCache(tmp_path / "whole")
    with sweep(long_configs, options) as process:
        wait_for_records(cache.folder, 2, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    stored = {path: path.stat().st_mtime_ns for path in cache.folder.glob("*.json")}
    assert 2 <= len(stored) < len(long_configs)
    with sweep(long_configs, options, {**options, "runs_dir": str(whole.folder)}) as process:
        _, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    for path, written in stored.items():
        assert path.stat().st_mtime_ns == written
    for config in long_configs:
        assert_same(cache.load(config), whole.load(config), timed=False)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_run_costs_only_itself(sweep, long_configs, tmp_path, jobs):
    cache = RunCache(tmp_path)
    with sweep(long_configs, {"jobs": jobs, "runs_dir": str(tmp_path)}) as process:
        running = []
        while len(running) < jobs:
            assert process.poll() is None, process.stderr.read()
            running = [run.heartbeat for sweep in sweeps(cache) for run in sweep.running]
            time.sleep(0.05)
        os.kill(running[-1].pid, signal.SIGKILL)
        out, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    assert "failed 1 of 6 runs failed" in out
    assert "its process was killed (SIGKILL)" in out
    failed = running[-1].about
    assert cache.stored_keys() == {config.key for config in long_configs} - {failed.key}
    assert (tmp_path / "failed" / f"{failed.key}.txt").exists()


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("stored", [0, 2])
def test_interrupted_sweep(sweep, long_configs, wait_for_records, tmp_path, jobs, stored):
    with sweep(long_configs, {"jobs": jobs, "runs_dir": str(tmp_path)}) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)  # the workers are starting
        wait_for_records(tmp_path, stored, process)
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does on Ctrl-C
        out, error = process.communicate(timeout=60)
    kept = sum(RunCache(tmp_path).load(config) is not None for config in long_configs)
    assert process.returncode == 0
    assert error == ""
    verdict, told, total = out.split()
    assert (verdict, int(total)) == ("interrupted", len(long_configs))
    assert stored <= int(told) == kept < len(long_configs)


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_process_that_started_them(
    sweep, long_configs, wait_for_records, tmp_path, signal_number
):
    with sweep(long_configs, {"jobs": 2, "runs_dir": str(tmp_path)}) as process:
        wait_for_records(tmp_path, 1, process)
        started = children_of(process.pid)
        assert len(started) == 2
        process.send_signal(signal_number)  # to it alone, not to its group
        process.wait()
        deadline = time.monotonic() + 20
        while started and time.monotonic() < deadline:
            time.sleep(0.2)
            started = {pid for pid in started if running(pid)}
    assert started == set()


def children_of(parent):
    """The processes that it started, from Linux's table of processes."""
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    fields = [(int(stat.split()[0]), stat.rpartition(")")[2].split()) for stat in stats]
    return {pid for pid, rest in fields if int(rest[1]) == parent}


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
