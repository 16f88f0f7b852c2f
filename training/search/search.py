"""Search for hyperparameters: keras-tuner chooses settings, `training.run_all` trains them.

A trial is a run for each seed, stored as every run is, and its score is their mean validation
accuracy after the last epoch. So a trial keeps the loss of every iteration, a run that is stored is
not trained again, and the process that searches builds no model.

A Hyperband trial that is promoted is trained anew for more epochs: a run is its config, and a
longer run is another.
"""

import contextlib
import dataclasses
import hashlib
import json
import multiprocessing
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from training.search.trials import Outcome, Trial, score, told
from training.single_run import user_builder
from training.store.failures import FailedRunsError, Failure, SearchError, failure_of
from training.store.files import DamagedRecordError
from training.store.run_cache import RunCache
from training.sweep.runner import RunsInterrupted, run_all, runs_folder

ALGORITHMS = ("random", "bayesian", "hyperband")
"""Ways to choose settings, those of keras-tuner."""

MOST_FAILURES = 3
"""Trials in a row that fail after which a search ends: more would hardly do better."""


class SearchInterrupted(RunsInterrupted):
    """Ctrl-C in a search; the trials that had ended are stored."""

    def __init__(self, ended, trials):
        Exception.__init__(self, f"{ended} of {trials} trials have ended")


class Search:
    """A search, and where it stands.

    The same space, config, algorithm and seeds are the same search, which goes on where it was;
    `trials` alone may differ. A trial that fails costs only itself, as a run does, and is tried
    again when the search is.

    Args:
        name: of the space.
        space: configuration of keras-tuner's `HyperParameters`, as JSON.
        fields: function of keras-tuner's `hp` that gives the fields of a trial's `RunConfig`.
        config: `RunConfig` with everything that is not searched, in epochs, with validation images.
        algorithm: of `ALGORITHMS`.
        seed: of the choice of settings, a whole number of at least 0.
        seeds: runs of a trial; they take the seeds 0 to seeds - 1.
        trials: how many; None takes those of one sweep of Hyperband.
        say: function that is told, in a line, what the user should know.
        progressed: function of the oracle, called at the start and when a trial has ended.
        run_options: of `run_all`: jobs, data_dir and runs_dir.

    Raises:
        SearchError: when there is nothing to search.
    """

    def __init__(
        self,
        name,
        space,
        fields,
        config,
        algorithm="random",
        seed=0,
        seeds=1,
        trials=None,
        say=print,
        progressed=lambda oracle: None,
        **run_options,
    ):
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
    def key(self):
        """16 hexadecimal digits that name the search."""
        asked = [self.space["space"], self.config.key, self.algorithm, self.seed, self.seeds]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def folder(self):
        """The folder of its state, in that of the runs."""
        name = f"{self.name}-{self.config.dataset}-{self.algorithm}-{self.key}"
        return self._cache.folder / "search" / name

    @property
    def study(self):
        """The name that its runs are asked for by, and that its report bears."""
        return f"search_{self.name}_{self.config.dataset}_{self.algorithm}"

    @property
    def best_model(self):
        """The file of the best trial's model, of the seed with the highest accuracy."""
        return self.folder / "best.keras"

    def run(self):
        """Search in this process until all trials have ended; gives an `Outcome`."""
        from training.search.oracles import Tuner, distributed

        oracle = self._oracle()
        self._progressed(oracle)
        with distributed(), _told_when_interrupted(oracle):
            Tuner(oracle, self.folder, self._score).search()
        return self._outcome(oracle)

    def lead(self, address):
        """Give trials to workers until all have ended; gives an `Outcome`.

        Args:
            address: "host:port" to listen at.
        """
        from training.search.oracles import serve

        oracle = self._oracle()
        oracle.save()
        self._progressed(oracle)
        with _told_when_interrupted(oracle):
            if not oracle.finished:
                serve(oracle, address, self._say)
        return self._outcome(oracle)

    def work(self, address, name):
        """Run trials of a chief, with the same runs folder, until there are no more.

        Args:
            address: "host:port" of the chief.
            name: of this worker; one that was killed takes its trial up again under its name.

        Raises:
            SearchError: when no chief answers, or that of another search.
        """
        from training.search.oracles import KEY, Tuner, distributed

        def told_score(values):
            reached = self._score(values)
            self._say(f"{reached:.4f} with {told(self.settings(values))}")
            return reached

        with distributed(address, name):
            tuner = Tuner(self._new_oracle(), self.folder, told_score)
            if tuner.oracle.get_space().get(KEY) != self.key:
                raise SearchError(
                    f"the chief at {address} leads another search; give the worker the options of "
                    "the chief, and the same version of this project"
                )
            tuner.search()

    def settings(self, values):
        """The hyperparameters among a trial's values, in the order of the space."""
        names = dict.fromkeys(one["config"]["name"] for one in self.space["space"])
        return {name: values[name] for name in names if name in values}

    def configs(self, values):
        """The `RunConfig`s of a trial, one for each seed.

        Args:
            values: the trial's settings as keras-tuner has them: name → value.
        """
        from training.search.oracles import keras_tuner

        hp = keras_tuner.HyperParameters()
        hp.values = self.settings(values)
        epochs = values.get("tuner/epochs", self.config.epochs)
        config = self.config.replace(**self._fields(hp), epochs=epochs)
        return [config.replace(seed=seed) for seed in range(self.seeds)]

    def _score(self, values):
        """Train what is not stored; the weights are kept until it is known that another is best."""
        configs = self.configs(values)
        wanted = [c if c in self._cache else _with_weights(c) for c in configs]
        try:
            records = self._run_all(wanted)
        except FailedRunsError as error:
            self._failures_in_a_row += 1
            if self._failures_in_a_row == MOST_FAILURES:
                raise SearchError(
                    f"{MOST_FAILURES} trials in a row failed; of the last, {error}"
                ) from error
            self._say(f"A trial failed, and the search goes on: {error.failures[0]}")
            raise
        self._failures_in_a_row = 0
        # Rounded, as sums of the same numbers in another order differ in their last digits.
        return round(float(np.mean([score(record) for record in records])), 6)

    def _run_all(self, configs):
        return run_all(configs, study=self.study, **self._run_options)

    def _ended(self, oracle):
        self._remove_weights(oracle)
        self._progressed(oracle)

    def _remove_weights(self, oracle):
        """Leave weights to the best trial's runs alone."""
        best = set(self.configs(oracle.best.hyperparameters.values)) if oracle.best else set()
        for trial in oracle.completed + oracle.failed:
            for config in set(self.configs(trial.hyperparameters.values)) - best:
                kept = _with_weights(config)
                if kept not in self._cache:
                    continue
                try:
                    record = self._cache.load(kept)
                except DamagedRecordError:
                    record = None  # its run is trained again when it is needed
                if record and config not in self._cache:
                    self._cache.save(_without_weights(record))
                self._cache.remove(kept)

    def _new_oracle(self):
        from training.search import oracles

        oracle = oracles.make(
            self.key, self.algorithm, self.space, self.seed, self.trials, self.config.epochs
        )
        oracle.path = self.folder / "search.json"
        oracle.ended = lambda: self._ended(oracle)
        return oracle

    def _oracle(self):
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

    def _outcome(self, oracle):
        failed = self._failed(oracle)
        if not oracle.completed:
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
        of_best = self._run_all(kept)
        in_own_process(_save_model, max(of_best, key=score), self.best_model)
        trials = [self._trial(trial) for trial in oracle.completed]
        others = {c for trial in trials for c in trial.configs} - set(best)
        records = self._run_all(list(others))
        return Outcome(trials, [_without_weights(r) for r in of_best] + records, failed)

    def _failed(self, oracle):
        failures = []
        for trial in oracle.failed:
            configs = [_with_weights(c) for c in self.configs(trial.hyperparameters.values)]
            found = (failure_of(self._cache, config) for config in configs)
            unknown = Failure(configs[0], "why was not kept", self._cache.folder)
            failures += [failure for failure in found if failure] or [unknown]
        return FailedRunsError(failures, len(oracle.trials) * self.seeds) if failures else None

    def _trial(self, trial):
        values = trial.hyperparameters.values
        score = round(trial.score, 6)  # of a worker it came as a float of 32 bits
        number = int(trial.trial_id) + 1
        return Trial(number, self.settings(values), self.configs(values), score)


@contextlib.contextmanager
def _told_when_interrupted(oracle):
    try:
        yield
    except (KeyboardInterrupt, RunsInterrupted):
        raise SearchInterrupted(len(oracle.completed), oracle.max_trials) from None


def in_own_process(function, *arguments):
    """Call a function where TensorFlow may leave what it likes, and give its result."""
    with ProcessPoolExecutor(
        1,
        multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        return pool.submit(function, *arguments).result()


def space_of(fields):
    """The space of a function of keras-tuner's `hp`: the configuration of all that it asks for."""
    from training.search.oracles import keras_tuner

    hp = keras_tuner.HyperParameters()
    fields(hp)
    return hp.get_config()


def space_of_builder(builder, dataset):
    """The space of a user's builder, as `user_builder.declare` gives it."""
    return in_own_process(user_builder.declare, builder, dataset)


def _save_model(record, path):
    from training import trained

    temporary = path.with_name(f"unfinished.{path.name}")
    trained(record).save(temporary)
    temporary.replace(path)


def _with_weights(config):
    return config.replace(keep=("weights",))


def _without_weights(record):
    return dataclasses.replace(record, config=record.config.replace(keep=()), kept={})
