"""The command `clean`."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from experiments import study_names
from experiments.commands import options
from experiments.commands.options import check_choice, seconds_of
from experiments.commands.status import in_bytes
from training.store.run_cache import RunCache
from training.sweep.progress import counted
from training.sweep.removal import RemovableRuns, leftovers, removable_runs, remove
from training.sweep.runner import runs_folder


def clean(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STUDY",
            help="Remove the runs of these studies, named as `list` prints them, or of searches, "
            "named as their folders in the report. Runs that another study needs too stay. By "
            "default --older-than decides alone.",
        ),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Remove only runs older than this: a number followed by h, d or w, such as 12h "
            "or 30d. Without STUDY, those of any study. By default their age does not matter.",
        ),
    ] = None,
    runs: options.Runs = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove without asking. By default it asks first.")
    ] = False,
) -> None:
    """Remove runs from the cache, by study or by age, after showing what would be removed.

    Damaged records and files left behind by killed processes are removed too; without STUDY and
    --older-than, nothing else is.
    """
    cache = RunCache(runs_folder(runs))
    for name in names or ():
        check_choice("study", name, sorted({*study_names(), *cache.asked()}))
    age = seconds_of("--older-than", older_than)
    chosen, left = removable_runs(cache, names or (), age), leftovers(cache)
    typer.echo("\n  ".join([f"Can be removed from {cache.folder}:", *removal(chosen, left)]))
    if not (chosen.files or left):
        return
    if not yes and not sys.stdin.isatty():
        typer.echo("Nothing was removed; give --yes to remove it without being asked")
    elif yes or typer.confirm("Remove it?"):
        remove(cache, chosen, left)
        if age is None:
            cache.forget(names or ())
        typer.echo("Removed")


def removal(runs: RemovableRuns, left: Sequence[Path]) -> list[str]:
    """Lines that say what would be removed, and what would stay although it was named.

    Args:
        runs: The runs chosen for removal.
        left: Files that are damaged, or left behind by killed processes.
    """
    files = [path for paths in runs.files.values() for path in paths]
    lines = [f"{counted(len(runs.files), 'run')}{_size_and_dates(files)}"] if files else []
    for study, keys in runs.shared.items():
        lines.append(f"but not {counted(len(keys), 'run')} that {study} needs too")
    if runs.in_training:
        count = counted(len(runs.in_training), "run")
        lines.append(f"but not {count} of a sweep that is still running")
    if left:
        count = counted(len(left), "file")
        lines.append(f"{count} damaged or left by killed processes{_size_and_dates(left)}")
    return lines or ["nothing"]


def _size_and_dates(files: Sequence[Path]) -> str:
    facts = [path.stat() for path in files]
    size = in_bytes(sum(fact.st_size for fact in facts))
    times = [fact.st_mtime for fact in facts]
    first, last = (f"{datetime.fromtimestamp(t):%Y-%m-%d %H:%M}" for t in (min(times), max(times)))
    return f", {size}, stored {first if first == last else f'{first} to {last}'}"
