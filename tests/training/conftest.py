"""Small image sets in place of the drawn ones, and records that nothing was trained for."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest

from datasets import content, stand_in
from training import RunConfig, RunRecord


@pytest.fixture(scope="session")
def small_sets(tmp_path_factory):
    """A cache folder in which each stand-in has 120 training and 50 test images."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESCENT_CACHE_DIR", str(folder))
        for seed, name in enumerate(("fashion_mnist", "mnist")):
            key = f"{name}-stand-in-{stand_in.source_hash()[:16]}"
            content.cached(key, lambda seed=seed: _arrays(seed))
    return folder


def _arrays(seed):
    rng = np.random.default_rng([seed])

    def images(n):
        return rng.integers(256, size=(n, 28, 28), dtype=np.uint8)

    def labels(n):
        return np.arange(n, dtype=np.uint8) % 10

    return content.Arrays(images(120), labels(120), images(50), labels(50))


@pytest.fixture
def make_record():
    """A function of a config (or its fields) and of a record's fields that differ."""

    def make(config=None, **changes):
        config = config or RunConfig(train_size=5, batch_size=2, epochs=2)
        fields = {
            "status": "finished",
            "parameters": 7850,
            "iteration_loss": np.float32([2.3, 2.2, 2.1, 2.0, 1.9, 1.8]),
            "epochs": {"loss": np.float32([2.2, 1.9]), "accuracy": np.float32([0.1, 0.2])},
            "final": {"loss": 1.75, "accuracy": 0.25, "test_loss": 1.8, "test_accuracy": 0.2},
            "seconds": 3.0,
            "compile_seconds": 0.5,
            "provenance": {"versions": {"keras": "3"}, "data": {"source": "stand-in"}},
        }
        return RunRecord(config=config, **{**fields, **changes})

    return make


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
