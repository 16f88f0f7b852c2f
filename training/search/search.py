"""Search for hyperparameters: keras-tuner chooses settings, `training.run_all` trains them.

A trial is one run for each seed, stored like every run, and its score is their mean validation
accuracy after the last epoch. So a trial keeps the loss of every iteration, a stored run is not
trained again, and the process that searches builds no model.

A Hyperband trial that is promoted is trained again from the start, for more epochs: a run is its
config, and a longer run is a different one.
"""

import contextlib
import dataclasses
import hashlib
import json
import multiprocessing
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from training.config import RunConfig
from training.record import RunRecord
from training.search.trials import Outcome, Trial, score, settings_text
from training.single_run import user_builder
from training.store.failures import FailedRunsError, Failure, SearchError, failure_of
from training.store.files import DamagedRecordError
from training.store.run_cache import RunCache
from training.sweep.runner import RunsInterrupted, run_all, runs_folder

ALGORITHMS = ("random", "bayesian", "hyperband")
"""Ways to choose settings, as implemented by keras-tuner."""

MAX_FAILURES_IN_A_ROW = 3
"""Number of failed trials in a row after which a search ends: the next would hardly do better."""


class SearchInterrupted(RunsInterrupted):
    """Ctrl-C in a search; the trials that had ended are stored."""

    def __init__(self, ended: int, trials: int) -> None:
        Exception.__init__(self, f"{ended} of {trials} trials have ended")


class Search:
    """A search, and how far it is.

    The same space, config, algorithm and seeds make the same search, which continues where it
    stopped; only `trials` may differ. A trial that fails costs only itself, as a run does, and is
    tried again when the search is continued.

    Args:
        name: str. Name of the space.
        space: dict. Configuration of keras-tuner's `HyperParameters`, as JSON.
        fields: function from keras-tuner's `hp` to the fields of a trial's `RunConfig`.
        config: `RunConfig`. Everything that is not searched, in epochs, with validation images.
        algorithm: str. One of `ALGORITHMS`. Defaults to "random".
        seed: int. Seed of the choice of settings, at least 0. Defaults to 0.
        seeds: int. Runs of a trial, at least 1; they take the seeds 0 to seeds - 1. Defaults to 1.
        trials: int. Number of trials. Defaults to None, for all of one Hyperband, which only
            "hyperband" allows.
        say: function that is called with a line for the user. Defaults to `print`.
        progressed: function that is called with the oracle at the start and after each trial.
            Defaults to one that does nothing.
        **run_options: `jobs`, `data_dir` and `runs_dir` of `run_all`.

    Raises:
        SearchError: if the space is empty.
    """

    def __init__(
        self,
        name: str,
        space: dict,
        fields: Callable[[Any], dict],
        config: RunConfig,
        algorithm: str = "random",
        seed: int = 0,
        seeds: int = 1,
        trials: int | None = None,
        say: Callable[[str], Any] = print,
        progressed: Callable[[Any], Any] = lambda oracle: None,
        **run_options: Any,
    ) -> None:
        if not space["space"]:
            raise SearchError(f"space {name} has no hyperparameters to search")
        self.name = name
        self.space = space
        self.config = config
        self.algorithm = algorithm
        self.seed = seed
        self.seeds = seeds
        self.trials = trials
        self._fields = fields
        self._say = say
        self._progressed = progressed
        self._run_options = run_options
        self._cache = RunCache(runs_folder(run_options.get("runs_dir")))
        self._failures_in_a_row = 0

    @property
    def key(self) -> str:
        """16 hexadecimal digits that identify the search."""
        asked = [self.space["space"], self.config.key, self.algorithm, self.seed, self.seeds]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """The folder with its state, inside that of the runs."""
        name = f"{self.name}-{self.config.dataset}-{self.algorithm}-{self.key}"
        return self._cache.folder / "search" / name

    @property
    def study(self) -> str:
        """The name under which it asks for runs, and of its report."""
        return f"search_{self.name}_{self.config.dataset}_{self.algorithm}"

    @property
    def best_model(self) -> Path:
        """The file with the best trial's model, from the seed with the highest accuracy."""
        return self.folder / "best.keras"

    def run(self) -> Outcome:
        """Search in this process until all trials have ended, and return the `Outcome`."""
        from training.search.oracles import Tuner, distributed

        oracle = self._oracle()
        self._progressed(oracle)
        with distributed(), _counted_when_interrupted(oracle):
            Tuner(oracle, self.folder, self._score).search()
        return self._outcome(oracle)

    def lead(self, address: str) -> Outcome:
        """Hand out trials to workers until all have ended, and return the `Outcome`.

        Args:
            address: str. "host:port" to listen at.
        """
        from training.search.oracles import serve

        oracle = self._oracle()
        oracle.save()
        self._progressed(oracle)
        with _counted_when_interrupted(oracle):
            if not oracle.finished:
                serve(oracle, address, self._say)
        return self._outcome(oracle)

    def work(self, address: str, name: str) -> None:
        """Run trials for a chief with the same runs folder until there are no more.

        Args:
            address: str. "host:port" of the chief.
            name: str. Name of this worker. A worker that was killed resumes its trial when it is
                started again under its name.

        Raises:
            SearchError: if no chief answers, or one of another search.
        """
        from training.search.oracles import KEY, Tuner, distributed

        def printed_score(values: dict) -> float:
            reached = self._score(values)
            self._say(f"{reached:.4f} with {settings_text(self.settings(values))}")
            return reached

        with distributed(address, name):
            tuner = Tuner(self._new_oracle(), self.folder, printed_score)
            if tuner.oracle.get_space().get(KEY) != self.key:
                raise SearchError(
                    f"the chief at {address} leads another search; give the worker the options of "
                    "the chief, and the same version of this project"
                )
            tuner.search()

    def settings(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the hyperparameters among a trial's values, in the order of the space.

        Args:
            values: dict from name to value, as keras-tuner has it.
        """
        names = dict.fromkeys(one["config"]["name"] for one in self.space["space"])
        return {name: values[name] for name in names if name in values}

    def configs(self, values: dict[str, Any]) -> list[RunConfig]:
        """Return the `RunConfig`s of a trial, one for each seed.

        Args:
            values: dict from name to value, as keras-tuner has it.
        """
        from training.search.oracles import keras_tuner

        hp = keras_tuner.HyperParameters()
        hp.values = self.settings(values)
        epochs = values.get("tuner/epochs", self.config.epochs)
        config = self.config.replace(**self._fields(hp), epochs=epochs)
        return [config.replace(seed=seed) for seed in range(self.seeds)]

    def _score(self, values: dict[str, Any]) -> float:
        """Train what is not stored; keep the weights until another trial is known to be better."""
        configs = self.configs(values)
        wanted = [c if c in self._cache else _with_weights(c) for c in configs]
        try:
            records = self._run_all(wanted)
        except FailedRunsError as error:
            self._failures_in_a_row += 1
            if self._failures_in_a_row == MAX_FAILURES_IN_A_ROW:
                raise SearchError(
                    f"{MAX_FAILURES_IN_A_ROW} trials in a row failed; of the last, {error}"
                ) from error
            self._say(f"A trial failed, and the search goes on: {error.failures[0]}")
            raise
        self._failures_in_a_row = 0
        # Rounded, as sums of the same numbers in another order differ in their last digits.
        return round(float(np.mean([score(record) for record in records])), 6)

    def _run_all(self, configs: Sequence[RunConfig]) -> list[RunRecord]:
        return run_all(configs, study=self.study, **self._run_options)

    def _ended(self, oracle: Any) -> None:
        self._remove_weights(oracle)
        self._progressed(oracle)

    def _remove_weights(self, oracle: Any) -> None:
        """Remove the weights of all runs except those of the best trial."""
        best = set(self.configs(oracle.best.hyperparameters.values)) if oracle.best else set()
        for trial in oracle.completed + oracle.failed:
            for config in set(self.configs(trial.hyperparameters.values)) - best:
                kept = _with_weights(config)
                if kept not in self._cache:
                    continue
                try:
                    record = self._cache.load(kept)
                except DamagedRecordError:
                    record = None  # the run is trained again if it is needed
                if record and config not in self._cache:
                    self._cache.save(_without_weights(record))
                self._cache.remove(kept)

    def _new_oracle(self) -> Any:
        from training.search import oracles

        oracle = oracles.make(
            self.key, self.algorithm, self.space, self.seed, self.trials, self.config.epochs
        )
        oracle.path = self.folder / "search.json"
        oracle.ended = lambda: self._ended(oracle)
        return oracle

    def _oracle(self) -> Any:
        """The oracle as it was when the search stopped, or a new one."""
        oracle = self._new_oracle()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not oracle.path.exists():
            return oracle
        try:
            oracle.reload()
            return oracle
        except Exception as error:  # damage shows as whatever the decoder meets first
            aside = oracle.path.replace(oracle.path.with_name("damaged.json"))
            warnings.warn(
                f"the search's state {oracle.path} is damaged ({type(error).__name__}); it is set "
                f"aside as {aside.name}, and the search begins anew with its stored runs",
                stacklevel=3,
            )
            return self._new_oracle()

    def _outcome(self, oracle: Any) -> Outcome:
        failed = self._failed(oracle)
        if failed and not oracle.completed:
            raise failed
        ended = len(oracle.completed) + len(oracle.failed)
        if ended < oracle.max_trials:
            self._say(
                f"The space has no more settings to try: the search ends after "
                f"{ended} of {oracle.max_trials} trials."
            )
        self._remove_weights(oracle)
        best = self.configs(oracle.best.hyperparameters.values)
        kept = [_with_weights(config) for config in best]
        missing = sum(config not in self._cache for config in kept)
        if missing:
            self._say(f"The best trial's weights were not kept: {missing} of its runs train again.")
        best_records = self._run_all(kept)
        in_own_process(_save_model, max(best_records, key=score), self.best_model)
        values = [trial.hyperparameters.values for trial in oracle.completed]
        others = {config for chosen in values for config in self.configs(chosen)} - set(best)
        found = [_without_weights(record) for record in best_records] + self._run_all(list(others))
        records = {record.config: record for record in found}
        trials = [self._trial(trial, records) for trial in oracle.completed]
        return Outcome(trials, failed)

    def _failed(self, oracle: Any) -> FailedRunsError | None:
        failures = []
        for trial in oracle.failed:
            configs = [_with_weights(c) for c in self.configs(trial.hyperparameters.values)]
            found = (failure_of(self._cache, config) for config in configs)
            unknown = Failure(configs[0], "the reason could not be written", None)
            failures += [failure for failure in found if failure] or [unknown]
        return FailedRunsError(failures, len(oracle.trials) * self.seeds) if failures else None

    def _trial(self, trial: Any, records: Mapping[RunConfig, RunRecord]) -> Trial:
        values, number = trial.hyperparameters.values, int(trial.trial_id) + 1
        runs = [records[config] for config in self.configs(values)]
        return Trial(number, self.settings(values), runs)


@contextlib.contextmanager
def _counted_when_interrupted(oracle: Any) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, RunsInterrupted):
        raise SearchInterrupted(len(oracle.completed), oracle.max_trials) from None


def in_own_process(function: Callable, *arguments: Any) -> Any:
    """Call a function in a new process, so that it leaves no TensorFlow in this one.

    Args:
        function: function of a module, which can be pickled.
        *arguments: its arguments.

    Returns:
        Its result.
    """
    with ProcessPoolExecutor(
        1,
        multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        return pool.submit(function, *arguments).result()


def space_of(fields: Callable[[Any], Any]) -> dict:
    """Return the space of a function: the configuration of all hyperparameters that it asks for.

    Args:
        fields: function of keras-tuner's `hp`.
    """
    from training.search.oracles import keras_tuner

    hp = keras_tuner.HyperParameters()
    fields(hp)
    return hp.get_config()


def space_of_builder(builder: str, dataset: str) -> dict:
    """Return the space of a user's builder, as `user_builder.declare` does.

    Args:
        builder: str. "module:function".
        dataset: str. One of `datasets.NAMES`.
    """
    return in_own_process(user_builder.declare, builder, dataset)


def _save_model(record: RunRecord, path: Path) -> None:
    from training.single_run.train import trained

    temporary = path.with_name(f"unfinished.{path.name}")
    trained(record).save(temporary)
    temporary.replace(path)


def _with_weights(config: RunConfig) -> RunConfig:
    return config.replace(keep=("weights",))


def _without_weights(record: RunRecord) -> RunRecord:
    return dataclasses.replace(record, config=record.config.replace(keep=()), kept={})
