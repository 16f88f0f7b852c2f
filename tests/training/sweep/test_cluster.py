"""A Dask cluster of a scheduler and two workers on this machine."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import distributed
import joblib
import psutil
import pytest

import datasets
from training import BackendError, FailedRunsError, run_all
from training.provenance import ROOT
from training.store.failures import RunError
from training.store.run_cache import RunCache
from training.sweep import cluster, worker_pool
from training.sweep.cluster import ClusterError, connected
from training.sweep.status import RUNNING, SWEEPS, sweeps


@pytest.fixture
def cache(tmp_path):
    return RunCache(tmp_path / "runs")


# --- without one ----------------------------------------------------------------------------


def test_nothing_answers_at_the_address(monkeypatch):
    monkeypatch.setattr(cluster, "TIMEOUT", 0.5)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ClusterError, match=f"no Dask scheduler answers at {address}"):
            connected(address).__enter__()


def test_dask_prints_nothing_of_its_own(monkeypatch):
    """Its client warns of a run that ends just when it is cancelled, for example."""
    for name in ("distributed", "distributed.client"):
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "level", logger.level)
    monkeypatch.setattr(distributed, "Client", lambda *_, **options: contextlib.nullcontext())
    with connected("tcp://here:1"):
        assert not logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)
        assert not logging.getLogger("distributed.worker").isEnabledFor(logging.ERROR)


@pytest.mark.parametrize("address", ["here", "tcp://here", "http://here:1", "here:8786", ""])
def test_no_address(address):
    with pytest.raises(ClusterError, match="must be tcp://HOST:PORT, not '"):
        connected(address).__enter__()


@pytest.fixture
def never_cancelled(monkeypatch):
    """No Dask worker is there to ask."""
    monkeypatch.setattr(cluster, "_cancellation", lambda: lambda: False)


@pytest.fixture
def trained(trained, never_cancelled):
    return trained


@pytest.fixture
def identity(cache):
    return cluster._identity(cache)


class Cluster:
    """In the place of a `distributed.Client`: a task is done in this process, at once."""

    def __init__(self, workers=1):
        self.workers = dict.fromkeys(range(workers))
        self.cancelled = []

    def scheduler_info(self):
        return {"workers": self.workers}

    @property
    def scheduler(self):
        class Scheduler:
            address = "tcp://scheduler:1"

        return Scheduler

    def submit(self, function, *arguments, pure):
        assert not pure  # an equal run of another sweep is another task
        task = Future()
        try:
            task.set_result(function(*arguments))
        except Exception as error:
            task.set_exception(error)
        return task

    def cancel(self, tasks):
        self.cancelled += tasks


def test_runs_go_to_the_cluster(trained, configs, cache):
    client = Cluster()
    records = run_all(configs, runs_dir=cache.folder, cluster=client)
    assert [record.config for record in records] == trained == configs
    assert len(client.cancelled) == 4  # which does nothing to those that are done


def test_runs_go_to_the_cluster_that_joblib_has(trained, configs, cache, monkeypatch):
    client = Cluster()
    backend = type("Backend", (), {"client": client})()
    monkeypatch.setattr(joblib.parallel, "get_active_backend", lambda: (backend, 1))
    run_all(configs, runs_dir=cache.folder)
    assert len(client.cancelled) == 4


def test_cluster_without_workers_waits_with_a_warning(trained, configs, cache):
    with pytest.warns(UserWarning, match=r"no workers .* dask worker tcp://scheduler:1"):
        run_all(configs, runs_dir=cache.folder, cluster=Cluster(workers=0))


def test_run_that_a_lost_worker_had_stored_is_not_trained_again(
    trained, configs, cache, make_record, identity
):
    cache.save(make_record(configs[0], parameters=11))
    assert cluster._task(configs[0], cache, identity, None).parameters == 11
    assert trained == []


@pytest.mark.parametrize("there", [False, True])
def test_worker_that_does_not_see_the_cache(trained, configs, cache, tmp_path, identity, there):
    other = RunCache(tmp_path / "of another host")
    if there:
        assert cluster._identity(other) != identity
    with pytest.raises(ClusterError, match=r"does not see the cache .*; give a folder with --runs"):
        cluster._task(configs[0], other, identity, None)
    assert other.folder.exists() == there
    assert trained == []


def test_cache_keeps_its_identity(cache, identity):
    assert cluster._identity(RunCache(cache.folder)) == identity


def test_worker_that_does_not_see_the_data(
    in_process, never_cancelled, small, cache, tmp_path, identity
):
    config = small(data="real")
    with pytest.raises(datasets.DataError, match=r"on .*, a worker of the cluster: .*fashion"):
        cluster._task(config, cache, identity, tmp_path)


def test_unforeseen_error_in_a_worker_costs_only_its_run(trained, configs, cache, monkeypatch):
    train = worker_pool.train_in_process

    def train_or_raise(config, *arguments):
        if config.seed == 1:
            raise OSError(24, "Too many open files")
        return train(config, *arguments)

    monkeypatch.setattr(worker_pool, "train_in_process", train_or_raise)
    with pytest.raises(FailedRunsError, match=r"1 of 4 runs failed: .*Too many open files"):
        run_all(configs, runs_dir=cache.folder, cluster=Cluster())
    assert [config in cache for config in configs] == [True, False, True, True]


def test_heartbeats_that_cannot_be_written_cancel_nothing(trained, configs, cache):
    cache.folder.mkdir()
    for name in (SWEEPS, RUNNING):
        (cache.folder / name).touch()  # so it can be no folder
    with pytest.warns(UserWarning, match="cannot write .*: status lacks it"):
        records = run_all(configs, runs_dir=cache.folder, cluster=Cluster())
    assert [record.config for record in records] == trained == configs


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (RunError("a reason", ""), RunError, "a reason"),
        (ModuleNotFoundError("No module named 'training'"), ClusterError, "project's folder"),
        (ModuleNotFoundError("No module named 'training'"), ClusterError, "No module named"),
        (datasets.DataError("no images"), datasets.DataError, "no images"),
        (BackendError("not here"), BackendError, "not here"),
    ],
)
def test_what_goes_wrong_is_explained(raised, kind, words):
    explained = cluster._explained(raised)
    assert type(explained) is kind
    assert words in str(explained)


# --- with one -------------------------------------------------------------------------------


@contextlib.contextmanager
def started(folder, images, *options):
    """The address and the process of a scheduler that has two workers."""
    environment = {**os.environ, "DESCENT_CACHE_DIR": str(images)}
    file = folder / "scheduler.json"
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file)],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(end, process)
            return process

        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", *options)
        start("worker", "--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder))
        with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address, scheduler


def end(process):
    for child in psutil.Process(process.pid).children(recursive=True) if living(process) else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.kill()
    process.wait()


def living(process):
    return process.poll() is None


@pytest.fixture(scope="module")
def address(tmp_path_factory, small_sets):
    with (
        socket.socket() as taken,
        started(
            tmp_path_factory.mktemp("dask"),
            small_sets,
            "--dashboard-address",
            f"127.0.0.1:{taken.bind(('127.0.0.1', 0)) or taken.getsockname()[1]}",
        ) as (address, _),
    ):
        yield address


def wait_for_running(cache, count, process):
    """The heartbeats of so many runs of the only sweep."""
    while True:
        assert process.poll() is None, process.stderr.read()
        running = [run.heartbeat for sweep in sweeps(cache) for run in sweep.running]
        if len(running) == count:
            return running
        time.sleep(0.05)


def trainers_of(running):
    """The processes that train runs, and the Dask workers that have started them."""
    trainers = [psutil.Process(beat.pid) for beat in running]
    return trainers, [trainer.parent() for trainer in trainers]


def assert_no_trainers(workers):
    """Wait some seconds until Dask workers have no trainers, idle ones and new ones included."""
    deadline = time.monotonic() + 20
    while any(is_trainer(child) for worker in workers for child in children(worker)):
        assert time.monotonic() < deadline, "a trainer still runs"
        time.sleep(0.1)


def children(process):
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def is_trainer(process):
    try:
        return any("training.sweep.worker_pool" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def endless(small):
    """A config that trains for many minutes."""
    return small(train_size=100, batch_size=5, hidden=(100,), epochs=100_000)


@pytest.mark.slow
def test_same_records_as_on_one_machine(address, sweep, small, cache, tmp_path, assert_same):
    configs = [small(dropout=0.5, seed=seed) for seed in range(3)]
    configs.append(small(model="cnn", filters=(3,), train_size=20, epochs=1))
    whole = RunCache(tmp_path / "whole")
    on_cluster = {"address": address, "runs_dir": str(cache.folder)}
    with sweep(configs, on_cluster, {"jobs": 1, "runs_dir": str(whole.folder)}) as process:
        out, error = process.communicate()
    assert (process.returncode, out, error) == (0, "ready\n", "")
    for config in configs:
        assert_same(cache.load(config), whole.load(config), timed=False)


@pytest.mark.slow
def test_runs_train_beside_the_dask_worker_on_one_thread_each(address, sweep, long_configs, cache):
    with sweep(long_configs[:2], {"address": address, "runs_dir": str(cache.folder)}) as process:
        trainers, workers = trainers_of(wait_for_running(cache, 2, process))
        assert len({process.pid for process in (*trainers, *workers)}) == 4
        for worker in workers:
            mapped = {Path(region.path).name for region in worker.memory_maps()}
            assert not any(name.startswith("libtensorflow") for name in mapped)


@pytest.mark.slow
def test_worker_that_is_killed_costs_nothing_but_time(
    address, sweep, long_configs, cache, tmp_path, assert_same
):
    whole = RunCache(tmp_path / "whole")
    with sweep(long_configs, {"address": address, "runs_dir": str(cache.folder)}) as process:
        beat, _ = wait_for_running(cache, 2, process)
        trainer = psutil.Process(beat.pid)
        trainer.parent().kill()
        out, error = process.communicate()
        assert (process.returncode, out, error) == (0, "ready\n", "")
        trainer.wait(20)  # it ends with its Dask worker
    run_all(long_configs[:1], runs_dir=whole.folder)
    assert_same(cache.load(long_configs[0]), whole.load(long_configs[0]), timed=False)
    assert all(cache.load(config) for config in long_configs)


@pytest.mark.slow
def test_run_whose_process_is_killed_fails_alone(address, sweep, long_configs, cache):
    with sweep(long_configs, {"address": address, "runs_dir": str(cache.folder)}) as process:
        beat, _ = wait_for_running(cache, 2, process)
        psutil.Process(beat.pid).kill()
        out, error = process.communicate()
    assert (process.returncode, error) == (0, "")
    assert "failed 1 of 6 runs failed" in out
    assert "its process was killed (SIGKILL)" in out
    assert len(cache.stored_keys()) == 5
    assert beat.about.key not in cache.stored_keys()


@pytest.mark.slow
def test_ctrl_c_leaves_what_is_stored_and_cancels_the_rest(
    address, sweep, endless, long_configs, cache, wait_for_records
):
    """One worker trains without end; the other may be anywhere, even between two runs."""
    configs = [endless, *long_configs[1:]]
    with sweep(configs, {"address": address, "runs_dir": str(cache.folder)}) as process:
        trainers, workers = trainers_of(wait_for_running(cache, 2, process))
        wait_for_records(cache.folder, 1, process)
        os.killpg(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")
    assert out.split()[1] == "interrupted"
    psutil.wait_procs(trainers, timeout=20)
    assert not any(trainer.is_running() for trainer in trainers)
    assert_no_trainers(workers)
    # A run that ended while Ctrl-C was on its way is stored without being counted.
    assert 1 <= int(out.split()[2]) <= len(cache.stored_keys()) < 6


@pytest.mark.slow
def test_trainers_end_when_the_client_is_killed(address, sweep, endless, cache):
    configs = [endless.replace(seed=seed) for seed in range(4)]
    with sweep(configs, {"address": address, "runs_dir": str(cache.folder)}) as process:
        trainers, workers = trainers_of(wait_for_running(cache, 2, process))
        process.kill()
        process.wait()
        psutil.wait_procs(trainers, timeout=20)
        assert not any(trainer.is_running() for trainer in trainers)
        assert_no_trainers(workers)
    assert cache.stored_keys() == set()


@pytest.mark.slow
def test_trainers_end_after_the_sweep(address, sweep, long_configs, cache):
    with sweep(long_configs[:2], {"address": address, "runs_dir": str(cache.folder)}) as process:
        _, workers = trainers_of(wait_for_running(cache, 2, process))
        out, error = process.communicate()
    assert (process.returncode, out, error) == (0, "ready\n", "")
    assert_no_trainers(workers)


@pytest.mark.slow
def test_heartbeats_that_are_removed_or_cannot_be_written_cancel_no_run(
    address, sweep, long_configs, cache
):
    cache.folder.mkdir()
    (cache.folder / RUNNING).touch()  # so it can be no folder
    with sweep(long_configs, {"address": address, "runs_dir": str(cache.folder)}) as process:
        while not (beats := list((cache.folder / SWEEPS).glob("*.json"))):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        beats[0].unlink()
        out, _ = process.communicate()
    assert (process.returncode, out) == (0, "ready\n")
    assert all(cache.load(config) for config in long_configs)


@pytest.mark.slow
def test_scheduler_that_goes_away_is_one_clear_line_and_ends_the_trainers(
    small_sets, sweep, endless, cache, tmp_path
):
    configs = [endless.replace(seed=seed) for seed in range(4)]
    with (
        started(tmp_path, small_sets) as (address, scheduler),
        sweep(configs, {"address": address, "runs_dir": str(cache.folder)}) as process,
    ):
        trainers, _ = trainers_of(wait_for_running(cache, 2, process))
        scheduler.kill()
        _, error = process.communicate(timeout=120)
        psutil.wait_procs(trainers, timeout=60)
        assert not any(trainer.is_running() for trainer in trainers)
    assert process.returncode == 1
    assert "ClusterError: the Dask scheduler is gone" in error.splitlines()[-1]
