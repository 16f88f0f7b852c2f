"""The command `export`."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands import options
from experiments.commands.options import UsageError, check_choice, choices
from experiments.commands.reports import report_folder
from experiments.commands.studies import check_stored, stored_in
from training.export import table as tables
from training.store.archive import load_archive


def export(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The file to write. Defaults to records.csv or records.parquet in the current "
            "folder.",
        ),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar=choices(tables.FORMATS),
            help="The format of the file. Defaults to the one that FILE's suffix names, or csv.",
        ),
    ] = None,
    preset: options.ReportPreset = "quick",
    out: options.Out = None,
) -> None:
    """Write all runs of a report as one table, with a row for each loss and metric."""
    out = report_folder(preset, out)
    given = format_ or (file.suffix.removeprefix(".") if file else "csv")
    check_choice("--format", given, tables.FORMATS)
    file = file or Path(f"records.{given}")
    stored = stored_in(out)
    check_stored(stored, out, preset)
    records = {study.name: load_archive(out / study.name)[1].values() for study in stored}
    if not any(records.values()):
        raise UsageError(f"{out} holds no runs to export, only studies that train nothing")
    table = tables.table(records)
    try:
        with file.open("wb") as opened:
            tables.write(table, opened, given)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot write {file} ({reason}); give another FILE") from error
    typer.echo(f"The table is {file}")
