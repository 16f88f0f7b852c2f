"""What is going on in a cache: the sweeps that train runs into it, and how far each one is."""

import contextlib
import dataclasses
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from training.config import RunConfig
from training.store.failures import kept_failures
from training.store.run_cache import RunCache
from training.sweep.heartbeats import Heartbeat, heartbeat, read_heartbeats, remove_stale

SWEEPS, RUNNING = "sweeps", "running"
"""Folders of the cache with a heartbeat for each sweep and for each run that is being trained."""


@contextlib.contextmanager
def sweep_heartbeat(
    cache: RunCache, name: str | None, configs: Iterable[RunConfig]
) -> Iterator[Path]:
    """Keep a heartbeat of a sweep in the cache while the block runs.

    Args:
        cache: `RunCache`. Where the runs are stored.
        name: str. Name of the sweep, or None.
        configs: iterable of `RunConfig`. The runs to be trained.

    Yields:
        `Path` of the heartbeat.
    """
    _remove_stale(cache)
    runs = {config.key: config.total_sample_gradients for config in configs}
    try:
        with heartbeat(cache.folder / SWEEPS, {"name": name or "runs", "runs": runs}) as path:
            yield path
    finally:
        _remove_stale(cache)  # of its own worker processes, if they were killed


@dataclasses.dataclass(frozen=True)
class Running:
    """A run that is being trained.

    Attributes:
        heartbeat: `Heartbeat` of the process that trains it; its `about` is the `RunConfig`.
        seconds_to_go: float. Estimated from finished runs of the same network; None without any.
    """

    heartbeat: Heartbeat
    seconds_to_go: float | None


@dataclasses.dataclass(frozen=True)
class Sweep:
    """How far a sweep is.

    Attributes:
        heartbeat: `Heartbeat` of the process that called `run_all`; stale if it is gone.
        name: str. Name of the sweep.
        keys: set of str. Keys of the runs that were to be trained.
        done: int. How many of them are stored.
        running: list of `Running`.
        failed: int. How many of them failed.
        seconds_to_go: float. Estimated from the sample gradients of the finished runs; None before
            the first one has finished, and if the process is gone.
    """

    heartbeat: Heartbeat
    name: str
    keys: set[str]
    done: int
    running: list[Running]
    failed: int
    seconds_to_go: float | None

    @property
    def left(self) -> int:
        """How many runs have not started."""
        return len(self.keys) - self.done - len(self.running) - self.failed


def sweeps(cache: RunCache) -> list[Sweep]:
    """Return every `Sweep` that has a heartbeat in the cache, stale ones included.

    Args:
        cache: `RunCache`. Where the runs are stored.
    """
    running = _living(cache, RUNNING)
    failures = kept_failures(cache)
    return [
        _sweep(cache, beat, running, failures)
        for beat in read_heartbeats(cache.folder / SWEEPS, _sweep_of)
    ]


def runs_in_training(cache: RunCache) -> set[str]:
    """Return the keys of the runs of all sweeps that are going on, whether started or not.

    Args:
        cache: `RunCache`. Where the runs are stored.
    """
    keys = {beat.about.key for beat in _living(cache, RUNNING)}
    for beat in _living(cache, SWEEPS):
        _, work = beat.about
        keys.update(work)
    return keys


def abandoned_heartbeats(cache: RunCache) -> list[Path]:
    """Return the paths of heartbeats that are damaged or whose process is gone.

    Args:
        cache: `RunCache`. Where the runs are stored.
    """
    living: set[Path] = set()
    paths: set[Path] = set()
    for folder in _READERS:
        paths.update((cache.folder / folder).glob("*.json"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged heartbeats
            living.update(beat.path for beat in _living(cache, folder))
    return sorted(paths - living)


def _sweep_of(about: Any) -> tuple[str, dict[str, int]]:
    """The name of a sweep, and key → sample gradients of its runs."""
    return about["name"] + "", {str(key): int(work) for key, work in about["runs"].items()}


_READERS: dict[str, Callable[[Any], Any]] = {SWEEPS: _sweep_of, RUNNING: RunConfig.from_json}


def _living(cache: RunCache, folder: str) -> list[Heartbeat]:
    beats = read_heartbeats(cache.folder / folder, _READERS[folder])
    return [beat for beat in beats if not beat.stale]


def _remove_stale(cache: RunCache) -> None:
    for folder, read in _READERS.items():
        remove_stale(cache.folder / folder, read)


def _sweep(
    cache: RunCache, beat: Heartbeat, running: list[Heartbeat], failures: dict[str, str]
) -> Sweep:
    name, work = beat.about
    done = cache.stored_keys().intersection(work)
    running = [run for run in running if run.about.key in work and run.about.key not in done]
    begun = done | {run.about.key for run in running}
    failed = [key for key in work if key in failures and key not in begun]
    speeds = _speeds(cache, done) if running else {}
    return Sweep(
        heartbeat=beat,
        name=name,
        keys=set(work),
        done=len(done),
        running=[_running(run, speeds) for run in running],
        failed=len(failed),
        seconds_to_go=_seconds_to_go(beat, work, done.union(failed)),
    )


def _seconds_to_go(beat: Heartbeat, work: dict[str, int], ended: set[str]) -> float | None:
    work_done = sum(work[key] for key in ended)
    if beat.stale or not work_done:
        return None
    return (time.time() - beat.since) * (sum(work.values()) / work_done - 1)


def _running(beat: Heartbeat, speeds: dict[tuple, float]) -> Running:
    speed = speeds.get(_network(beat.about))
    if speed is None:
        return Running(beat, None)
    seconds = beat.about.total_sample_gradients / speed - (time.time() - beat.since)
    return Running(beat, max(seconds, 0))


def _speeds(cache: RunCache, keys: Iterable[str]) -> dict[tuple, float]:
    """Network → sample gradients per second, of stored runs."""
    gradients: dict[tuple, int] = {}
    seconds: dict[tuple, float] = {}
    for key in keys:
        try:
            facts = cache.facts(key)
            config = RunConfig.from_json(facts["config"])
            spent = facts["seconds"] + facts["compile_seconds"]
        except Exception:  # damage, which whoever loads the record will report
            continue
        network = _network(config)
        gradients[network] = gradients.get(network, 0) + config.total_sample_gradients
        seconds[network] = seconds.get(network, 0) + spent
    return {network: gradients[network] / seconds[network] for network in gradients}


def _network(config: RunConfig) -> tuple:
    """What decides the time of a sample gradient, apart from the batch size."""
    runs_on = config.dataset, config.engine, config.backend, config.model
    return (*runs_on, tuple(config.options.items()))
