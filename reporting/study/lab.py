"""`Lab`: gives a study its runs, whether they are trained now or were stored before."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training import RunConfig, RunRecord
from training.backend import BACKENDS, running_backend
from training.store.computed import as_stored

Methods = dict[Any, list[RunRecord]]
"""Label of a method → its runs, one for each seed."""

PRESETS = {"quick": 3, "paper": 5}
"""Preset → number of seeds, unless the study or the user gives another."""

CNN_SEEDS = {"quick": 2, "paper": 3}
"""The same for studies of convolutional networks, which take longer."""

CRITERIA = {
    "training loss": lambda record: record.final["loss"],
    "validation error": lambda record: 1 - record.epochs["val_accuracy"][-1],
}
"""What a learning rate can be chosen by → function of a record; lower is better."""

TUNING_SEEDS = (1000, 1001)
"""Seeds for choosing a learning rate, apart from those that methods are compared on."""


class MissingRunsError(ValueError):
    """Runs that a report needs are not stored."""


@dataclasses.dataclass(frozen=True)
class Tuning:
    """How a method's learning rate was chosen.

    Attributes:
        best: The config at the chosen learning rate.
        criterion: What it was chosen by, a key of `CRITERIA`.
        rates: Learning rates tried, ascending, shape (rates,).
        scores: The criterion of each run after its last update, shape (seeds, rates); infinite at
            rates that are out, see `Lab.tune`.
    """

    best: RunConfig
    criterion: str
    rates: NDArray[np.float64]
    scores: NDArray[np.float64]


class Lab:
    """Gives a study its runs, over the seeds of the preset.

    Args:
        preset: "quick" or "paper".
        seeds: Number of seeds; the runs take 0 to seeds − 1.
        data: Name of a data set → "real" or "stand-in".
        obtain: Function of a list of configs that trains them, or reads them, and returns their
            records.
        backend: Backend of Keras. Defaults to that of this process.
        stored: Name → what was computed before. Defaults to None: it is computed now.

    Attributes:
        records: Config's key → record, for every run that was requested.
        methods: (label, config) of every method that was trained for comparison, in order.
        computed: Name → what the study computed itself.
        tunings: Label → `Tuning`, for every method whose learning rate was chosen.
    """

    def __init__(
        self,
        preset: str,
        seeds: int,
        data: Mapping[str, str],
        obtain: Callable[[list[RunConfig]], list[RunRecord]] | None,
        backend: str | None = None,
        stored: Mapping[str, Any] | None = None,
    ) -> None:
        self.preset = preset
        self.seeds = seeds
        self.data = data
        self.backend = backend or running_backend()
        self.records: dict[str, RunRecord] = {}
        self.methods: list[tuple[Any, RunConfig]] = []
        self.computed: dict[str, Any] = {}
        self.tunings: dict[Any, Tuning] = {}
        self._obtain = obtain
        self._stored = stored

    @classmethod
    def of_archive(
        cls,
        about: dict[str, Any],
        records: Mapping[str, RunRecord],
        computed: Mapping[str, Any] | None = None,
    ) -> Self:
        """The lab that stored an archive: it trains and computes nothing.

        Args:
            about: What `about` gave when the archive was stored.
            records: Key → record.
            computed: Name → what was computed then. Defaults to nothing.
        """
        # By config, as the keys of older archives count options that are at their defaults.
        stored = {record.config: record for record in records.values()}

        def obtain(configs):
            missing = [config for config in configs if config not in stored]
            if missing:
                raise MissingRunsError(
                    f"{len(missing)} of the runs that the study asks for are not in its archive, "
                    f"the first of them {missing[0]}"
                )
            return [stored[config] for config in configs]

        return cls(obtain=obtain, stored=computed or {}, **{"backend": BACKENDS[0]} | about)

    @property
    def about(self) -> dict[str, Any]:
        """Preset, seeds, data and backend, as a JSON object."""
        names = ("preset", "seeds", "data", "backend")
        return {name: getattr(self, name) for name in names}

    @property
    def tuning_seeds(self) -> tuple[int, ...]:
        """The `TUNING_SEEDS` of the preset: one for "quick", all for "paper"."""
        return self.choose(quick=TUNING_SEEDS[:1], paper=TUNING_SEEDS)

    def choose(self, **by_preset: Any) -> Any:
        """Return the argument named like the preset: `lab.choose(quick=…, paper=…)`."""
        return by_preset[self.preset]

    def config(self, dataset: str = "fashion_mnist", **fields: Any) -> RunConfig:
        """A config on the lab's data; "quick" tests on a fifth of the test images.

        Args:
            dataset: Name of a data set of the study. Defaults to "fashion_mnist".
            **fields: Fields of `RunConfig`.
        """
        shared = {
            "data": self.data[dataset],
            "backend": self.backend,
            "test_size": self.choose(quick=2_000, paper=None),
        }
        return RunConfig(dataset=dataset, **shared | fields)

    def train(self, methods: Mapping[Any, RunConfig]) -> Methods:
        """Run each method once for each seed, all together, so that they share the processors.

        Args:
            methods: Label → config.

        Returns:
            Label → records, one for each seed, in order.
        """
        self.methods += methods.items()
        return self._over(range(self.seeds), methods)

    def compute(
        self, name: str, function: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Any:
        """Call a function for what the study computes itself, beside the runs that it trains.

        What it returns is stored with the records, and read from there when the study is drawn:
        drawing computes nothing, and shows the same on every machine.

        Args:
            name: Name that tells what was computed from everything else that the study computes.
            function: Function that returns something `training.store.computed.as_stored` can
                store, such as a dictionary of arrays.
            *arguments: Its arguments.
            **options: Its arguments by name.

        Returns:
            What the function returned, as it is stored.

        Raises:
            MissingRunsError: If nothing of that name was stored when the study is drawn.
        """
        if self._stored is None:
            self.computed[name] = as_stored(function(*arguments, **options))
        elif name not in self._stored:
            raise MissingRunsError(
                f"what the study computes as {name!r} is not stored; run the study again"
            )
        else:
            self.computed[name] = self._stored[name]
        return self.computed[name]

    def trials(self, methods: Mapping[Any, RunConfig]) -> Methods:
        """Run each method once for each of the `tuning_seeds`, to choose among them.

        Args:
            methods: Label → config.

        Returns:
            Label → records, one for each of those seeds.
        """
        return self._over(self.tuning_seeds, methods)

    def tune(
        self,
        methods: Mapping[Any, RunConfig],
        rates: Sequence[float] | Mapping[Any, Sequence[float]],
        by: str = "training loss",
    ) -> dict[Any, RunConfig]:
        """Choose each method's learning rate: the one with the best mean over `trials`.

        A rate at which any run failed is out (see `RunRecord.failed`). If none is left, as when
        training is too short to learn anything, the rates remain at which all losses are finite.
        When the best rate is the largest or the smallest tried, the grid is extended beyond it, so
        that the optimum lies inside.

        Args:
            methods: Label → config.
            rates: Learning rates to begin with, two in a decade: …, 0.01, 0.03, 0.1, 0.3, …; for
                all methods, or label → those of the method.
            by: What is measured after the last update, a key of `CRITERIA`. Defaults to "training
                loss".

        Returns:
            Label → the method's config at its chosen rate.

        Raises:
            ValueError: If a method has no rate at which all losses are finite.
        """
        tried: dict[Any, Methods] = {label: {} for label in methods}
        first = rates if isinstance(rates, Mapping) else dict.fromkeys(methods, rates)
        wanted = {label: list(first[label]) for label in methods}
        while any(wanted.values()):
            trials = {
                (label, rate): methods[label].replace(learning_rate=rate)
                for label in methods
                for rate in wanted[label]
            }
            for (label, rate), records in self.trials(trials).items():
                tried[label][rate] = records
            scores = {label: _scores(by_rate, by) for label, by_rate in tried.items()}
            wanted = {label: _beyond(scores[label]) for label in methods}
        tunings = {label: _tuning(label, methods[label], by, scores[label]) for label in methods}
        self.tunings.update(tunings)
        return {label: tuning.best for label, tuning in tunings.items()}

    def _over(self, seeds, methods):
        configs = [config.replace(seed=seed) for config in methods.values() for seed in seeds]
        records = self._obtain(configs)
        self.records.update({record.config.key: record for record in records})
        count = len(seeds)
        return {
            label: records[place * count : (place + 1) * count]
            for place, label in enumerate(methods)
        }


def _scores(by_rate, criterion):
    """Rate → the criterion of each record; infinite at rates that are out, see `Lab.tune`."""
    in_question = [
        rate for rate, records in by_rate.items() if not any(record.failed for record in records)
    ] or [rate for rate, records in by_rate.items() if all(record.finite for record in records)]
    return {
        rate: [CRITERIA[criterion](r) if rate in in_question else math.inf for r in records]
        for rate, records in by_rate.items()
    }


def _mean(scores):
    return np.mean(scores) if np.isfinite(scores).all() else math.inf


def _best(scores):
    return min(scores, key=lambda rate: _mean(scores[rate]))


def _beyond(scores):
    """The next rate to try where the best one lies at an end of the grid, in a list."""
    rates = sorted(scores)
    best = _best(scores)
    if best == rates[-1] and math.isfinite(_mean(scores[best])):
        return [float(f"{rates[-2] * 10:g}")]
    if best == rates[0]:
        return [float(f"{rates[1] / 10:g}")]
    return []


def _tuning(label, config, criterion, scores):
    best = _best(scores)
    if not math.isfinite(_mean(scores[best])):
        raise ValueError(f"{label} has losses that are not finite at every learning rate tried")
    rates = sorted(scores)
    scores = np.array([scores[rate] for rate in rates]).T
    return Tuning(config.replace(learning_rate=best), criterion, np.array(rates), scores)
