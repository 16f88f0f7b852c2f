"""Sweeps in processes of their own, and small images."""

import json

import pytest

from training import RunConfig


@pytest.fixture
def small():
    """A function of fields: a `RunConfig` on small images."""

    def config(**fields):
        sizes = {"train_size": 100, "batch_size": 10, "epochs": 2, "hidden": (8,)}
        return RunConfig(**{"dataset": "mnist", "data": "stand-in", **sizes, **fields})

    return config


SWEEP = """
import json, sys
from training import RunConfig, run_all
from experiments.commands.program import EXPECTED

configs = [RunConfig.from_json(fields) for fields in json.loads(sys.argv[1])]
try:
    run_all(configs, jobs=2, runs_dir=sys.argv[2])
except EXPECTED as error:
    sys.exit(f"error: {error}")
"""


@pytest.fixture
def sweep(small_sets, script_process, monkeypatch):
    """A context manager of configs and a cache: a process that trains them into it."""
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))

    def start(configs, folder):
        fields = json.dumps([config.to_json() for config in configs])
        return script_process(SWEEP, fields, str(folder))

    return start


@pytest.fixture
def same_results():
    """A function of two records: whether all but the times is equal, to the bit."""

    def equal(one, other):
        times = ("seconds", "compile_seconds", "provenance")
        facts = [{k: v for k, v in r.facts().items() if k not in times} for r in (one, other)]
        arrays = [{k: v.tobytes() for k, v in r.arrays().items()} for r in (one, other)]
        return facts[0] == facts[1] and arrays[0] == arrays[1]

    return equal
