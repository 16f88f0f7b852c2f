"""`clean`: what it asks and removes."""

import datetime
import os
import sys
import time

import pytest
import typer

from experiments.__main__ import main
from experiments.commands.clean import removal
from training import RunConfig
from training.store.run_cache import RunCache
from training.sweep.removal import RemovableRuns
from training.sweep.status import sweep_heartbeat

CONFIGS = [RunConfig(data="stand-in", epochs=2, seed=seed) for seed in range(3)]


@pytest.fixture
def cache(tmp_path, monkeypatch, made_up_record):
    """Run 0 is momentum_nesterov's, run 1 also mnist_mlp's, run 2 nobody's and a year old."""
    monkeypatch.setenv("DESCENT_RUNS_DIR", str(tmp_path / "runs"))
    cache = RunCache(tmp_path / "runs")
    for config in CONFIGS:
        cache.save(made_up_record(config))
    cache.ask("momentum_nesterov", CONFIGS[:2])
    cache.ask("mnist_mlp", CONFIGS[1:2])
    for path in cache.paths(CONFIGS[2].key):
        os.utime(path, (time.time() - 365 * 86_400,) * 2)
    return cache


@pytest.fixture
def stored(cache):
    """A function that gives which of the runs are stored."""
    return lambda: [config in cache for config in CONFIGS]


@pytest.fixture
def printed(exit_of):
    """A function that gives what a call of the command prints."""

    def call(*arguments):
        code, out, err = exit_of("clean", *arguments)
        assert (code, err) == (0, "")
        return out

    return call


def test_study(cache, stored, printed):
    out = printed("momentum_nesterov", "--yes")
    assert f"Can be removed from {cache.folder}:\n  1 run, " in out
    assert "not 1 run that mnist_mlp needs too" in out
    assert out.endswith("Removed\n")
    assert stored() == [False, True, True]
    assert "1 run, " in printed("mnist_mlp", "--yes")
    assert stored() == [False, False, True]


def test_age(stored, printed):
    assert "1 run, " in printed("--older-than", "52w", "--yes")
    assert stored() == [True, True, False]
    assert "nothing" in printed("--older-than", "30d", "--yes")
    assert "2 runs, " in printed("--older-than", "0h", "--yes")
    assert stored() == [False] * 3


def test_study_and_age(cache, stored, printed):
    assert "nothing" in printed("momentum_nesterov", "mnist_mlp", "--older-than", "1d", "--yes")
    assert stored() == [True] * 3
    assert cache.asked().keys() == {"momentum_nesterov", "mnist_mlp"}


def test_without_a_terminal_it_only_shows(stored, printed):
    out = printed("momentum_nesterov")
    assert "1 run, " in out
    assert "Nothing was removed; give --yes" in out
    assert stored() == [True] * 3


@pytest.mark.parametrize("agreed", [True, False])
def test_in_a_terminal_it_asks(stored, printed, monkeypatch, agreed):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda question: agreed)
    assert ("Removed" in printed("momentum_nesterov")) == agreed
    assert stored() == [not agreed, True, True]


def test_answer_that_never_comes(stored, monkeypatch, capsys):
    """Ctrl-C or the end of input, where it asks."""

    def interrupted(question):
        raise typer.Abort

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", interrupted)
    with pytest.raises(SystemExit) as stopped:
        main(["clean", "momentum_nesterov"])
    assert stopped.value.code == 130
    assert stored() == [True] * 3


def test_damaged_records_and_nothing_else(cache, stored, printed):
    cache.paths(CONFIGS[0].key)[0].write_text("{")
    cache.set_aside(CONFIGS[0])
    assert "2 files damaged or left by killed processes" in printed("--yes")
    assert stored() == [False, True, True]
    assert list((cache.folder / "damaged").iterdir()) == []
    assert printed("--yes") == f"Can be removed from {cache.folder}:\n  nothing\n"


def test_runs_in_training_stay(cache, stored, printed):
    with sweep_heartbeat(cache, "momentum_nesterov", CONFIGS[:1]):
        out = printed("momentum_nesterov", "--yes")
    assert "but not 1 run of a sweep that is still running" in out
    assert stored() == [True] * 3


def test_study_that_is_no_more(cache, stored, printed):
    cache.ask("search dense", CONFIGS[2:])
    assert "1 run, " in printed("search dense", "--yes")
    assert stored() == [True, True, False]


def test_removal(tmp_path):
    paths = [tmp_path / name for name in ("one", "two", "left")]
    for day, path in enumerate(paths):
        path.write_bytes(b"x" * 3000)
        os.utime(path, (datetime.datetime(2026, 1, 1 + day, 12).timestamp(),) * 2)
    runs = RemovableRuns({"1": paths[:1], "2": paths[1:2]}, {"3"}, {"other": {"4", "5"}})
    assert removal(runs, paths[2:]) == [
        "2 runs, 6 kB, stored 2026-01-01 12:00 to 2026-01-02 12:00",
        "but not 2 runs that other needs too",
        "but not 1 run of a sweep that is still running",
        "1 file damaged or left by killed processes, 3 kB, stored 2026-01-03 12:00",
    ]
    assert removal(RemovableRuns({}, set(), {}), []) == ["nothing"]
