"""Records without training, small image sets, and the count of faults survived.

The count is here, not beside the tests of faults: of several processes, the one that prints it runs
no test and reads this file alone.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from datasets import content, stand_in
from training import RunConfig, RunRecord
from training.provenance import ROOT

_survived = Counter()


@pytest.fixture(scope="session")
def survived():
    """What to count, in words → how often it was survived; printed when the tests end."""
    return _survived


def pytest_sessionfinish(session):
    """Hand the count of one of several processes to the one that prints it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["survived"] = dict(_survived)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node):
    """Add the count of a process that has ended."""
    _survived.update(getattr(node, "workeroutput", {}).get("survived", {}))


def pytest_terminal_summary(terminalreporter):
    """Print the figures of the fault tests that ran."""
    if _survived:
        terminalreporter.section("faults survived")
        for what, count in sorted(_survived.items()):
            terminalreporter.write_line(f"{count:6,} {what}")


RECORD_FIELDS = {field.name for field in dataclasses.fields(RunRecord)}

PROVENANCE = {
    "versions": {"python": "3", "tensorflow": "2", "keras": "3", "numpy": "2"},
    "processor": "P",
    "commit": "abc",
    "date": "2026-01-02 03:04 UTC",
}


@pytest.fixture(scope="session")
def make_record():
    """A function that gives a record for which nothing was trained.

    Its arguments: the config, or None for one of the losses and the fields given; the loss of each
    iteration; the final loss, or all final metrics by name; the final training accuracy; the
    metrics of each epoch by name; and other fields of the record or, without a config, of the
    config.
    """

    def make(
        config=None,
        losses=(2.0, 1.5, 1.2, 1.1),
        final=1.0,
        accuracy=0.5,
        epochs=None,
        **fields,
    ):
        of_record = {name: fields.pop(name) for name in RECORD_FIELDS & fields.keys()}
        if config is None:
            config = RunConfig(**{"data": "stand-in", "iterations": len(losses), **fields})
        else:
            assert not fields, f"the config is given, and so are its fields {sorted(fields)}"
        if not isinstance(final, dict):
            final = {"loss": final, "accuracy": accuracy, "test_loss": 1.0, "test_accuracy": 0.5}
        epochs = {"loss": [1.0]} if epochs is None else epochs
        data = {"source": config.data, "fingerprint": "f" * 64, "split": "s" * 64}
        made_up = {
            "parameters": 10,
            "iteration_loss": np.float32(losses),
            "epochs": {name: np.float32(values) for name, values in epochs.items()},
            "final": final,
            "seconds": 2.0,
            "compile_seconds": 1.0,
            "provenance": {**PROVENANCE, "data": data},
        }
        return RunRecord(config=config, **{**made_up, **of_record})

    return make


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
def exit_of(capsys):
    """A function of a command line that gives its exit code, standard output and error."""
    from experiments.__main__ import main

    def exit_of(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        captured = capsys.readouterr()
        return stopped.value.code, captured.out, captured.err

    return exit_of


@pytest.fixture
def script_process():
    """A context manager of a script and its arguments: a process, leader of a group of its own."""

    @contextlib.contextmanager
    def started(script, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    return started
