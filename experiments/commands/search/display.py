"""What a search shows in the terminal."""

import sys
from typing import Any

from training.search.search import Search
from training.search.trials import Outcome, settings_text


class Progress:
    """A line on standard error with the trials done, the time left, and the best score so far."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("search"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("trials"),
            TimeElapsedColumn(),
            TextColumn("to go"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            speed_estimate_period=600,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, oracle: Any) -> None:
        """Show the progress of an oracle's search."""
        best = oracle.best
        described = f"best: {best.score:.4f} in trial {int(best.trial_id) + 1}" if best else ""
        self._bar.update(
            self._task,
            total=oracle.max_trials,
            completed=len(oracle.completed) + len(oracle.failed),
            description=described,
        )
        self._bar.refresh()

    def say(self, line: str) -> None:
        """Print a line above the progress."""
        self._bar.console.print(line, highlight=False, soft_wrap=True)


def show_best(search: Search, outcome: Outcome) -> None:
    """Print the best trial's settings, its score, and where its model is."""
    from rich.console import Console
    from rich.table import Table

    best = outcome.best
    table = Table("best settings", f"trial {best.number}", box=None, pad_edge=False)
    for name, value in best.settings.items():
        table.add_row(name, settings_text({name: value}).removeprefix(f"{name} "))
    table.add_row("validation accuracy", f"{best.score:.4f}")
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    print(f"The best model is {search.best_model}")
