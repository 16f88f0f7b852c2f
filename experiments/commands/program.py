"""Running a command line: errors the user can fix become one line and exit code 2."""

import io
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

import typer
from typer.exceptions import Abort, TyperException

import datasets
from experiments.commands.options import UsageError
from experiments.commands.reports import DrawingError
from reporting import FindingsError, MissingRunsError
from reporting.page.report import ReportError
from training import (
    BackendError,
    ConfigError,
    DamagedRecordError,
    FailedRunsError,
    RunsInterrupted,
)
from training.store.failures import SearchError
from training.sweep.cluster import ClusterError

EXPECTED = (
    UsageError,
    BackendError,
    ConfigError,
    ClusterError,
    DamagedRecordError,
    DrawingError,
    FailedRunsError,
    FindingsError,
    MissingRunsError,
    ReportError,
    SearchError,
    datasets.DataError,
)
"""Errors whose message tells the user what to do; any other is a bug, with its traceback."""


def new_app(help: str | None = None) -> typer.Typer:
    """An app whose help is plain text and whose tracebacks are Python's own."""
    return typer.Typer(
        help=help, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )


def run_program(app: typer.Typer, arguments: Sequence[str], name: str) -> NoReturn:
    """Run a command line and exit: 0 after success, 2 after an error, 130 after Ctrl-C.

    Args:
        app: The commands.
        arguments: What follows the program's name on the command line.
        name: The program's name, as its help shows it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may lack the marks of verdicts
    warnings.showwarning = lambda message, *_: typer.echo(f"warning: {message}", err=True)
    try:
        sys.exit(app(arguments, prog_name=name, standalone_mode=False) or 0)
    except EXPECTED as error:
        _fail(str(error))
    except TyperException as error:  # an unknown option, or a value of the wrong type
        said = " ".join(error.format_message().split()).rstrip(".")
        context = getattr(error, "ctx", None)
        command = context.command_path if context else name
        _fail(f"{said[0].lower()}{said[1:]}; see `{command} --help`")
    except Abort:
        typer.echo("\nStopped", err=True)
        sys.exit(130)
    except RunsInterrupted as interrupted:
        typer.echo(f"\nStopped: {interrupted}. Run the same command again to continue.", err=True)
        sys.exit(130)


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    sys.exit(2)
