"""Searches whose runs are made up."""

import json
import math

import numpy as np
import pytest

from training import FailedRunsError, RunConfig
from training.search import search
from training.search.search import Search
from training.store.failures import RunError, forget_failure, keep_failure
from training.store.run_cache import RunCache


def networks(hp):
    rate = hp.Float("rate", 1e-4, 1, sampling="log")
    return {"learning_rate": float(f"{rate:.3g}"), "hidden": (hp.Choice("units", [8, 16, 32]),)}


class Runs:
    """What `run_all` does, but that a run's accuracy is made up: highest at the rate 0.03.

    Attributes:
        trained: configs of the runs trained, in order.
        fail: exception to raise at the next run but so many.
    """

    def __init__(self, folder, make_record):
        self.cache = RunCache(folder)
        self.make_record = make_record
        self.trained = []
        self.fail = None

    def __call__(self, configs, runs_dir, study):
        assert study.startswith("search_space_fashion_mnist_")
        return [self.cache.load(config) or self.train(config) for config in configs]

    def train(self, config):
        if self.fail and self.fail[0] == 0:
            raise self.fail[1]
        if self.fail:
            self.fail = (self.fail[0] - 1, self.fail[1])
        self.trained.append(config)
        distance = abs(np.log10(config.learning_rate / 0.03)) + 0.01 * config.seed
        failed = config.learning_rate > 0.5
        kept = {"weights/00": np.ones(3, np.float32)} if config.keep else {}
        accuracy = 0.9 - distance / 5 + config.epochs / 1000
        final = math.nan if failed else 1.0
        record = self.make_record(
            config, [2, final], final, epochs={"val_accuracy": [accuracy]}, kept=kept
        )
        self.cache.save(record)
        return self.cache.load(config)

    @property
    def with_weights(self):
        """Keys of the records in the cache that hold weights."""
        stored = [json.loads(path.read_bytes()) for path in self.cache.folder.glob("*.json")]
        return {one["config"]["learning_rate"] for one in stored if one["config"]["keep"]}


@pytest.fixture
def runs(tmp_path, make_record, monkeypatch):
    runs = Runs(tmp_path / "runs", make_record)
    monkeypatch.setattr(search, "run_all", runs)
    monkeypatch.setattr(search, "in_own_process", lambda function, record, path: path.touch())
    return runs


@pytest.fixture
def make(runs):
    """A function of what differs that gives a `Search`."""

    def make(fields=networks, **changes):
        config = RunConfig(data="stand-in", train_size=20, validation_size=10, epochs=4)
        options = {"trials": 6, "seeds": 2, "say": lambda line: None, "config": config}
        return Search(
            "space",
            search.space_of(fields),
            fields,
            runs_dir=runs.cache.folder,
            **{**options, **changes},
        )

    return make


def failed(runs, config):
    """What `run_all` raises when a run fails, after it has kept why."""
    error = RunError("out of memory", "Traceback")
    return FailedRunsError([keep_failure(runs.cache, config, error)], 2)


@pytest.fixture
def failing(runs, monkeypatch):
    """The learning rates at which runs fail, their second seed alone."""
    rates, train = set(), runs.train

    def fail(config):
        if config.learning_rate in rates and config.seed == 1:
            raise failed(runs, config)
        forget_failure(runs.cache, config)
        return train(config)

    monkeypatch.setattr(runs, "train", fail)
    return rates
