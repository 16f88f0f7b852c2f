"""Real worker processes: the same bits, and what becomes of one that dies or is given up."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from training.store.failures import RunError
from training.store.run_cache import RunCache
from training.sweep import worker_pool
from training.sweep.status import sweeps
from training.sweep.worker_pool import Stopped, _Queue, train_in_process


class Calls:
    """In the place of a config: the worker calls a function with arguments as it receives it."""

    program = None

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture(autouse=True)
def own_workers(own_folders, monkeypatch):
    idle = []
    monkeypatch.setattr(worker_pool, "_idle", idle)
    yield idle
    for worker in idle:
        worker.timer.cancel()
        worker.kill()


def ask(tmp_path, function, *arguments, wanted=lambda: True):
    return train_in_process(Calls(function, *arguments), RunCache(tmp_path), None, wanted)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, ["killed (SIGKILL)", "memory runs out", "smaller batch size", "--jobs"]),
        (signal.SIGSEGV, ["its process ended with SIGSEGV"]),
    ],
)
def test_process_that_is_killed_fails_its_run(own_workers, tmp_path, number, words):
    with pytest.raises(RunError) as caught:
        ask(tmp_path, signal.raise_signal, number)
    for word in words:
        assert word in caught.value.reason
    assert "\n" not in caught.value.reason
    assert own_workers == []


def test_what_a_process_says_before_it_dies_is_kept(tmp_path, capfd):
    with pytest.raises(RunError, match="its process ended with SIGABRT") as caught:
        ask(tmp_path, os.abort)
    assert "Fatal Python error: Aborted" in caught.value.details
    assert capfd.readouterr() == ("", "")


def test_process_that_exits(tmp_path):
    with pytest.raises(RunError, match="its process ended with exit code 3"):
        ask(tmp_path, os._exit, 3)


def test_error_in_training_leaves_the_worker(own_workers, tmp_path, capfd):
    for asked in (1, 2):
        with pytest.raises(RunError, match="AttributeError: 'int' object has no") as caught:
            ask(tmp_path, os.write, 1, b"noise")  # gives 5, which is no config
        assert "Traceback" in caught.value.details
        assert caught.value.details.endswith("noise")  # and no reply
        assert [worker.programs for worker in own_workers] == [asked]
    assert capfd.readouterr() == ("", "")


def test_run_that_nobody_waits_for_is_given_up(own_workers, tmp_path):
    with pytest.raises(Stopped):
        ask(tmp_path, time.sleep, 600, wanted=lambda: False)
    assert own_workers == []


def test_worker_that_died_while_idle_costs_nothing(own_workers, tmp_path):
    for _ in range(2):
        with pytest.raises(RunError, match="AttributeError"):
            ask(tmp_path, int)
        (worker,) = own_workers
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()


def test_runs_of_a_program_that_is_there_do_not_count(monkeypatch, make_record, tmp_path):
    class Worker:
        programs, program, alive, ended = 0, None, True, False
        timer = threading.Timer(0, print)

        def ask(self, request, wanted):
            compile_seconds, _ = request[0].call
            return make_record(compile_seconds=float(compile_seconds))

        def kill(self):
            self.ended = True

    one = Worker()
    monkeypatch.setattr(worker_pool, "_idle", [one])
    monkeypatch.setattr(worker_pool, "_lay_by", worker_pool._idle.append)
    monkeypatch.setattr(worker_pool, "WORKER_PROGRAMS", 2)
    for compile_seconds, ended in ((1, False), (0, False), (0, False), (1, True)):
        worker_pool.train_in_process(Calls(compile_seconds), None, tmp_path, lambda: True)
        assert one.ended is ended


def test_worker_is_replaced_after_so_many_programs(own_workers, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_pool, "WORKER_PROGRAMS", 2)
    left = []
    for _ in range(3):
        with pytest.raises(RunError, match="AttributeError"):
            ask(tmp_path, int)
        left.append(list(own_workers))
    (first,), none, (third,) = left
    assert none == []
    assert first is not third
    assert not first.alive
    assert third.alive


def test_idle_worker_is_ended(own_workers, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_pool, "IDLE", 0)
    with pytest.raises(RunError, match="AttributeError"):
        ask(tmp_path, int)
    deadline = time.monotonic() + 20
    while own_workers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert own_workers == []


def test_worker_imports_from_where_its_caller_does(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, "/of/the/caller"])
    with pytest.raises(RunError) as caught:
        ask(tmp_path, eval, "1 / (__import__('sys').path[-1] != '/of/the/caller')")
    assert "ZeroDivisionError" in caught.value.details


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


def test_idle_worker_with_the_program_is_taken(own_workers, tmp_path):
    class Named(Calls):
        def __init__(self, program):
            super().__init__(int)
            self.program = program

    one, other = ({"program": program} for program in "ab")
    for fields in (one, other):
        worker = worker_pool._Worker()
        worker.program = fields["program"]
        worker_pool._lay_by(worker)
        fields["worker"] = worker
    for fields in (one, other, other, one):
        with pytest.raises(RunError, match="AttributeError"):
            train_in_process(Named(fields["program"]), RunCache(tmp_path), None, lambda: True)
        assert own_workers[-1] is fields["worker"]


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
        assert one.status == "finished"


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
            running = [run.note for sweep in sweeps(cache) for run in sweep.running]
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
