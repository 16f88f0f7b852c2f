"""Sweeps that are killed, and sweeps that share a cache."""

import os
import signal
import time

import numpy as np
import pytest

from training.store.run_cache import RunCache

KILLS = 20


def contents(cache):
    """Config's key → bytes of the two files, of every run that is stored."""
    return {
        path.stem: (path.read_bytes(), path.with_suffix(".npz").read_bytes())
        for path in cache.folder.glob("????????????????.json")
    }


@pytest.mark.slow
def test_a_sweep_killed_twenty_times_loses_nothing(tmp_path, small, sweep, same_results, survived):
    """Each attempt stores up to two runs, and is killed within half a second of the last."""
    configs = [small(epochs=150, dropout=0.2, seed=seed) for seed in range(2 * KILLS + 30)]
    killed, whole = RunCache(tmp_path / "killed"), RunCache(tmp_path / "whole")
    killed.folder.mkdir()
    rng = np.random.default_rng([0])
    for _ in range(KILLS):
        before = contents(killed)
        with sweep(configs, killed.folder) as process:
            wanted = len(before) + rng.integers(3)
            while len(contents(killed)) < wanted:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.5))
            assert process.poll() is None, "the sweep ended before it was killed"
            if rng.integers(2):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()  # the workers have to notice
                time.sleep(1.5)
        after = contents(killed)
        assert before.items() <= after.items()
        assert sum(killed.load(config) is not None for config in configs) == len(after)
        survived["kills of a sweep at random moments"] += 1
    with sweep(configs, killed.folder) as process:
        assert (process.wait(), process.stderr.read()) == (0, "")
    with sweep(configs, whole.folder) as process:
        assert (process.wait(), process.stderr.read()) == (0, "")
    for config in configs:
        assert same_results(killed.load(config), whole.load(config))


@pytest.mark.slow
def test_two_sweeps_at_once_on_one_cache(tmp_path, small, sweep, same_results, survived):
    configs = [small(epochs=40, seed=seed) for seed in range(8)]
    shared, alone = RunCache(tmp_path / "shared"), RunCache(tmp_path / "alone")
    with sweep(configs, shared.folder) as one, sweep(configs[::-1], shared.folder) as other:
        for process in (one, other):
            assert (process.wait(), process.stderr.read()) == (0, "")
    with sweep(configs, alone.folder) as process:
        assert process.wait() == 0
    for config in configs:
        assert same_results(shared.load(config), alone.load(config))
    survived["sweeps beside another on one cache"] += 2
