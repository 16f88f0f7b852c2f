"""Sweeps in processes of their own, and small images."""

import json

import numpy as np
import pytest

from datasets import content, stand_in
from training import RunConfig


@pytest.fixture(scope="session")
def small_images(tmp_path_factory):
    """A cache folder in which the stand-in for MNIST has 120 training and 50 test images."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng([0])

    def images(n):
        return rng.integers(256, size=(n, 28, 28), dtype=np.uint8), np.arange(
            n, dtype=np.uint8
        ) % 10

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESCENT_CACHE_DIR", str(folder))
        key = f"mnist-stand-in-{stand_in.source_hash()[:16]}"
        content.cached(key, lambda: content.Arrays(*images(120), *images(50)))
    return folder


@pytest.fixture
def small():
    """A function of fields: a `RunConfig` on those images."""

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
def sweep(small_images, script_process, monkeypatch):
    """A context manager of configs and a cache: a process that trains them into it."""
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_images))

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
