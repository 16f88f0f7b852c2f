"""The folder of a report: drawing what is stored there, and writing the report itself."""

import os
import sys
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import typer

from experiments import study_names
from experiments.commands.options import check_choice
from reporting import Findings, FindingsError, MissingRunsError
from reporting.findings import FILE_NAME as FINDINGS
from reporting.findings import is_drawn
from reporting.page.report import write
from reporting.page.terminal import answers
from reporting.search.stored_search import StoredSearch
from reporting.study.lab import PRESETS
from reporting.study.study import Study
from training.backend import BACKENDS, running_backend
from training.provenance import ROOT
from training.store.archive import is_stored
from training.store.files import DamagedRecordError


def report_folder(preset: str, out: Path | None) -> Path:
    """The folder given with `--out`, or else the preset's.

    On a backend other than the default, the preset's folder also carries the backend's name.
    """
    check_choice("--preset", preset, PRESETS)
    backend = running_backend()
    return out or ROOT / "reports" / (preset if backend == BACKENDS[0] else f"{preset}-{backend}")


class DrawingError(ValueError):
    """Studies that could not be drawn from what is stored."""


def draw_report(
    asked: Sequence[Study | StoredSearch],
    out: Path,
    jobs: int | None,
    undrawn: Sequence[Study | StoredSearch] = (),
) -> None:
    """Draw studies from what is stored, write the report, and print the answers and its path.

    The report covers every study drawn in its folder, now or before. A study that cannot be drawn
    costs only itself.

    Args:
        asked: What the user asked for; each is stored in the subfolder of its name.
        out: Folder of the report.
        jobs: Processes; None takes one per processor.
        undrawn: What else to draw there, because an earlier command was interrupted.

    Raises:
        DrawingError: If some that were asked for could not be drawn, after the report is written.
    """
    errors = _draw([*asked, *undrawn], out, jobs)
    for study in undrawn:
        if study.name in errors:
            typer.echo(f"warning: {errors[study.name]}", err=True)
    drawn = [study.name for study in asked if study.name not in errors]
    if drawn:
        path = _write(out, known={study.name for study in (*asked, *undrawn)})
        _print_answers([Findings.load(out / name) for name in drawn])
        typer.echo(f"The report is {path}")
    failed = [errors[study.name] for study in asked if study.name in errors]
    if failed:
        raise DrawingError("; ".join(failed))


def _draw(studies: Sequence[Study | StoredSearch], out: Path, jobs: int | None) -> dict[str, str]:
    """Draw studies, several at a time; return name → error of those that cannot be drawn."""
    import joblib

    jobs = min(jobs or os.cpu_count() or 1, len(studies))
    typer.echo(f"Drawing {len(studies)} {'study' if len(studies) == 1 else 'studies'}", err=True)
    with warnings.catch_warnings():
        # joblib replaces a worker whose memory has grown, and nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
        errors = joblib.Parallel(jobs)(joblib.delayed(_draw_one)(study, out) for study in studies)
    names = [study.name for study in studies]
    return {name: error for name, error in zip(names, errors, strict=True) if error}


def _draw_one(study: Study | StoredSearch, out: Path) -> str | None:
    """Draw one study; return the error, if it is one the user can fix."""
    try:
        study.draw(out / study.name)
    except (DamagedRecordError, FindingsError, MissingRunsError) as error:
        return f"cannot draw {study.name}: {error}"
    return None


def _print_answers(findings: Sequence[Findings]) -> None:
    from rich.console import Console

    with_claims = [found for found in findings if found.claims]
    if with_claims:
        Console(width=None if sys.stdout.isatty() else 120).print(answers(with_claims))
        typer.echo()


def _write(out: Path, known: Collection[str]) -> Path:
    """Write the report, name what is stored but undrawn unless it is known, and return its path."""
    names = [*study_names(), *(search.name for search in StoredSearch.all_of(out))]
    stored = [name for name in names if is_stored(out / name)]
    if undrawn := [name for name in stored if name not in known and not is_drawn(out / name)]:
        typer.echo(
            f"warning: what is stored of {', '.join(undrawn)} has not been drawn yet; "
            f"`python -m experiments report --out {out}` draws it",
            err=True,
        )
    drawn = [name for name in names if (out / name / FINDINGS).exists()]
    return write(out, drawn)
