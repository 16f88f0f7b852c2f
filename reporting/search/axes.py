"""Hyperparameters as axes: the space and the trials of a search in, `Axis` objects out."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reporting.verdicts.formatting import format_number
from training.search.trials import Trial

EPOCHS, SCORE = "epochs", "validation accuracy"
"""Names of what is drawn beside the hyperparameters."""

MOST_TICKS = 8
"""Up to this number of values of a hyperparameter, each has a tick."""


def epochs_of(trial: Trial) -> int | None:
    """Return the number of epochs that the runs of a trial were to train for."""
    return trial.records[0].config.epochs


def values_of(trial: Trial) -> dict[str, Any]:
    """Return what a trial can be drawn against: its settings, epochs and score."""
    return trial.settings | {EPOCHS: epochs_of(trial), SCORE: trial.score}


@dataclasses.dataclass(frozen=True)
class Axis:
    """A hyperparameter as an axis.

    Args:
        name: Of the hyperparameter.
        values: Those that trials had, in order; numbers ascend.
        logarithmic: Whether the axis is logarithmic.
        categorical: Whether the values are names or truth values, which are drawn evenly spaced.
    """

    name: str
    values: list[Any]
    logarithmic: bool
    categorical: bool

    def text(self, value: Any) -> str:
        """Return a value as the reader sees it: a dash for None."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            value = float(f"{value:.3g}")
        return value if isinstance(value, str) else format_number(value)

    def place(self, trial: Trial) -> float:
        """Return where a trial lies, in the axis's own numbers: NaN if it has no value."""
        value = values_of(trial).get(self.name)
        if value is None:
            return np.nan
        return self.values.index(value) if self.categorical else value

    def share(self, place: float) -> float:
        """Return where a place lies along the axis, from 0 to 1."""
        scale = np.log if self.logarithmic else np.asarray
        low, high = scale(self.limits)
        return float((scale(place) - low) / (high - low))

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and largest place, which are never equal."""
        low, high = self.values[0], self.values[-1]
        if self.categorical:
            low, high = 0, len(self.values) - 1
        if low < high:
            return low, high
        return (low / 2, high * 2) if self.logarithmic else (low - 0.5, high + 0.5)

    @property
    def ticks(self) -> dict[float, str]:
        """Place → text."""
        if self.categorical:
            return {place: self.text(value) for place, value in enumerate(self.values)}
        if len(self.values) <= MOST_TICKS:
            return {value: self.text(value) for value in self.values}
        from matplotlib.ticker import LogLocator, MaxNLocator

        low, high = self.limits
        locator = LogLocator() if self.logarithmic else MaxNLocator(5)
        places = [place for place in locator.tick_values(low, high) if low <= place <= high]
        return {place: self.text(place) for place in places}


def axes_of(space: Sequence[Mapping[str, Any]], trials: Sequence[Trial]) -> list[Axis]:
    """Return the axis of each hyperparameter that trials used.

    Args:
        space: As in `HyperParameters.get_config()["space"]` of keras-tuner.
        trials: Of the search.
    """
    axes = []
    for hyperparameter in space:
        config = hyperparameter["config"]
        name = config["name"]
        used = {trial.settings[name] for trial in trials if name in trial.settings}
        if not used:
            continue
        categorical = any(isinstance(value, str | bool) for value in used)
        order = config.get("values", sorted(used)) if categorical else sorted(used)
        values = [value for value in order if value in used]
        logarithmic = config.get("sampling") == "log" and not categorical
        axes.append(Axis(name, values, logarithmic, categorical))
    return axes


def epochs_axis(trials: Sequence[Trial]) -> Axis:
    """Return the axis of the number of epochs."""
    return _number_axis(EPOCHS, trials)


def score_axis(trials: Sequence[Trial]) -> Axis:
    """Return the axis of the score."""
    return _number_axis(SCORE, trials)


def _number_axis(name, trials):
    values = sorted({values_of(trial)[name] for trial in trials})
    return Axis(name, values, logarithmic=False, categorical=False)
