"""Options that several commands share, and checks of their values."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

import datasets
from training.backend import import_keras


class UsageError(ValueError):
    """A request that cannot be met; the message says what can."""


Names = Annotated[list[str] | None, typer.Argument(metavar="[STUDY]...", help="Names, as in list.")]
Preset = Annotated[str, typer.Option(help="quick, or paper: the sources' own sizes.")]
Seeds = Annotated[
    int | None, typer.Option(help="Seeds; by default 3 for quick, 5 for paper, fewer for CNNs.")
]
Jobs = Annotated[int | None, typer.Option(help="Worker processes; by default one a processor.")]
Data = Annotated[str, typer.Option(help="auto, real or stand-in.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of NAME.npz files.", envvar="DESCENT_DATA_DIR")
]
Out = Annotated[Path | None, typer.Option(help="Folder of the report; by default reports/PRESET.")]
Runs = Annotated[
    Path | None, typer.Option(help="Folder of the run cache.", envvar="DESCENT_RUNS_DIR")
]
Cluster = Annotated[
    str | None, typer.Option(help="A Dask scheduler, tcp://HOST:PORT, to train on its workers.")
]
TensorBoard = Annotated[
    Path | None, typer.Option(help="Folder to write every loss into for TensorBoard.")
]

DATA = ("auto", "real", "stand-in")
"""Allowed values of `--data`."""


def check_choice(what: str, given: str, allowed: Iterable[str]) -> None:
    """Raise UsageError unless `given` is one of the allowed values."""
    allowed = tuple(allowed)
    if given not in allowed:
        raise UsageError(f"unknown {what} {given!r}; choose from {', '.join(allowed)}")


def check_at_least_one(option: str, number: int | None) -> None:
    """Raise UsageError for a number below 1; None is accepted."""
    if number is not None and number < 1:
        raise UsageError(f"{option} must be a whole number of at least 1, not {number}")


def check_writable(folder: Path, option: str = "--out") -> None:
    """Create a folder if it is missing; raise UsageError if nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write to {folder} ({error.strerror}); give another folder with {option}"
        ) from error


def seconds_of(option: str, age: str | None) -> int | None:
    """Convert an age such as "30d" to seconds; None stays None.

    Raises:
        UsageError: If the age is not a number followed by h, d or w.
    """
    if age is None:
        return None
    given = re.fullmatch(r"(\d+)([hdw])", age)
    if not given:
        raise UsageError(
            f"{option} must be a number followed by h, d or w, such as 30d, not {age!r}"
        )
    return int(given[1]) * {"h": 3600, "d": 86_400, "w": 604_800}[given[2]]


def sources_of(names: Iterable[str], data: str, data_dir: Path | None) -> dict[str, str]:
    """Decide for each dataset whether it is the real one.

    Args:
        names: Names of datasets.
        data: One of `DATA`, as given to `--data`.
        data_dir: Folder of NAME.npz files, or None.

    Returns:
        Name of the dataset → "real" or "stand-in".
    """
    if data != "stand-in" and data_dir is None:
        import_keras()  # its datasets would otherwise import it with TensorFlow's log messages
    return {name: datasets.resolve(name, data, data_dir) for name in dict.fromkeys(names)}
