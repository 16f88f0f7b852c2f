"""The command line: `python -m experiments`."""

import contextlib
import operator
import sys
import warnings
from functools import partial, reduce
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

import datasets
from experiments.commands import options
from experiments.commands.cache_report import removal, write_status
from experiments.commands.options import (
    UsageError,
    check_at_least_one,
    check_choice,
    check_writable,
    seconds_of,
)
from experiments.commands.reports import draw, report_folder, stored_in, write_report
from experiments.commands.search.command import search
from experiments.commands.studies import all_studies, find_study, sources_of, study_names
from reporting import FindingsError, Lab, MissingRunsError
from reporting.page.report import ReportError, write_claims
from reporting.study.lab import PRESETS
from training import (
    BackendError,
    ConfigError,
    DamagedRecordError,
    FailedRunsError,
    RunsInterrupted,
    run_all,
)
from training.export import table as tables
from training.export import tensorboard as events
from training.store.archive import load_archive
from training.store.failures import SearchError
from training.store.run_cache import RunCache
from training.sweep.cluster import ClusterError, connected
from training.sweep.removal import leftovers, removable_runs, remove
from training.sweep.runner import runs_folder

PROGRAM = "python -m experiments"

app = typer.Typer(
    help="Run the statements of five neural-network courses as controlled experiments.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


EXPECTED = (
    UsageError,
    BackendError,
    ConfigError,
    ClusterError,
    DamagedRecordError,
    FailedRunsError,
    FindingsError,
    MissingRunsError,
    ReportError,
    SearchError,
    datasets.DataError,
)


@app.command("list")
def list_studies():
    """List the studies and what they ask."""
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "source", "question", box=None, pad_edge=False, header_style="bold")
    for study in all_studies():
        table.add_row(study.name, ", ".join(study.sources), study.question)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@app.command()
def run(
    names: options.Names = None,
    all_: Annotated[bool, typer.Option("--all", help="Every study.")] = False,
    preset: options.Preset = "quick",
    seeds: options.Seeds = None,
    jobs: options.Jobs = None,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    out: options.Out = None,
    runs: options.Runs = None,
    cluster: options.Cluster = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Folder to write every loss into for TensorBoard.")
    ] = None,
):
    """Run studies: train what the cache lacks, then write figures, findings and the report."""
    if bool(names) == all_:
        raise UsageError(f"name studies or give --all; the studies are {', '.join(study_names())}")
    studies = all_studies() if all_ else [find_study(name) for name in names]
    check_choice("--preset", preset, PRESETS)
    check_choice("--data", data, ("auto", "real", "stand-in"))
    check_at_least_one("--seeds", seeds)
    check_at_least_one("--jobs", jobs)
    out = report_folder(preset, out)
    check_writable(out)
    if tensorboard:
        check_writable(tensorboard, "--tensorboard")
    check_writable(runs_folder(runs), "--runs")
    complete, failures = [], []
    with connected(cluster) if cluster else contextlib.nullcontext() as client:
        sources = sources_of([name for study in studies for name in study.datasets], data, data_dir)
        obtain = partial(run_all, jobs=jobs, data_dir=data_dir, runs_dir=runs, cluster=client)
        for place, study in enumerate(studies, start=1):
            shown = f"[{place} of {len(studies)}] {study.name}"
            of_study = {name: sources[name] for name in study.datasets}
            obtain_for = partial(obtain, study=study.name, progress=shown)
            lab = Lab(preset, seeds or study.seeds[preset], of_study, obtain_for)
            try:
                study.store(lab, out / study.name)
            except FailedRunsError as error:  # the other studies do not depend on it
                failures.append(error)
                continue
            complete.append(study)
            if tensorboard:
                events.write(tensorboard / study.name, lab.records.values())
    if complete:
        draw(complete, out, jobs)
        write_report(out)
    if failures:
        raise reduce(operator.add, failures)


app.command()(search)


@app.command()
def report(
    preset: options.Preset = "quick",
    jobs: options.Jobs = None,
    out: options.Out = None,
    readme: Annotated[
        Path | None, typer.Option(help="File to write its main claims into, between two marks.")
    ] = None,
):
    """Draw a report again from its stored records; nothing is trained."""
    out = report_folder(preset, out)
    stored = stored_in(out, preset)
    check_writable(out)
    check_at_least_one("--jobs", jobs)
    draw(stored, out, jobs)
    write_report(out)
    if readme:
        write_claims(readme, out)
        typer.echo(f"Its main claims are in {readme}")


@app.command("export")
def export_table(
    file: Annotated[
        Path | None, typer.Argument(help="To write; by default records.FORMAT, here.")
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="csv or parquet; by default as FILE ends.")
    ] = None,
    preset: options.Preset = "quick",
    out: options.Out = None,
):
    """Write all records of a report as one table: a row for each loss and metric."""
    out = report_folder(preset, out)
    given = format_ or (file.suffix.removeprefix(".") if file else "csv")
    check_choice("--format", given, tables.FORMATS)
    file = file or Path(f"records.{given}")
    records = {
        study.name: load_archive(out / study.name)[1].values() for study in stored_in(out, preset)
    }
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


@app.command()
def status(runs: options.Runs = None):
    """Show what is being trained, how far it is, and what the run cache holds."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    write_status(RunCache(runs_folder(runs)), Console(width=width, markup=False, highlight=False))


@app.command()
def clean(
    names: options.Names = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only runs of that age, such as 30d or 12h.")
    ] = None,
    runs: options.Runs = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
):
    """Remove runs of studies or of an age from the cache, and what killed processes left there."""
    cache = RunCache(runs_folder(runs))
    for name in names or ():
        check_choice("study", name, sorted({*study_names(), *cache.asked()}))
    age = seconds_of("--older-than", older_than)
    chosen, left = removable_runs(cache, names or (), age), leftovers(cache)
    typer.echo("\n  ".join([f"In {cache.folder} can be removed:", *removal(chosen, left)]))
    if not (chosen.files or left):
        return
    if not yes and not sys.stdin.isatty():
        typer.echo("Nothing is removed; give --yes to remove it without being asked")
    elif yes or typer.confirm("Remove it?"):
        remove(cache, chosen, left)
        if age is None:
            cache.forget(names or ())
        typer.echo("Removed")


def main(arguments=None):
    """Run the command line; a mistake of the user's ends it with one line and exit code 2."""
    warnings.showwarning = lambda message, *_: typer.echo(f"warning: {message}", err=True)
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        sys.exit(app(arguments or ["--help"], prog_name=PROGRAM, standalone_mode=False) or 0)
    except EXPECTED as error:
        _fail(str(error))
    except TyperException as error:  # an option that there is not, or a value of the wrong kind
        said = " ".join(error.format_message().split()).rstrip(".")
        command = error.ctx.command_path if error.ctx else PROGRAM
        _fail(f"{said[0].lower()}{said[1:]}; see `{command} --help`")
    except Abort:
        sys.exit(130)
    except RunsInterrupted as interrupted:
        typer.echo(f"\nStopped: {interrupted}. The same command goes on from there.", err=True)
        sys.exit(130)


def _fail(message):
    typer.echo(f"error: {message}", err=True)
    sys.exit(2)


def run_one(name):
    """Run one study with the options of `run`, as `python -m experiments.NAME` does."""
    main(["run", name, *sys.argv[1:]])


if __name__ == "__main__":
    main()
