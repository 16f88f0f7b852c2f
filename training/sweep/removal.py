"""What can be removed from a cache: runs by study or by age, and what killed processes left."""

import dataclasses
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from training.store.failures import FOLDER as FAILED
from training.store.run_cache import KEY, RunCache
from training.sweep.status import abandoned_heartbeats, runs_in_training

HOUR = 3600
"""Seconds after which an unfinished file counts as left behind."""


@dataclasses.dataclass(frozen=True)
class RemovableRuns:
    """Runs that can be removed, and similar ones that stay.

    Attributes:
        files: dict from the key of a run that can be removed to the paths of its files.
        in_training: set of keys that stay, as a sweep that is going on asks for them.
        shared: dict from another study to the set of keys that stay, as it asks for them too.
    """

    files: dict[str, list[Path]]
    in_training: set[str]
    shared: dict[str, set[str]]


def removable_runs(
    cache: RunCache, studies: Collection[str] = (), older_than: float | None = None
) -> RemovableRuns:
    """Return the runs that only the given studies asked for, or those of a certain age, or both.

    Args:
        cache: `RunCache`. Where the runs are stored.
        studies: collection of str. Names of studies. Defaults to (), which takes runs of any study
            and of none.
        older_than: float. Seconds since a run was stored, or failed. Defaults to None, for any.

    Returns:
        `RemovableRuns`. With neither studies nor an age, none can be removed.
    """
    files = _files_of_runs(cache) if studies or older_than is not None else {}
    if older_than is not None:
        files = {key: paths for key, paths in files.items() if _age(*paths) > older_than}
    keys = set(files)
    shared: dict[str, set[str]] = {}
    if studies:
        asked = cache.asked()
        keys &= set().union(*(asked.get(study, ()) for study in studies))
        others = {study: keys & asked[study] for study in sorted(asked) if study not in studies}
        shared = {study: common for study, common in others.items() if common}
    in_training = keys & runs_in_training(cache)
    keys = keys.difference(in_training, *shared.values())
    return RemovableRuns({key: files[key] for key in keys}, in_training, shared)


def leftovers(cache: RunCache) -> list[Path]:
    """Return the paths of damaged records set aside, and of files that killed processes left.

    Args:
        cache: `RunCache`. Where the runs are stored.
    """
    unfinished = (*cache.folder.glob(f".{KEY}.*.[0-9]*"), *cache.folder.glob("*/.*.*.[0-9]*"))
    arrays = cache.folder.glob(f"{KEY}.npz")
    curves = [path for path in arrays if not path.with_suffix(".json").exists()]
    old = [path for path in (*unfinished, *curves) if _age(path) > HOUR]
    return [*(cache.folder / "damaged").glob("*"), *old, *abandoned_heartbeats(cache)]


def remove(cache: RunCache, runs: RemovableRuns, left: Iterable[Path]) -> None:
    """Remove runs, except those that are being trained by now, and leftovers.

    Args:
        cache: `RunCache`. Where the runs are stored.
        runs: `RemovableRuns`, as `removable_runs` returned them.
        left: iterable of `Path`, as `leftovers` returned them.
    """
    stay = runs_in_training(cache)
    for key, paths in runs.files.items():
        if key not in stay:
            _unlink(paths)
    _unlink(left)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _files_of_runs(cache: RunCache) -> dict[str, list[Path]]:
    """Key → paths of what a run stored, or of what says why it failed."""
    files = {
        key: [path for path in cache.paths(key) if path.exists()] for key in cache.stored_keys()
    }
    for path in (cache.folder / FAILED).glob("*.txt"):
        files.setdefault(path.stem, []).append(path)
    return files


def _age(*paths: Path) -> float:
    """Seconds since the last of these files was written; 0 if one is no longer there."""
    try:
        return time.time() - max(path.stat().st_mtime for path in paths)
    except FileNotFoundError:
        return 0
