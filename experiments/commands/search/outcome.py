"""What a search leaves in the folder of a report."""

from pathlib import Path

from experiments.commands.search.spaces import SPACES
from reporting.search.stored_search import StoredSearch
from training.search.search import Search
from training.search.trials import Outcome


def store(search: Search, outcome: Outcome, preset: str, out: Path) -> StoredSearch:
    """Store the outcome of a search in its subfolder of a report.

    Args:
        search: The search.
        outcome: What it found.
        preset: Name of the preset.
        out: Folder of the report.

    Returns:
        The stored search, which can be drawn.
    """
    stored = StoredSearch(search.study)
    failed = _failed_trials(outcome)
    about = {
        "name": search.name,
        "algorithm": search.algorithm,
        "seed": search.seed,
        "seeds": search.seeds,
        "space": search.space["space"],
        "failed": failed,
        "command": command(search, len(outcome.trials) + failed, preset),
        "trials": [
            {
                "number": trial.number,
                "settings": trial.settings,
                "runs": [config.key for config in trial.configs],
            }
            for trial in outcome.trials
        ],
    }
    stored.store({"preset": preset, "search": about}, outcome.records, out / stored.name)
    return stored


def command(search: Search, trials: int, preset: str) -> str:
    """The command that makes the same search again.

    Args:
        search: The search.
        trials: Number of its trials.
        preset: Name of its preset.
    """
    config = search.config
    options = {
        "builder": config.builder,
        "dataset": config.dataset,
        "algorithm": search.algorithm,
        "preset": preset,
        "trials": trials,
        "epochs": config.epochs,
        "seeds": search.seeds,
        "seed": search.seed,
        "train-size": config.train_size,
        "validation-size": config.validation_size,
        "data": config.data,
    }
    if search.name in SPACES and search.name != "dense":
        options["optimizer"] = config.optimizer
    given = [f"--{name} {value}" for name, value in options.items() if value is not None]
    return f"python -m experiments search {search.name} {' '.join(given)}"


def _failed_trials(outcome: Outcome) -> int:
    """The number of trials in which a run failed."""
    failures = outcome.failed.failures if outcome.failed else ()
    return len({failure.config.replace(seed=0) for failure in failures})
