"""The folder of a report: drawing what is stored there, and writing the report itself."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import typer

from experiments import study_names
from experiments.commands.options import check_choice
from reporting.page.report import write
from reporting.search.stored_search import StoredSearch
from reporting.study.lab import PRESETS
from reporting.study.study import Study
from training.backend import BACKENDS, running_backend
from training.provenance import ROOT


def report_folder(preset: str, out: Path | None) -> Path:
    """The folder given with `--out`, or else the preset's.

    On a backend other than the default, the preset's folder also carries the backend's name.
    """
    check_choice("--preset", preset, PRESETS)
    backend = running_backend()
    return out or ROOT / "reports" / (preset if backend == BACKENDS[0] else f"{preset}-{backend}")


def draw(studies: Sequence[Study | StoredSearch], out: Path, jobs: int | None) -> None:
    """Write figures and findings from stored records, several studies at a time.

    Args:
        studies: What to draw; each has its records in the folder of its name.
        out: Folder of the report.
        jobs: Processes; None takes one per processor.
    """
    import joblib

    jobs = min(jobs or os.cpu_count() or 1, len(studies))
    typer.echo(f"Drawing {len(studies)} {'study' if len(studies) == 1 else 'studies'}", err=True)
    with warnings.catch_warnings():
        # joblib replaces a worker whose memory has grown, and nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
        joblib.Parallel(jobs)(joblib.delayed(study.draw)(out / study.name) for study in studies)


def write_report(out: Path) -> None:
    """Write the report on everything stored in its folder, and print its path."""
    names = [name for name in study_names() if (out / name).is_dir()]
    names += [search.name for search in StoredSearch.all_of(out)]
    typer.echo(f"The report is {write(out, names)}")
