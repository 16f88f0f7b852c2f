"""Studies by name; only commands that are given names import them all."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from experiments import study_names
from experiments.commands.options import UsageError, check_choice
from reporting.search.stored_search import StoredSearch
from reporting.study.study import Study
from training.store.archive import is_stored


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


def stored_in(out: Path) -> list[Study | StoredSearch]:
    """The studies and searches whose results are stored in a report's folder."""
    studies = [find_study(name) for name in study_names() if is_stored(out / name)]
    return [*studies, *StoredSearch.all_of(out)]


def check_stored(stored: Sequence[Study | StoredSearch], out: Path, preset: str) -> None:
    """Raise UsageError if nothing is stored in a report's folder, saying how to change that."""
    if not stored:
        raise UsageError(
            f"{out} holds no records; make some with "
            f"`python -m experiments run --all --preset {preset} --out {out}`"
        )
