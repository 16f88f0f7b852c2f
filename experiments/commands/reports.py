"""The folder of a report: what is stored there, drawn and written."""

import os
import warnings

import typer

from experiments.commands.options import UsageError, check_choice
from experiments.commands.studies import all_studies
from reporting.page.report import write
from reporting.search.stored_search import StoredSearch
from reporting.study.lab import PRESETS
from training.backend import BACKENDS, running_backend
from training.provenance import ROOT


def report_folder(preset, out):
    """The folder given, or that of the preset, which on another backend bears its name too."""
    check_choice("--preset", preset, PRESETS)
    backend = running_backend()
    return out or ROOT / "reports" / (preset if backend == BACKENDS[0] else f"{preset}-{backend}")


def stored_in(out, preset):
    """The studies and searches that have records in the folder of a report.

    Raises:
        UsageError: when there are none.
    """
    stored = [study for study in all_studies() if (out / study.name / "records.json").exists()]
    stored += StoredSearch.all_of(out)
    if not stored:
        raise UsageError(
            f"{out} holds no records; make some with "
            f"`python -m experiments run --all --preset {preset} --out {out}`"
        )
    return stored


def draw(studies, out, jobs):
    """Write the figures and findings of studies from their stored records, several at a time."""
    import joblib

    jobs = min(jobs or os.cpu_count(), len(studies))
    typer.echo(f"Drawing {len(studies)} {'study' if len(studies) == 1 else 'studies'}", err=True)
    with warnings.catch_warnings():
        # A process whose memory has grown is replaced, and nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
        joblib.Parallel(jobs)(joblib.delayed(study.draw)(out / study.name) for study in studies)


def write_report(out):
    """Write the report of all that is stored in its folder, and say where it is."""
    written = [study.name for study in all_studies() if (out / study.name).is_dir()]
    written += [search.name for search in StoredSearch.all_of(out)]
    typer.echo(f"The report is {write(out, written)}")
