"""The command `status`."""

import sys
import time
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from experiments.commands import options
from training.store.failures import kept_failures
from training.store.run_cache import RunCache
from training.sweep.progress import counted, duration
from training.sweep.runner import runs_folder
from training.sweep.status import Running, Sweep, sweeps


def status(runs: options.Runs = None) -> None:
    """Show what is training, how far along it is, which runs failed, and the size of the cache."""
    width = None if sys.stdout.isatty() else 160
    write_status(RunCache(runs_folder(runs)), Console(width=width, markup=False, highlight=False))


def write_status(cache: RunCache, console: Console) -> None:
    """Print the sweeps of a cache, its failed runs, and its size.

    Args:
        cache: The run cache.
        console: Where to print.
    """
    size = sum(_size(path) for path in cache.folder.rglob("*"))
    stored = counted(len(cache.stored_keys()), "run")
    console.print(f"{cache.folder} holds {stored}, {in_bytes(size)}")
    found = sweeps(cache)
    for sweep in found:
        _write_sweep(sweep, console)
    if all(sweep.heartbeat.stale for sweep in found):
        console.print("\nNothing is being trained")
    failures = kept_failures(cache)
    if failures:
        console.print("\nFailed; the next command that needs such a run tries it again")
        for key, line in failures.items():
            _write_row(f"{key}.txt", line, console)
        console.print(f"The details are in the files of these names in {cache.folder / 'failed'}")


def in_bytes(size: float) -> str:
    """A number of bytes in kB or MB."""
    return f"{size / 1e3:,.0f} kB" if size < 1e6 else f"{size / 1e6:,.0f} MB"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the temporary file of a record that is being stored
        return 0


def _write_sweep(sweep: Sweep, console: Console) -> None:
    others = {"running": len(sweep.running), "failed": sweep.failed, "left": sweep.left}
    counts = [f"{sweep.done} of {counted(len(sweep.keys), 'run')} done"]
    counts += [f"{number} {state}" for state, number in others.items() if number]
    console.print(f"\n{sweep.name}: {', '.join(counts)}")
    _write_row("", _progress(sweep), console)
    for run in sweep.running:
        _write_row("running", _run(run, sweep.heartbeat.host), console)


def _progress(sweep: Sweep) -> str:
    beat = sweep.heartbeat
    process = f"process {beat.pid} on {beat.host}"
    began = f"{datetime.fromtimestamp(beat.since):%Y-%m-%d %H:%M}"
    if beat.stale:
        return f"stopped: {process}, started {began}, is gone; run the same command to continue"
    return f"since {began}, by {process}; {_to_go(sweep.seconds_to_go)}"


def _run(run: Running, host: str) -> str:
    beat = run.heartbeat
    where = f"process {beat.pid}" if beat.host == host else f"process {beat.pid} on {beat.host}"
    since = duration(time.time() - beat.since)
    return f"{beat.about.description}, for {since}, {_to_go(run.seconds_to_go)} ({where})"


def _to_go(seconds: float | None) -> str:
    if seconds is None:
        return "time to go unknown"
    return f"about {duration(seconds)} to go" if seconds else "about to end"


def _write_row(label: str, text: str, console: Console) -> None:
    """Print a label and a text that wraps beside it."""
    table = Table.grid(padding=(0, 1))
    table.add_row(f"  {label}" if label else " ", text)
    console.print(table)
