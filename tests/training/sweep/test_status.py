"""How far sweeps are, from heartbeats, records and failures in the cache."""

import json
import time

import pytest

import training.single_run.train
from training import run_all
from training.store.failures import RunError, keep_failure
from training.store.run_cache import RunCache
from training.sweep.heartbeats import heartbeat
from training.sweep.status import (
    RUNNING,
    SWEEPS,
    abandoned_heartbeats,
    runs_in_training,
    sweep_heartbeat,
    sweeps,
)


@pytest.fixture
def cache(tmp_path):
    return RunCache(tmp_path)


def running(cache, config):
    return heartbeat(cache.folder / RUNNING, config.to_json())


def begun(path, seconds):
    """Let a heartbeat be so many seconds old."""
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "since": time.time() - seconds}))


def test_sweep_in_all_its_parts(cache, configs, make_record):
    with sweep_heartbeat(cache, "study", configs) as beat, running(cache, configs[1]) as run:
        cache.save(make_record(configs[0], seconds=3, compile_seconds=1))
        keep_failure(cache, configs[2], RunError("a reason", ""))
        begun(beat, 60)
        begun(run, 1)
        (sweep,) = sweeps(cache)
    assert sweep.name == "study"
    assert sweep.keys == {config.key for config in configs}
    assert (sweep.done, len(sweep.running), sweep.failed, sweep.left) == (1, 1, 1, 1)
    assert sweep.running[0].heartbeat.about == configs[1]
    # Two of four equal runs took a minute; one run takes 3 + 1 seconds.
    assert sweep.seconds_to_go == pytest.approx(60, abs=1)
    assert sweep.running[0].seconds_to_go == pytest.approx(3, abs=0.5)
    assert sweeps(cache) == []


def test_time_to_go_counts_sample_gradients(cache, small, make_record):
    short, long = small(epochs=1), small(epochs=3)
    with sweep_heartbeat(cache, "study", [short, long]) as beat:
        begun(beat, 10)
        assert sweeps(cache)[0].seconds_to_go is None
        cache.save(make_record(short))
        assert sweeps(cache)[0].seconds_to_go == pytest.approx(30, abs=1)


def test_time_to_go_of_a_run_is_that_of_its_own_network(cache, small, make_record):
    of_other, done = small(hidden=(100,)), small(epochs=4)
    with (
        sweep_heartbeat(cache, "study", [small(), of_other, done]),
        running(cache, small()),
        running(cache, of_other),
    ):
        cache.save(make_record(done, seconds=40, compile_seconds=0))
        own, other = sweeps(cache)[0].running
    assert own.seconds_to_go == pytest.approx(20, abs=1)
    assert other.seconds_to_go is None


def test_run_that_takes_longer_than_thought(cache, configs, make_record):
    with sweep_heartbeat(cache, "study", configs), running(cache, configs[1]) as run:
        cache.save(make_record(configs[0]))
        begun(run, 1000)
        assert sweeps(cache)[0].running[0].seconds_to_go == 0


def test_damaged_record_tells_no_time(cache, configs, make_record):
    with sweep_heartbeat(cache, "study", configs), running(cache, configs[1]):
        cache.save(make_record(configs[0]))
        cache.paths(configs[0].key)[0].write_text("{")
        (sweep,) = sweeps(cache)
    assert sweep.done == 1
    assert sweep.running[0].seconds_to_go is None


def test_two_sweeps_at_once(cache, configs):
    with (
        sweep_heartbeat(cache, "one", configs[:2]),
        sweep_heartbeat(cache, "other", configs[1:]),
        running(cache, configs[3]),
    ):
        one, other = sweeps(cache)
        assert (one.name, len(one.running), one.left) == ("one", 0, 2)
        assert (other.name, len(other.running), other.left) == ("other", 1, 2)
        assert runs_in_training(cache) == {config.key for config in configs}
    assert runs_in_training(cache) == set()


def test_sweep_of_a_killed_process_is_shown_until_the_next(cache, configs, make_record):
    with sweep_heartbeat(cache, "killed", configs) as path:
        content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "process_started": 1e9}))
    cache.save(make_record(configs[0]))
    (sweep,) = sweeps(cache)
    assert sweep.heartbeat.stale
    assert (sweep.done, sweep.left, sweep.seconds_to_go) == (1, 3, None)
    assert runs_in_training(cache) == set()
    assert abandoned_heartbeats(cache) == [path]
    with sweep_heartbeat(cache, "next", configs):
        assert [sweep.name for sweep in sweeps(cache)] == ["next"]
        assert abandoned_heartbeats(cache) == []


def test_sweep_removes_the_heartbeats_of_its_workers_that_were_killed(cache, configs):
    with sweep_heartbeat(cache, "interrupted", configs):
        with running(cache, configs[0]) as path:
            content = json.loads(path.read_bytes())
        path.write_text(json.dumps({**content, "process_started": 1e9}))
    assert not path.exists()


@pytest.mark.parametrize("content", ["{", "{}", '{"about": {"name": 1, "runs": {}}}'])
def test_damaged_heartbeats_hinder_no_sweep(trained, configs, cache, content):
    for folder in (SWEEPS, RUNNING):
        (cache.folder / folder).mkdir()
        (cache.folder / folder / "damaged.json").write_text(content)
    with pytest.warns(UserWarning, match="is ignored"):
        assert len(run_all(configs, runs_dir=cache.folder)) == 4
    assert [path.name for path in abandoned_heartbeats(cache)] == ["damaged.json"] * 2


def test_heartbeats_that_cannot_be_written_hinder_no_sweep(trained, configs, cache):
    for folder in (SWEEPS, RUNNING):
        (cache.folder / folder).touch()  # so it can be no folder
    with pytest.warns(UserWarning, match="cannot write .*: status lacks it"):
        records = run_all(configs, runs_dir=cache.folder)
    assert [record.config for record in records] == configs


def test_run_all_keeps_a_heartbeat_of_what_it_trains(
    in_process, configs, cache, make_record, monkeypatch
):
    seen = []

    def train(config, data_dir):
        seen.extend(sweeps(cache))
        return make_record(config)

    monkeypatch.setattr(training.single_run.train, "train", train)
    run_all(configs[:1], runs_dir=cache.folder)
    run_all(configs, runs_dir=cache.folder, progress="[1 of 2] study", study="study")
    assert [sweep.name for sweep in seen] == ["runs"] + ["[1 of 2] study"] * 3
    assert [(s.done, len(s.running), s.left) for s in seen[1:]] == [(0, 1, 2), (1, 1, 1), (2, 1, 0)]
    assert [path for kind in (SWEEPS, RUNNING) for path in (cache.folder / kind).iterdir()] == []


def test_no_heartbeat_where_nothing_is_trained(trained, configs, cache, monkeypatch):
    run_all(configs, runs_dir=cache.folder)
    monkeypatch.setattr("training.sweep.runner.sweep_heartbeat", None)
    run_all(configs, runs_dir=cache.folder)
