"""The command `report`."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands import options
from experiments.commands.options import check_at_least_one, check_writable
from experiments.commands.reports import draw_report, report_folder
from experiments.commands.studies import check_stored, stored_in
from reporting.page.report import write_claims


def report(
    preset: options.ReportPreset = "quick",
    jobs: options.Jobs = None,
    out: options.Out = None,
    readme: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write the main statements and their verdicts into this Markdown file, "
            "between its lines `<!-- claims -->` and `<!-- end of claims -->`. Defaults to "
            "no file.",
        ),
    ] = None,
) -> None:
    """Draw a report again from what is stored in its folder; nothing is trained."""
    out = report_folder(preset, out)
    stored = stored_in(out)
    check_stored(stored, out, preset)
    check_writable(out)
    check_at_least_one("--jobs", jobs)
    draw_report(stored, out, jobs)
    if readme:
        write_claims(readme, out)
        typer.echo(f"Its main statements are in {readme}")
