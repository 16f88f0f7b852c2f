"""The command line: `python -m experiments`."""

import contextlib
import importlib
import operator
import os
import pkgutil
import re
import sys
import warnings
from functools import partial, reduce
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

import datasets
import experiments
from reporting import FindingsError, Lab, MissingRunsError
from reporting.cache import removal, write_status
from reporting.lab import PRESETS
from reporting.report import ReportError, write_claims
from reporting.report import write as write_report
from reporting.search import StoredSearch
from training import (
    BackendError,
    ConfigError,
    DamagedRecordError,
    FailedRunsError,
    RunsInterrupted,
    events,
    export,
    run_all,
)
from training.backend import BACKENDS, import_keras, running_backend
from training.cleaning import leftovers, removable_runs, remove
from training.cluster import ClusterError, connected
from training.provenance import ROOT
from training.runner import runs_folder
from training.search import ALGORITHMS, SearchError
from training.store import RunCache, load_archive

PROGRAM = "python -m experiments"

app = typer.Typer(
    help="Run the statements of five neural-network courses as controlled experiments.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class UsageError(ValueError):
    """What the user asked for cannot be done; the message says what can."""


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
    cluster: Cluster = None,
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
    out = _report_folder(preset, out)
    _check_writable(out)
    if tensorboard:
        _check_writable(tensorboard, "--tensorboard")
    _check_writable(runs_folder(runs), "--runs")
    complete, failures = [], []
    with connected(cluster) if cluster else contextlib.nullcontext() as client:
        sources = _sources([name for study in studies for name in study.datasets], data, data_dir)
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
        _draw(complete, out, jobs)
        _write_report(out)
    if failures:
        raise reduce(operator.add, failures)


@app.command()
def search(
    space: Annotated[
        str | None, typer.Argument(help="dense, cnn or learning_rate; or a name for --builder's.")
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="fashion_mnist, mnist or cifar10.")
    ] = "fashion_mnist",
    algorithm: Annotated[str, typer.Option(help="random, bayesian or hyperband.")] = "random",
    trials: Annotated[
        int | None, typer.Option(help="By default 10 for quick, 50 for paper, a Hyperband's sweep.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Of a trial, the most for hyperband; by default 5 or 20.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Runs of a trial; by default 2 for quick, 3 for paper.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of settings.")] = 0,
    optimizer: Annotated[
        str | None, typer.Option(help="Of cnn and learning_rate; by default adam.")
    ] = None,
    builder: Annotated[
        str | None, typer.Option(help="package.module:function that builds a model of yours.")
    ] = None,
    train_size: Annotated[int | None, typer.Option(help="Training images.")] = None,
    validation_size: Annotated[
        int | None, typer.Option(help="Training images set apart to score by.")
    ] = None,
    preset: Preset = "quick",
    jobs: Jobs = None,
    data: Data = "auto",
    data_dir: DataDir = None,
    out: Out = None,
    runs: Runs = None,
    chief: Annotated[
        str | None, typer.Option(help="HOST:PORT to give trials to workers at.")
    ] = None,
    worker: Annotated[
        str | None, typer.Option(help="HOST:PORT of the chief to run trials for.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the worker; by default a new one.")] = None,
):
    """Search for the best hyperparameters; the same command goes on where it stopped."""
    from experiments import search as searching

    _check_choice("--dataset", dataset, datasets.NAMES)
    _check_choice("--algorithm", algorithm, ALGORITHMS)
    _check_choice("--preset", preset, PRESETS)
    _check_choice("--data", data, ("auto", "real", "stand-in"))
    counts = {"--trials": trials, "--epochs": epochs, "--seeds": seeds, "--jobs": jobs}
    for option, number in counts.items():
        _check_at_least_one(option, number)
    out = _report_folder(preset, out)
    _check_writable(out)
    _check_writable(runs_folder(runs), "--runs")
    found = searching.run(
        space=space,
        builder=builder,
        optimizer=optimizer,
        dataset=dataset,
        source=lambda name: _sources([name], data, data_dir)[name],
        preset=preset,
        sizes={"train_size": train_size, "validation_size": validation_size, "epochs": epochs},
        seeds=seeds,
        trials=trials,
        algorithm=algorithm,
        seed=seed,
        out=out,
        chief=chief,
        worker=worker,
        name=name,
        jobs=jobs,
        data_dir=data_dir,
        runs_dir=runs,
    )
    if found:
        _draw([found], out, jobs)
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


@app.command()
def status(runs: Runs = None):
    """Show what is being trained, how far it is, and what the run cache holds."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    write_status(RunCache(runs_folder(runs)), Console(width=width, markup=False, highlight=False))


@app.command()
def clean(
    names: Names = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only runs of that age, such as 30d or 12h.")
    ] = None,
    runs: Runs = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
):
    """Remove runs of studies or of an age from the cache, and what killed processes left there."""
    cache = RunCache(runs_folder(runs))
    for name in names or ():
        _check_choice("study", name, sorted({*study_names(), *cache.asked()}))
    age = _seconds("--older-than", older_than)
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


def all_studies():
    """Every study of this folder, in order of name."""
    return [find_study(name) for name in study_names()]


def study_names():
    """The names of the modules of this folder that are studies."""
    modules = [module.name for module in pkgutil.iter_modules(experiments.__path__)]
    return sorted(name for name in modules if name not in ("__main__", "search"))


def find_study(name):
    """Return the study of that name.

    Raises:
        UsageError: when there is none.
    """
    _check_choice("study", name, study_names())
    return importlib.import_module(f"experiments.{name}").study


def _sources(names, data, data_dir):
    """Name of an image set → whether it is "real" or a "stand-in"."""
    if data != "stand-in" and data_dir is None:
        import_keras()  # or Keras, asked for its datasets, would do so with many notes
    return {name: datasets.resolve(name, data, data_dir) for name in dict.fromkeys(names)}


def _report_folder(preset, out):
    """The folder given, or that of the preset, which on another backend bears its name too."""
    _check_choice("--preset", preset, PRESETS)
    backend = running_backend()
    return out or ROOT / "reports" / (preset if backend == BACKENDS[0] else f"{preset}-{backend}")


def _stored_studies(preset, out):
    """The studies and searches that have records in the folder of a report."""
    stored = [study for study in all_studies() if (out / study.name / "records.json").exists()]
    stored += StoredSearch.all_of(out)
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
    written += [search.name for search in StoredSearch.all_of(out)]
    typer.echo(f"The report is {write_report(out, written)}")


def _check_choice(what, given, allowed):
    if given not in allowed:
        raise UsageError(f"unknown {what} {given!r}; choose from {', '.join(allowed)}")


def _seconds(option, age):
    """The seconds of an age such as 30d; None stays None."""
    if age is None:
        return None
    given = re.fullmatch(r"(\d+)([hdw])", age)
    if not given:
        raise UsageError(f"{option} must be a number of h, d or w, such as 30d, not {age!r}")
    return int(given[1]) * {"h": 3600, "d": 86_400, "w": 604_800}[given[2]]


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
