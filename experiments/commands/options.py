"""Options that several commands take, and how what is given for them is checked."""

import re
from pathlib import Path
from typing import Annotated

import typer


class UsageError(ValueError):
    """What the user asked for cannot be done; the message says what can."""


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


def check_choice(what, given, allowed):
    """Raise UsageError unless what is given is one of those allowed."""
    if given not in allowed:
        raise UsageError(f"unknown {what} {given!r}; choose from {', '.join(allowed)}")


def check_at_least_one(option, number):
    """Raise UsageError for a number below 1; None is right."""
    if number is not None and number < 1:
        raise UsageError(f"{option} must be a whole number of at least 1, not {number}")


def check_writable(folder, option="--out"):
    """Make a folder; raise UsageError when nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write to {folder} ({error.strerror}); give another folder with {option}"
        ) from error


def seconds_of(option, age):
    """The seconds of an age such as 30d; None stays None. Raises UsageError."""
    if age is None:
        return None
    given = re.fullmatch(r"(\d+)([hdw])", age)
    if not given:
        raise UsageError(f"{option} must be a number of h, d or w, such as 30d, not {age!r}")
    return int(given[1]) * {"h": 3600, "d": 86_400, "w": 604_800}[given[2]]
