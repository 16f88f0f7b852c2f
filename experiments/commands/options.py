"""Options that several commands share, and checks of their values."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

import datasets
from datasets.loading import SOURCES
from reporting.study.lab import PRESETS
from training.backend import import_keras


class UsageError(ValueError):
    """A request that cannot be met; the message says what can."""


def choices(allowed: Iterable[str]) -> str:
    """The placeholder of an option's value that shows the allowed values."""
    return "|".join(allowed)


Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STUDY",
        help="The studies to run, named as `list` prints them. There is no default: name some, or "
        "give --all.",
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        metavar=choices(PRESETS),
        help="The size of the experiments: `quick` takes minutes, on a part of the images and with "
        "fewer seeds; `paper` takes hours, at the sizes that the sources give.",
    ),
]
ReportPreset = Annotated[
    str,
    typer.Option(
        metavar=choices(PRESETS),
        help="The preset whose report to take, unless --out names a folder.",
    ),
]
Seeds = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The number of times each run is repeated, with the seeds 0, 1, and so on. Defaults "
        "to the study's own number, from 2 to 5.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="The number of processes. Defaults to the number of processors."
    ),
]
Data = Annotated[
    str,
    typer.Option(
        metavar=choices(SOURCES),
        help="Which images to train on: `real` takes the published data sets, `stand-in` images "
        "drawn by code, and `auto` the published ones where they can be had, else the stand-ins.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="DESCENT_DATA_DIR",
        help="The folder that holds the published data sets as NAME.npz. By default Keras "
        "downloads and caches them.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The folder of the report. Defaults to reports/PRESET."),
]
Runs = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="DESCENT_RUNS_DIR",
        help="The folder of the run cache, where finished runs are kept. Defaults to runs/ of the "
        "project.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Train on the workers of the Dask scheduler at this address, such as tcp://HOST:8786. "
        "By default this machine trains.",
    ),
]
TensorBoard = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Also write the losses and metrics of every run into this folder, for TensorBoard. "
        "By default none are written.",
    ),
]


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
        data: One of `SOURCES`, as given to `--data`.
        data_dir: Folder of NAME.npz files, or None.

    Returns:
        Name of the dataset → "real" or "stand-in".
    """
    if data != "stand-in" and data_dir is None:
        import_keras()  # its datasets would otherwise import it with TensorFlow's log messages
    return {name: datasets.resolve(name, data, data_dir) for name in dict.fromkeys(names)}
