"""`status`: what it prints of a cache."""

import json
import sys
from contextlib import ExitStack

import pytest

from experiments.commands.status import in_bytes
from training import RunConfig
from training.store.failures import RunError, keep_failure
from training.store.run_cache import RunCache
from training.sweep.heartbeats import heartbeat
from training.sweep.status import RUNNING, sweep_heartbeat

CONFIGS = [RunConfig(data="stand-in", epochs=2, seed=seed) for seed in range(4)]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "runs"))
    return RunCache(tmp_path / "runs")


@pytest.fixture
def printed(exit_of):
    """A function that gives what a call of the command prints."""

    def call(*arguments):
        code, *printed = exit_of("status", *arguments)
        assert code == 0
        return printed

    return call


def in_training(cache, stack):
    """One run stored, one running, one failed, one left."""
    cache.ask("momentum", CONFIGS)
    stack.enter_context(sweep_heartbeat(cache, "[3 of 25] momentum", CONFIGS))
    stack.enter_context(heartbeat(cache.folder / RUNNING, CONFIGS[1].to_json()))
    keep_failure(cache, CONFIGS[2], RunError("out of memory (SIGKILL); fewer --jobs", ""))


def test_empty_cache(cache, printed):
    out, err = printed()
    assert f"{cache.folder} holds 0 runs, 0 kB" in out
    assert "Nothing is being trained" in out
    assert err == ""


def test_runs_option(cache, printed, made_up_record, tmp_path):
    RunCache(tmp_path / "other").save(made_up_record(CONFIGS[0]))
    assert "holds 0 runs" in printed()[0]
    assert "other holds 1 run," in printed("--runs", str(tmp_path / "other"))[0]


def test_sweep_in_training(cache, printed, made_up_record):
    cache.save(made_up_record(CONFIGS[0]))
    with ExitStack() as stack:
        in_training(cache, stack)
        out, err = printed()
    assert err == ""
    assert "[3 of 25] momentum: 1 of 4 runs done, 1 running, 1 failed, 1 left" in out
    assert "running dense sgd rate 0.01 batch 150 seed 1, for 0 s" in out
    assert "to go (process " in out
    assert f"{CONFIGS[2].key}.txt dense sgd rate 0.01 batch 150 seed 2: out of memory" in out
    assert str(cache.folder / "failed") in out
    assert "Nothing is being trained" not in out


def test_sweep_that_was_killed(cache, printed):
    with sweep_heartbeat(cache, "momentum", CONFIGS) as path:
        content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "process_started": 1e9}))
    out, _ = printed()
    assert "momentum: 0 of 4 runs done, 4 left" in out
    assert "is gone; run the same command to continue" in out
    assert "Nothing is being trained" in out
    assert path.exists()


def test_damaged_heartbeat(cache, printed):
    (cache.folder / "sweeps").mkdir(parents=True)
    (cache.folder / "sweeps" / "beat.json").write_text("{")
    out, err = printed()
    assert err.startswith("warning: ")
    assert "beat.json is damaged" in err
    assert len(err.splitlines()) == 1
    assert "Nothing is being trained" in out


@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_fit_the_terminal(cache, printed, monkeypatch, width):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    with ExitStack() as stack:
        in_training(cache, stack)
        out, _ = printed()
    assert max(map(len, out.splitlines())) <= width
    assert "2 left" in " ".join(out.split())


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 kB"), (4321, "4 kB"), (1_234_567_890, "1,235 MB")]
)
def test_in_bytes(size, text):
    assert in_bytes(size) == text
