"""What goes on in a cache: the sweeps that train runs into it, and how far each one is."""

import contextlib
import dataclasses
import functools
import time
import warnings

from training.config import RunConfig
from training.store.failures import kept_failures
from training.sweep.heartbeats import Note, noted, notes, remove_stale

SWEEPS, RUNNING = "sweeps", "running"
"""Folders of the cache, with a note for each sweep and for each run that is being trained."""


@contextlib.contextmanager
def swept(cache, name, configs):
    """Note that configs are to be trained, while the block runs; yields the note's path."""
    _remove_stale_notes(cache)
    runs = {config.key: config.total_sample_gradients for config in configs}
    try:
        with noted(cache.folder / SWEEPS, {"name": name or "runs", "runs": runs}) as path:
            yield path
    finally:
        _remove_stale_notes(cache)  # of its own processes, where they were killed


@dataclasses.dataclass(frozen=True)
class Running:
    """A run that is being trained.

    Attributes:
        note: of the process that trains it; its `about` is the config.
        seconds_to_go: by finished runs of the same network; None where there are none.
    """

    note: Note
    seconds_to_go: float | None


@dataclasses.dataclass(frozen=True)
class Sweep:
    """How far a sweep is.

    Attributes:
        note: of the process that called `run_all`, stale when it is gone.
        name: of the sweep.
        keys: of the runs that were to be trained, a set.
        done: how many of them are stored.
        running: list of `Running`.
        failed: how many of them failed.
        seconds_to_go: by the sample gradients of what is done; None before the first run is, and
            where the process is gone.
    """

    note: Note
    name: str
    keys: set
    done: int
    running: list
    failed: int
    seconds_to_go: float | None

    @property
    def left(self):
        """How many runs have not been begun."""
        return len(self.keys) - self.done - len(self.running) - self.failed


def sweeps(cache):
    """Every `Sweep` that has a note in the cache, those of killed processes among them."""
    running = [
        note for note in notes(cache.folder / RUNNING, RunConfig.from_json) if not note.stale
    ]
    failures = kept_failures(cache)
    return [_sweep(cache, note, running, failures) for note in notes(cache.folder / SWEEPS, _asked)]


def runs_in_training(cache):
    """Keys of the runs of every sweep that is going on: those trained, and those to be."""
    running, going_on = (
        [note for note in notes(cache.folder / folder, read) if not note.stale]
        for folder, read in ((RUNNING, RunConfig.from_json), (SWEEPS, _asked))
    )
    return {note.about.key for note in running}.union(*(note.about[1] for note in going_on))


def abandoned_notes(cache):
    """Paths of notes that are damaged, or whose process is gone."""
    kept, paths = set(), set()
    for folder, read in _READERS.items():
        paths.update((cache.folder / folder).glob("*.json"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the damaged ones
            kept.update(n.path for n in notes(cache.folder / folder, read) if not n.stale)
    return sorted(paths - kept)


def _asked(about):
    """The name of a sweep, and key → sample gradients of its runs."""
    return about["name"] + "", {str(key): int(work) for key, work in about["runs"].items()}


_READERS = {SWEEPS: _asked, RUNNING: RunConfig.from_json}


def _remove_stale_notes(cache):
    for folder, read in _READERS.items():
        remove_stale(cache.folder / folder, read)


def _sweep(cache, note, running, failures):
    name, work = note.about
    done = cache.stored_keys().intersection(work)
    running = [run for run in running if run.about.key in work and run.about.key not in done]
    begun = done | {run.about.key for run in running}
    failed = [key for key in work if key in failures and key not in begun]
    speeds = _speeds(cache, done) if running else {}
    return Sweep(
        note=note,
        name=name,
        keys=set(work),
        done=len(done),
        running=[_running(run, speeds) for run in running],
        failed=len(failed),
        seconds_to_go=_seconds_to_go(note, work, done.union(failed)),
    )


def _seconds_to_go(note, work, through):
    through = sum(work[key] for key in through)
    if note.stale or not through:
        return None
    return (time.time() - note.since) * (sum(work.values()) / through - 1)


def _running(note, speeds):
    speed = speeds.get(_network(note.about))
    if speed is None:
        return Running(note, None)
    seconds = note.about.total_sample_gradients / speed - (time.time() - note.since)
    return Running(note, max(seconds, 0))


def _speeds(cache, keys):
    """Network → sample gradients in a second, of stored runs."""
    work = {}
    for config, seconds in filter(None, map(functools.partial(_timed, cache), keys)):
        gradients, before = work.get(_network(config), (0, 0))
        work[_network(config)] = gradients + config.total_sample_gradients, before + seconds
    return {network: gradients / seconds for network, (gradients, seconds) in work.items()}


def _timed(cache, key):
    """The config of a stored run and its seconds; None where it is damaged."""
    try:
        facts = cache.facts(key)
        return RunConfig.from_json(facts["config"]), facts["seconds"] + facts["compile_seconds"]
    except Exception:  # whoever wants the record will name the damage
        return None


def _network(config):
    """What decides the time of a sample gradient, but for the batch size."""
    runs_on = config.dataset, config.engine, config.backend, config.model
    return (*runs_on, tuple(config.options.items()))
