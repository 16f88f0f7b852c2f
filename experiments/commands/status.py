"""The command `status`."""

import datetime
import sys
import time

from rich.console import Console
from rich.table import Table

from experiments.commands import options
from training.store.failures import kept_failures
from training.store.run_cache import RunCache
from training.sweep.progress import counted, duration
from training.sweep.runner import runs_folder
from training.sweep.status import sweeps


def status(runs: options.Runs = None) -> None:
    """Show what is being trained, how far it is, and what the run cache holds."""
    width = None if sys.stdout.isatty() else 160
    write_status(RunCache(runs_folder(runs)), Console(width=width, markup=False, highlight=False))


def write_status(cache, console):
    """Print what goes on in a cache.

    Args:
        cache: a `RunCache`.
        console: rich's, to print on.
    """
    size = sum(map(_size, cache.folder.rglob("*")))
    console.print(
        f"{cache.folder} holds {counted(len(cache.stored_keys()), 'run')}, {in_bytes(size)}"
    )
    going_on = sweeps(cache)
    for sweep in going_on:
        _write_sweep(sweep, console)
    if all(sweep.heartbeat.stale for sweep in going_on):
        console.print("\nNothing is being trained")
    failures = kept_failures(cache)
    if failures:
        console.print("\nFailed; the next command that asks for it tries it again")
        for key, line in failures.items():
            _write_rows([(f"{key}.txt", line)], console)
        console.print(f"Each of these files in {cache.folder / 'failed'} tells the details")


def _size(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the temporary file of a record that is being stored
        return 0


def in_bytes(size):
    """A number of bytes in kB or MB."""
    return f"{size / 1e3:,.0f} kB" if size < 1e6 else f"{size / 1e6:,.0f} MB"


def _write_sweep(sweep, console):
    counts = [f"{sweep.done} of {counted(len(sweep.keys), 'run')} done"]
    counts += [
        f"{number} {what}"
        for number, what in (
            (len(sweep.running), "running"),
            (sweep.failed, "failed"),
            (sweep.left, "left"),
        )
        if number
    ]
    console.print(f"\n{sweep.name}: {', '.join(counts)}")
    _write_rows([("", _when(sweep))], console)
    _write_rows([("running", _run(run, sweep.heartbeat.host)) for run in sweep.running], console)


def _when(sweep):
    beat = sweep.heartbeat
    process = f"process {beat.pid} on {beat.host}"
    began = f"{datetime.datetime.fromtimestamp(beat.since):%Y-%m-%d %H:%M}"
    if beat.stale:
        return f"stopped: {process}, begun {began}, is gone; the same command goes on"
    return f"since {began}, by {process}; {_to_go(sweep.seconds_to_go)}"


def _run(run, sweep_host):
    beat = run.heartbeat
    host = "" if beat.host == sweep_host else f" on {beat.host}"
    return (
        f"{beat.about.description}, for {duration(time.time() - beat.since)}, "
        f"{_to_go(run.seconds_to_go)} (process {beat.pid}{host})"
    )


def _to_go(seconds):
    if seconds is None:
        return "time to go unknown"
    return f"about {duration(seconds)} to go" if seconds else "about to end"


def _write_rows(rows, console):
    table = Table.grid(padding=(0, 1))
    for label, text in rows:
        table.add_row(f"  {label}" if label else " ", text)
    console.print(table)
