"""What can be removed from a cache: runs by study or by age, and what killed processes left."""

import dataclasses
import time

from training.store.failures import FOLDER as FAILED
from training.store.run_cache import KEY
from training.sweep.status import abandoned_heartbeats, runs_in_training

HOUR = 3600
"""Seconds after which a file that is written in one go counts as left behind."""


@dataclasses.dataclass(frozen=True)
class Runs:
    """Runs that can be removed, and those like them that stay.

    Attributes:
        files: key → paths, of those that can.
        in_training: keys of those that a sweep which is going on asks for, a set.
        shared: other study → keys of those that it asks for too, a set.
    """

    files: dict
    in_training: set
    shared: dict


def removable_runs(cache, studies=(), older_than=None):
    """The runs of a cache that no study but these asked for, or those of a certain age, or both.

    Args:
        cache: a `RunCache`.
        studies: names; with none of them, runs of any study and of none.
        older_than: seconds since a run was stored, or failed; None takes any.

    Returns:
        `Runs`; with neither studies nor an age, none can be removed.
    """
    files = _files_of_runs(cache) if studies or older_than is not None else {}
    if older_than is not None:
        files = {key: paths for key, paths in files.items() if _age(*paths) > older_than}
    keys, shared = set(files), {}
    if studies:
        asked = cache.asked()
        keys &= set().union(*(asked.get(study, ()) for study in studies))
        others = {study: keys & asked[study] for study in sorted(asked) if study not in studies}
        shared = {study: common for study, common in others.items() if common}
    in_training = keys & runs_in_training(cache)
    keys = keys.difference(in_training, *shared.values())
    return Runs({key: files[key] for key in keys}, in_training, shared)


def leftovers(cache):
    """Paths of records set aside as damaged, and of what killed processes left behind."""
    unfinished = (*cache.folder.glob(f".{KEY}.*.[0-9]*"), *cache.folder.glob("*/.*.*.[0-9]*"))
    arrays = cache.folder.glob(f"{KEY}.npz")
    curves = [path for path in arrays if not path.with_suffix(".json").exists()]
    old = [path for path in (*unfinished, *curves) if _age(path) > HOUR]
    return [*(cache.folder / "damaged").glob("*"), *old, *abandoned_heartbeats(cache)]


def remove(cache, runs, left):
    """Remove runs, but for those that have come into training meanwhile, and leftovers."""
    stay = runs_in_training(cache)
    for key, paths in runs.files.items():
        if key not in stay:
            _unlink(paths)
    _unlink(left)


def _unlink(paths):
    for path in paths:
        path.unlink(missing_ok=True)


def _files_of_runs(cache):
    """Key → paths of what a run stored, or of what tells why it failed."""
    files = {
        key: [path for path in cache.paths(key) if path.exists()] for key in cache.stored_keys()
    }
    for path in (cache.folder / FAILED).glob("*.txt"):
        files.setdefault(path.stem, []).append(path)
    return files


def _age(*paths):
    """Seconds since the last of these files was written; 0 where one is no longer there."""
    try:
        return time.time() - max(path.stat().st_mtime for path in paths)
    except FileNotFoundError:
        return 0
