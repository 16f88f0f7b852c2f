"""What is removed from a cache, and what stays."""

import os
import time

import pytest

from training.store.failures import RunError, keep_failure
from training.store.run_cache import RunCache
from training.sweep.heartbeats import heartbeat
from training.sweep.removal import HOUR, leftovers, removable_runs, remove
from training.sweep.status import RUNNING, SWEEPS, sweep_heartbeat

DAY = 24 * HOUR


@pytest.fixture
def cache(tmp_path, configs, make_record):
    """Runs 0 and 1 of study "one", 1 and 2 of "two", and 3 of none."""
    cache = RunCache(tmp_path)
    for config in configs:
        cache.save(make_record(config))
    cache.ask("one", configs[:2])
    cache.ask("two", configs[1:3])
    return cache


def age(seconds, *paths):
    for path in paths:
        os.utime(path, (time.time() - seconds,) * 2)


def keys(configs):
    return {config.key for config in configs}


def test_runs_of_a_study_but_not_those_of_another(cache, configs):
    runs = removable_runs(cache, ["one"])
    assert runs.files == {configs[0].key: cache.paths(configs[0].key)}
    assert runs.shared == {"two": keys(configs[1:2])}
    remove(cache, runs, [])
    assert cache.stored_keys() == keys(configs[1:])
    assert not any(path.exists() for path in cache.paths(configs[0].key))


def test_runs_of_both_studies(cache, configs):
    runs = removable_runs(cache, ["one", "two"])
    assert runs.files.keys() == keys(configs[:3])
    assert runs.shared == {}


def test_study_that_is_forgotten_holds_no_run_back(cache, configs):
    cache.forget(["two"])
    assert removable_runs(cache, ["one"]).files.keys() == keys(configs[:2])


def test_study_that_never_ran(cache):
    assert removable_runs(cache, ["three"]).files == {}


def test_neither_study_nor_age(cache):
    assert removable_runs(cache).files == {}


def test_runs_of_an_age(cache, configs):
    age(2 * DAY, *cache.paths(configs[1].key), *cache.paths(configs[3].key))
    assert removable_runs(cache, older_than=DAY).files.keys() == keys([configs[1], configs[3]])
    assert removable_runs(cache, older_than=3 * DAY).files == {}
    assert removable_runs(cache, ["two"], DAY).shared == {"one": keys(configs[1:2])}
    assert removable_runs(cache, ["one", "two"], DAY).files.keys() == keys(configs[1:2])


def test_what_tells_of_a_failure_goes_with_its_run(cache, configs):
    failed = configs[0].replace(seed=9)
    keep_failure(cache, failed, RunError("a reason", ""))
    cache.ask("one", [failed])
    runs = removable_runs(cache, ["one"])
    assert runs.files[failed.key] == [cache.folder / "failed" / f"{failed.key}.txt"]
    remove(cache, runs, [])
    assert list((cache.folder / "failed").iterdir()) == []


def test_runs_in_training_stay(cache, configs):
    with (
        sweep_heartbeat(cache, "one", configs[:1]),
        heartbeat(cache.folder / RUNNING, configs[3].to_json()),
    ):
        runs = removable_runs(cache, ["one"])
        assert runs.files == {}
        assert runs.in_training == keys(configs[:1])
        assert removable_runs(cache, older_than=0).files.keys() == keys(configs[1:3])


def test_runs_that_come_into_training_meanwhile_stay(cache, configs):
    runs = removable_runs(cache, older_than=0)
    with sweep_heartbeat(cache, "one", configs[:2]):
        remove(cache, runs, [])
    assert cache.stored_keys() == keys(configs[:2])


def test_leftovers(cache, configs):
    folder = cache.folder
    cache.paths(configs[2].key)[1].write_bytes(b"damage")
    damaged = cache.set_aside(configs[2])
    half = cache.paths(configs[3].key)
    half[0].unlink()
    temporary = folder / f".{configs[0].key}.npz.4711"
    temporary.touch()
    in_folder = folder / "failed" / f".{configs[0].key}.txt.4711"
    in_folder.parent.mkdir()
    in_folder.touch()
    assert sorted(leftovers(cache)) == sorted(damaged.iterdir())  # the others may be of now
    age(2 * HOUR, half[1], temporary, in_folder, *cache.paths(configs[0].key))
    left = leftovers(cache)
    assert sorted(left) == sorted([*damaged.iterdir(), half[1], temporary, in_folder])
    remove(cache, removable_runs(cache), left)
    assert leftovers(cache) == []
    assert cache.stored_keys() == keys(configs[:2])


def test_heartbeats_that_are_left_behind(cache, configs):
    path = cache.folder / SWEEPS / "damaged.json"
    with sweep_heartbeat(cache, "one", configs[:1]):
        path.write_text("{")
        assert leftovers(cache) == [path]
        path.unlink()


def test_empty_cache(tmp_path):
    cache = RunCache(tmp_path / "none")
    assert removable_runs(cache, ["one"], 3).files == {}
    assert leftovers(cache) == []


def test_files_of_others_are_left_alone(cache):
    foreign = [cache.folder / name for name in ("notes.json", "data.npz", ".notes.txt.1", "x.npz")]
    for path in foreign:
        path.write_bytes(b"{}")
    age(40 * DAY, *cache.folder.glob("*"), *foreign)
    runs, left = removable_runs(cache, older_than=30 * DAY), leftovers(cache)
    assert len(runs.files) == len(cache.stored_keys()) > 0
    remove(cache, runs, left)
    assert all(path.exists() for path in foreign)
    assert cache.stored_keys() == set()
