"""Sweeps of small runs, in this process or in one of their own."""

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest

import training.single_run.train
from training import RunConfig
from training.sweep import worker_pool


@pytest.fixture
def assert_same():
    """A function that compares two records, bits of the curves included."""

    def compare(one, other, timed=True):
        times = () if timed else ("seconds", "compile_seconds", "provenance")
        facts = [{k: v for k, v in r.facts().items() if k not in times} for r in (one, other)]
        np.testing.assert_equal(*facts)
        assert list(one.curves()) == list(other.curves())
        for name, curve in one.curves().items():
            assert curve.dtype == other.curves()[name].dtype == np.float32
            assert curve.tobytes() == other.curves()[name].tobytes(), name

    return compare


# --- for tests of the runner ----------------------------------------------------------------


@pytest.fixture
def own_folders(small_sets, monkeypatch):
    """Small image sets, and none of the folders that the environment names."""
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))
    monkeypatch.delenv("DESCENT_DATA_DIR", raising=False)
    monkeypatch.delenv("DESCENT_RUNS_DIR", raising=False)
    training.single_run.train._images.cache_clear()
    yield
    training.single_run.train._images.cache_clear()


@pytest.fixture
def small():
    """A function of fields that gives a config which trains in no time."""

    def make(**fields):
        few = {"train_size": 40, "hidden": (4,), "batch_size": 16, "epochs": 2}
        return RunConfig(**{"data": "stand-in", **few, **fields})

    return make


@pytest.fixture
def configs(small):
    """Four configs that differ in their seeds, 0 to 3."""
    return [small(seed=seed) for seed in range(4)]


@pytest.fixture
def long_configs(small):
    """Six configs that train for a second or two each."""
    long = small(train_size=100, batch_size=5, hidden=(100,), epochs=500)
    return [long.replace(seed=seed) for seed in range(6)]


@pytest.fixture
def in_process(own_folders, monkeypatch):
    """Train in this process, one run after another, where a test can replace what is called."""

    def train(config, cache, data_dir, cancelled, pool=None):
        reply = worker_pool._reply(config, cache, data_dir)
        if isinstance(reply, Exception):
            raise reply
        return reply

    monkeypatch.setattr(worker_pool, "train_in_process", train)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.fixture
def trained(in_process, make_record, monkeypatch):
    """The configs for which training was called; it gives made-up records."""
    called = []

    def train(config, data_dir):
        called.append(config)
        return make_record(config, parameters=config.seed)

    monkeypatch.setattr(training.single_run.train, "train", train)
    return called


SCRIPT = """
import contextlib, json, signal, sys
from training import FailedRunsError, RunConfig, RunsInterrupted, run_all
from training.sweep.cluster import connected

handler = signal.default_int_handler
signal.signal(signal.SIGINT, handler)  # which is ignored where the tests run in the background
print("ready", flush=True)
for sweep in json.loads(sys.argv[1]):
    configs = [RunConfig.from_json(fields) for fields in sweep.pop("configs")]
    address = sweep.pop("address", None)
    with connected(address) if address else contextlib.nullcontext() as cluster:
        try:
            run_all(configs, cluster=cluster, **sweep)
        except RunsInterrupted as interrupted:
            print("interrupted", interrupted.stored, interrupted.total)
        except FailedRunsError as error:
            print("failed", error)
assert signal.getsignal(signal.SIGINT) is handler
assert "tensorflow" not in sys.modules
"""


@pytest.fixture
def sweep(own_folders, script_process):
    """A context manager of configs and options: a process that runs them once for each options."""

    def start(configs, *options):
        sweeps = [{"configs": [config.to_json() for config in configs], **o} for o in options]
        return script_process(SCRIPT, json.dumps(sweeps))

    return start


@pytest.fixture
def wait_for_records():
    """A function that waits until a process has so many records in a folder."""

    def wait(folder, count, process):
        while len(list(folder.glob("*.json"))) < count:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)

    return wait
