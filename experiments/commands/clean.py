"""The command `clean`."""

import datetime
import sys
from typing import Annotated

import typer

from experiments import study_names
from experiments.commands import options
from experiments.commands.options import check_choice, seconds_of
from experiments.commands.status import in_bytes
from training.store.run_cache import RunCache
from training.sweep.progress import counted
from training.sweep.removal import leftovers, removable_runs, remove
from training.sweep.runner import runs_folder


def clean(
    names: options.Names = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only runs of that age, such as 30d or 12h.")
    ] = None,
    runs: options.Runs = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove runs of studies or of an age from the cache, and what killed processes left there."""
    cache = RunCache(runs_folder(runs))
    for name in names or ():
        check_choice("study", name, sorted({*study_names(), *cache.asked()}))
    age = seconds_of("--older-than", older_than)
    chosen, left = removable_runs(cache, names or (), age), leftovers(cache)
    typer.echo("\n  ".join([f"In {cache.folder} can be removed:", *removal(chosen, left)]))
    if not (chosen.files or left):
        return
    if not yes and not sys.stdin.isatty():
        typer.echo("Nothing is removed; give --yes to remove it without being asked")
    elif yes or typer.confirm("Remove it?"):
        remove(cache, chosen, left)
        if age is None:
            cache.forget(names or ())
        typer.echo("Removed")


def removal(runs, left):
    """What is about to be removed, as lines of text.

    Args:
        runs: `training.sweep.removal.Runs`.
        left: paths of leftovers.
    """
    files = [path for paths in runs.files.values() for path in paths]
    stay = {f"that {study} asked for too": keys for study, keys in runs.shared.items()}
    if runs.in_training:
        stay["of a sweep that is going on"] = runs.in_training
    lines = [f"{counted(len(runs.files), 'run')}{_size_and_dates(files)}"] if files else []
    lines += [f"but not {counted(len(keys), 'run')} {why}" for why, keys in stay.items()]
    if left:
        count = counted(len(left), "file")
        lines.append(f"{count} damaged or left by killed processes{_size_and_dates(left)}")
    return lines or ["nothing"]


def _size_and_dates(files):
    facts = [path.stat() for path in files]
    first, last = (
        f"{datetime.datetime.fromtimestamp(end(fact.st_mtime for fact in facts)):%Y-%m-%d %H:%M}"
        for end in (min, max)
    )
    dates = first if first == last else f"{first} to {last}"
    return f", {in_bytes(sum(fact.st_size for fact in facts))}, stored {dates}"
