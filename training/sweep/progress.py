"""What a sweep prints on standard error while it goes on."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from training.config import RunConfig

LINE_SECONDS = 60
"""Shortest time between two lines of a sweep where standard error is no terminal."""

Advance = Callable[[RunConfig, str], None]
"""Function to call with each config that has ended: "finished", "learned nothing" or "failed"."""


def shown_progress(
    configs: Sequence[RunConfig], name: str | None
) -> contextlib.AbstractContextManager[Advance]:
    """Show the progress of a sweep: a bar in a terminal, and whole lines elsewhere.

    Args:
        configs: sequence of `RunConfig`. The runs to train; without any, nothing is shown.
        name: str. Name of the sweep, or None to show nothing.

    Returns:
        A context manager that yields an `Advance`.
    """
    if not (name and configs):
        return contextlib.nullcontext(lambda config, outcome: None)
    if sys.stderr.isatty():
        return _bar(configs, name)
    return _lines(configs, name)


@contextlib.contextmanager
def _bar(configs: Sequence[RunConfig], name: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[runs]} runs"),
        TimeElapsedColumn(),
        TextColumn("to go"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    # Long runs are trained first, so time is estimated from sample gradients, not from runs.
    work = sum(config.total_sample_gradients for config in configs)
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600) as bar:
        task = bar.add_task("", total=work, name=name, done=0, runs=len(configs))

        def advance(config: RunConfig, outcome: str) -> None:
            done = bar.tasks[task].fields["done"] + 1
            bar.update(task, done=done, description=f"last: {config.description} {outcome}")
            bar.advance(task, config.total_sample_gradients)

        yield advance


@contextlib.contextmanager
def _lines(configs: Sequence[RunConfig], name: str) -> Iterator[Advance]:
    """One line when the sweep starts, one when it ends, and at most one a minute in between."""
    work = sum(config.total_sample_gradients for config in configs)
    outcomes: Counter[str] = Counter()
    work_done = 0
    began = printed = time.monotonic()
    _print(f"{name}: {counted(len(configs), 'run')} to train")

    def advance(config: RunConfig, outcome: str) -> None:
        nonlocal work_done, printed
        outcomes[outcome] += 1
        work_done += config.total_sample_gradients
        now = time.monotonic()
        if now - printed < LINE_SECONDS or work_done == work:
            return
        to_go = duration((now - began) * (work / work_done - 1))
        _print(f"{name}: {outcomes.total()} of {counted(len(configs), 'run')}, about {to_go} to go")
        printed = now

    yield advance
    unusual = [
        f", {outcomes[kind]} {kind}" for kind in ("learned nothing", "failed") if outcomes[kind]
    ]
    spent = duration(time.monotonic() - began)
    _print(f"{name}: {counted(len(configs), 'run')} in {spent}{''.join(unusual)}")


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as "1 run" or "1,234 runs"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """A time in the unit that suits it, such as "80 s", "12 min", "3 h" or "4 days"."""
    for unit, length, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def _print(line: str) -> None:
    with contextlib.suppress(OSError):  # whoever read it is gone, and training must go on
        print(line, file=sys.stderr, flush=True)
