"""The command line: `python -m experiments`."""

import importlib
import os
import pkgutil
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import datasets
import experiments
from reporting import FindingsError, Lab, MissingRunsError
from reporting.lab import PRESETS
from reporting.report import ReportError, write_claims
from reporting.report import write as write_report
from training import ConfigError, DamagedRecordError, RunsInterrupted, events, export, run_all
from training.backend import import_tensorflow
from training.provenance import ROOT
from training.runner import runs_folder
from training.store import load_archive

app = typer.Typer(
    help="Run the statements of five neural-network courses as controlled experiments.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class UsageError(ValueError):
    """What the user asked for cannot be done; the message says what can."""


EXPECTED = (
    UsageError,
    ConfigError,
    DamagedRecordError,
    FindingsError,
    MissingRunsError,
    ReportError,
    datasets.DataError,
)

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
    names: Names = None,
    all_: Annotated[bool, typer.Option("--all", help="Every study.")] = False,
    preset: Preset = "quick",
    seeds: Seeds = None,
    jobs: Jobs = None,
    data: Data = "auto",
    data_dir: DataDir = None,
    out: Out = None,
    runs: Runs = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Folder to write every loss into for TensorBoard.")
    ] = None,
):
    """Run studies: train what the cache lacks, then write figures, findings and the report."""
    if bool(names) == all_:
        raise UsageError(f"name studies or give --all; the studies are {', '.join(study_names())}")
    studies = all_studies() if all_ else [find_study(name) for name in names]
    _check_choice("--preset", preset, PRESETS)
    _check_choice("--data", data, ("auto", "real", "stand-in"))
    _check_at_least_one("--seeds", seeds)
    _check_at_least_one("--jobs", jobs)
    out = out or ROOT / "reports" / preset
    _check_writable(out)
    if tensorboard:
        _check_writable(tensorboard, "--tensorboard")
    _check_writable(runs_folder(runs), "--runs")
    if data != "stand-in" and data_dir is None:
        import_tensorflow()  # or Keras, asked for its datasets, would do so with many notes
    sources = {
        name: datasets.resolve(name, data, data_dir)
        for name in dict.fromkeys(name for study in studies for name in study.datasets)
    }
    for place, study in enumerate(studies, start=1):
        name = f"[{place} of {len(studies)}] {study.name}"
        obtain = partial(run_all, jobs=jobs, data_dir=data_dir, runs_dir=runs, progress=name)
        of_study = {name: sources[name] for name in study.datasets}
        lab = Lab(preset, seeds or study.seeds[preset], of_study, obtain)
        study.store(lab, out / study.name)
        if tensorboard:
            events.write(tensorboard / study.name, lab.records.values())
    _draw(studies, out, jobs)
    _write_report(out)


@app.command()
def report(
    preset: Preset = "quick",
    jobs: Jobs = None,
    out: Out = None,
    readme: Annotated[
        Path | None, typer.Option(help="File to write its main claims into, between two marks.")
    ] = None,
):
    """Draw a report again from its stored records; nothing is trained."""
    out = _report_folder(preset, out)
    stored = _stored_studies(preset, out)
    _check_writable(out)
    _check_at_least_one("--jobs", jobs)
    _draw(stored, out, jobs)
    _write_report(out)
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
    preset: Preset = "quick",
    out: Out = None,
):
    """Write all records of a report as one table: a row for each loss and metric."""
    out = _report_folder(preset, out)
    given = format_ or (file.suffix.removeprefix(".") if file else "csv")
    _check_choice("--format", given, export.FORMATS)
    file = file or Path(f"records.{given}")
    records = {
        study.name: load_archive(out / study.name)[1].values()
        for study in _stored_studies(preset, out)
    }
    if not any(records.values()):
        raise UsageError(f"{out} holds no runs to export, only studies that train nothing")
    table = export.table(records)
    try:
        with file.open("wb") as opened:
            export.write(table, opened, given)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot write {file} ({reason}); give another FILE") from error
    typer.echo(f"The table is {file}")


def all_studies():
    """Every study of this folder, in order of name."""
    return [find_study(name) for name in study_names()]


def study_names():
    """The names of the modules of this folder that are studies."""
    modules = [module.name for module in pkgutil.iter_modules(experiments.__path__)]
    return sorted(name for name in modules if name != "__main__")


def find_study(name):
    """Return the study of that name.

    Raises:
        UsageError: when there is none.
    """
    _check_choice("study", name, study_names())
    return importlib.import_module(f"experiments.{name}").study


def _report_folder(preset, out):
    _check_choice("--preset", preset, PRESETS)
    return out or ROOT / "reports" / preset


def _stored_studies(preset, out):
    """The studies that have records in the folder of a report."""
    stored = [study for study in all_studies() if (out / study.name / "records.json").exists()]
    if not stored:
        raise UsageError(
            f"{out} holds no records; make some with "
            f"`python -m experiments run --all --preset {preset} --out {out}`"
        )
    return stored


def _draw(studies, out, jobs):
    """Write the figures and findings of studies from their stored records, several at a time."""
    import joblib

    jobs = min(jobs or os.cpu_count(), len(studies))
    typer.echo(f"Drawing {len(studies)} {'study' if len(studies) == 1 else 'studies'}", err=True)
    joblib.Parallel(jobs)(joblib.delayed(study.draw)(out / study.name) for study in studies)


def _write_report(out):
    written = [study.name for study in all_studies() if (out / study.name).is_dir()]
    typer.echo(f"The report is {write_report(out, written)}")


def _check_choice(what, given, allowed):
    if given not in allowed:
        raise UsageError(f"unknown {what} {given!r}; choose from {', '.join(allowed)}")


def _check_at_least_one(option, number):
    if number is not None and number < 1:
        raise UsageError(f"{option} must be a whole number of at least 1, not {number}")


def _check_writable(folder, option="--out"):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write to {folder} ({error.strerror}); give another folder with {option}"
        ) from error


def main(arguments=None):
    """Run the command line; a mistake of the user's ends it with one line and exit code 2."""
    warnings.showwarning = lambda message, *_: typer.echo(f"warning: {message}", err=True)
    try:
        app(arguments, prog_name="python -m experiments")
    except EXPECTED as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except RunsInterrupted as interrupted:
        typer.echo(f"\nStopped: {interrupted}. The same command goes on from there.", err=True)
        sys.exit(130)


def run_one(name):
    """Run one study with the options of `run`, as `python -m experiments.NAME` does."""
    main(["run", name, *sys.argv[1:]])


if __name__ == "__main__":
    main()
