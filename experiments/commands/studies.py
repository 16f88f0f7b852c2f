"""Studies by name; only commands that are given names import them all."""

import importlib
from pathlib import Path

from experiments import study_names
from experiments.commands.options import UsageError, check_choice
from reporting.search.stored_search import StoredSearch
from reporting.study.study import Study


def all_studies() -> list[Study]:
    """Every study, in alphabetical order."""
    return [find_study(name) for name in study_names()]


def find_study(name: str) -> Study:
    """Return the study with this name.

    Raises:
        UsageError: If there is none.
    """
    check_choice("study", name, study_names())
    return importlib.import_module(f"experiments.{name}").study


def stored_in(out: Path, preset: str) -> list[Study | StoredSearch]:
    """The studies and searches whose records are in a report's folder.

    Args:
        out: Folder of the report.
        preset: The preset to suggest if there are none.

    Raises:
        UsageError: If there are none.
    """
    stored = [study for study in all_studies() if (out / study.name / "records.json").exists()]
    stored += StoredSearch.all_of(out)
    if not stored:
        raise UsageError(
            f"{out} holds no records; make some with "
            f"`python -m experiments run --all --preset {preset} --out {out}`"
        )
    return stored
