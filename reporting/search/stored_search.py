"""The outcome of a search for hyperparameters, stored in a report and drawn from its records."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from datasets.loading import PUBLISHED
from reporting.figures import charts, plots
from reporting.findings import Chart, Figure, Findings, FindingsError, Table, discard
from reporting.search import figures as drawing
from reporting.search.axes import EPOCHS, SCORE, Axis, axes_of, epochs_of
from reporting.study.study import datasets_of, provenance_of
from reporting.verdicts.measures import final, over_seeds
from training.record import FAILED, RunRecord
from training.search.trials import Trial, best_of
from training.store.archive import load_archive, save_archive, stored_hash

PREFIX = "search_"
"""Of the folder of every search in a report."""

CURVE_POINTS = 400
"""Iterations that the chart keeps of each of its many curves."""

ACCURACIES = "Accuracies: mean over seeds, and that of each seed in parentheses."

FIGURES = {
    "parallel_coordinates": (
        "Every trial is a line through its settings to its validation accuracy, the darker the "
        "higher; the best trial is drawn in orange.",
        "Lines through the settings of each trial, coloured by validation accuracy.",
    ),
    "score_against_settings": (
        "Validation accuracy against each hyperparameter. Point: mean over seeds, bar: smallest "
        "to largest; the best trial is an orange star, a cross at the foot is a trial of which a "
        f"run failed: {FAILED}.",
        "Validation accuracy of each trial against each hyperparameter.",
    ),
    "learning_curves": (
        "The loss of the batches, as a moving average, and the validation accuracy of all trials, "
        "mean over seeds, the darker the higher the last accuracy; the best trial in orange.",
        "Loss and validation accuracy of every trial over the epochs.",
    ),
}
"""Name → caption and alternative text."""


class StoredSearch:
    """A search whose outcome is stored in a report's folder. It is drawn like a study.

    Args:
        name: Name of its folder, which begins with `PREFIX`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def all_of(cls, folder: str | Path) -> list["StoredSearch"]:
        """Return the searches of the report in `folder`, by name."""
        paths = sorted(Path(folder).glob(f"{PREFIX}*/records.json"))
        return [cls(path.parent.name) for path in paths]

    def store(
        self, about: dict[str, Any], records: Sequence[RunRecord], folder: str | Path
    ) -> None:
        """Store the outcome in `folder`, for `draw`.

        Args:
            about: "preset", and "search": name of the space, algorithm, seed, seeds, space (its
                config in keras-tuner), trials (number, settings and keys of the runs), failed
                (number of trials without a score) and command.
            records: Of all runs.
            folder: To store in; it is made if it does not exist.
        """
        Path(folder).mkdir(parents=True, exist_ok=True)
        save_archive(folder, about, records)

    def draw(self, folder: str | Path) -> None:
        """Write findings and figures from the outcome stored in `folder`.

        Raises:
            FileNotFoundError: If nothing is stored there.
            DamagedRecordError, FindingsError: If what is stored is damaged.
        """
        drawn_from = stored_hash(folder)  # before reading, so that a later change is noticed
        about, records = load_archive(folder)
        try:
            search, preset = about["search"], about["preset"]
            trials = [
                Trial(trial["number"], trial["settings"], [records[key] for key in trial["runs"]])
                for trial in search["trials"]
            ]
            self._write(search, preset, trials, Path(folder), drawn_from)
        except (KeyError, TypeError, AttributeError) as error:
            raise FindingsError(
                f"{folder} does not hold the outcome of a search ({type(error).__name__}: {error});"
                " search again to renew it"
            ) from error

    def _write(self, search, preset, trials, folder, drawn_from):
        records = [record for trial in trials for record in trial.records]
        axes = axes_of(search["space"], trials)
        dataset, data = records[0].config.dataset, records[0].config.data
        title = PUBLISHED[dataset].title
        note = _note(title, data, trials, search)
        with plots.style():
            figures = {
                "parallel_coordinates": drawing.draw_parallel(axes, trials),
                "score_against_settings": drawing.draw_scores(axes, trials),
                "learning_curves": drawing.draw_curves(trials),
            }
        discard(folder)
        for name, figure in figures.items():
            plots.data_note(figure, note)
            plots.save(figure, folder, name)
        curves = charts.settings_data(*drawing.chart_of(trials), most_points=CURVE_POINTS)
        charts.save(curves, folder, "every_loss")
        caption = f"The loss of every batch of each trial. {note}"
        if charts.thinned(curves):
            caption += " Of long curves, it shows the lowest and highest of equal stretches."
        names = ", ".join(axis.name for axis in axes)
        Findings(
            study=self.name,
            title=f"Search: {search['name']} on {title}, {search['algorithm']}",
            question=f"Which {names} give the highest validation accuracy?",
            says="",
            sources=[],
            preset=preset,
            seeds=search["seeds"],
            data=datasets_of(records),
            claims=[],
            tables=[best_table(axes, trials), trials_table(axes, trials, search["failed"])],
            figures=[Figure(name, *texts) for name, texts in FIGURES.items()],
            provenance=provenance_of(records),
            command=search["command"],
            charts=[Chart("every_loss", "The loss of every trial at every iteration", caption)],
            drawn_from=drawn_from,
        ).save(folder)


def best_table(axes: Sequence[Axis], trials: Sequence[Trial]) -> Table:
    """Tabulate the best trial's settings, and what its runs reached.

    Args:
        axes: Of the hyperparameters.
        trials: Of the search.
    """
    best = best_of(trials)
    rows: list[list[Any]] = [[axis.name, axis.text(best.settings.get(axis.name))] for axis in axes]
    tested = over_seeds(best.records, final("test_accuracy"))
    rows += [
        [EPOCHS, epochs_of(best)],
        ["parameters", best.records[0].parameters],
        [SCORE, _mean_and_seeds(best.scores)],
        ["test accuracy", _mean_and_seeds(tested)],
    ]
    note = f"{ACCURACIES} Chosen by the mean validation accuracy; test images chose nothing."
    return Table("Best settings", ["", f"trial {best.number}"], rows, note)


def trials_table(axes: Sequence[Axis], trials: Sequence[Trial], failed: int = 0) -> Table:
    """Tabulate all trials, the best first.

    Args:
        axes: Of the hyperparameters.
        trials: Of the search.
        failed: Number of trials that have no score. Defaults to 0.
    """
    ranked = sorted(trials, key=lambda trial: -trial.score)
    rows = [
        [
            trial.number,
            *(axis.text(trial.settings.get(axis.name)) for axis in axes),
            epochs_of(trial),
            _mean_and_seeds(trial.scores),
        ]
        for trial in ranked
    ]
    columns = ["trial", *(axis.name for axis in axes), EPOCHS, SCORE]
    note = f"{ACCURACIES} A failed run counts as 0."
    if failed:
        note += f" Trials that could not be trained, and are not shown: {failed}."
    return Table("Trials", columns, rows, note)


def _mean_and_seeds(accuracies: NDArray) -> str:
    mean = f"{accuracies.mean():.4f}"
    if len(accuracies) == 1:
        return mean
    return f"{mean} ({', '.join(f'{accuracy:.4f}' for accuracy in accuracies)})"


def _note(title: str, data: str, trials: Sequence[Trial], search: Mapping[str, Any]) -> str:
    seeds = "1 seed" if search["seeds"] == 1 else f"{search['seeds']} seeds"
    return f"Data: {title} ({data}). {len(trials)} trials, {seeds} each."
