"""keras-tuner's oracles, which choose the settings of trials, with a state that survives a kill.

Importing this module imports keras-tuner, and TensorFlow with it; `search` is light.
"""

import contextlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from training.backend import silenced_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with silenced_stderr():
    import grpc
    import keras_tuner
    import numpy as np
    from keras_tuner.engine import base_tuner
    from keras_tuner.src import protos
    from keras_tuner.src.distribute import oracle_chief, oracle_client
    from keras_tuner.src.engine.trial import Trial

from training.store.failures import FailedRunsError, SearchError
from training.store.files import write_atomically

OBJECTIVE = "val_accuracy"

KEY = "search/key"
"""Name of the value of a trial that holds the key of its search."""

COLLISIONS = 1000
"""Number of draws of settings tried before after which a space counts as exhausted."""

WORKER_PATIENCE = 120
"""Seconds that a worker waits for a chief that is gone, which leaves time to start it again."""

CHIEF_PATIENCE = 60
"""Seconds that a chief waits for the last trials before it names the workers that have them."""


class _Stored(keras_tuner.Oracle):
    """An oracle whose state is one file, written atomically whenever a trial starts or ends.

    keras-tuner writes a trial and the list of trials one after the other and not atomically: killed
    between the two, it never runs that trial; killed during one of them, it cannot continue at all.

    Attributes:
        path: `Path` of the file; set before the first trial.
        ended: function without arguments that is called whenever a trial has ended.
    """

    path: Path
    ended: Callable[[], Any] = staticmethod(lambda: None)

    @property
    def completed(self) -> list[Trial]:
        """The trials that have a score, in the order in which they were chosen."""
        trials = sorted(self.trials.values(), key=lambda trial: int(trial.trial_id))
        return [trial for trial in trials if trial.score is not None]

    @property
    def failed(self) -> list[Trial]:
        """The trials that could not be trained."""
        return [trial for trial in self.trials.values() if trial.status == "FAILED"]

    @property
    def finished(self) -> bool:
        """Whether all trials have a score."""
        return len(self.completed) >= self.max_trials

    @property
    def best(self) -> Trial | None:
        """The first of the completed trials with the highest score, or None."""
        return max(self.completed, key=lambda trial: trial.score, default=None)

    def end_trial(self, trial: Trial) -> None:
        """Register that a trial has ended."""
        super().end_trial(trial)
        self.ended()

    def save(self) -> None:
        """Write the file."""
        trials = [trial.get_state() for trial in self.trials.values()]
        state = {"oracle": self.get_state(), "trials": trials}
        write_atomically(self.path, (json.dumps(state) + "\n").encode())

    def reload(self) -> None:
        """Continue from the file; trials that were running or failed run again."""
        state = json.loads(self.path.read_bytes())
        self.trials = {one["trial_id"]: Trial.from_state(one) for one in state["trials"]}
        self.set_state(state["oracle"])
        again = {t.trial_id for t in self.trials.values() if t.status in ("RUNNING", "FAILED")}
        self._retry_queue = sorted(again, reverse=True)  # the last is taken first
        self.ongoing_trials: dict[str, Trial] = {}

    def _save_trial(self, trial: Trial) -> None:
        """Do nothing, as `save` follows."""


class RandomSearch(_Stored, keras_tuner.oracles.RandomSearchOracle):
    """Settings drawn at random."""


class Bayesian(_Stored, keras_tuner.oracles.BayesianOptimizationOracle):
    """Settings with the lowest confidence bound of a Gaussian process, after some at random.

    The draw for a trial depends only on the seed and the trial's number, so that a search that is
    interrupted and continued chooses the same settings as one that is not.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Choose the settings of a trial.

        Args:
            trial_id: str. keras-tuner's name of the trial.
        """
        self._random_state = np.random.RandomState([self.seed, len(self.trials)])
        with threadpool_limits(1), warnings.catch_warnings():  # the matrices are small
            warnings.simplefilter("ignore")  # about a fit that has not converged
            response = super().populate_space(trial_id)
        if response["values"] and self._duplicate(response["values"]):
            return self._random_populate_space()
        return response


class Hyperband(_Stored, keras_tuner.oracles.HyperbandOracle):
    """Many settings for few epochs, and the best of them again for more (Li et al. 2018)."""

    @property
    def total_trials(self) -> int:
        """Number of trials in all rounds of all brackets."""
        return sum(
            self._get_size(bracket, number)
            for bracket in range(self._get_num_brackets())
            for number in range(self._get_num_rounds(bracket))
        )


def make(
    key: str, algorithm: str, space: dict, seed: int, trials: int | None, epochs: int | None
) -> Any:
    """Return an oracle.

    Args:
        key: str. Key of the search. Every trial carries it, so that a worker can check it.
        algorithm: str. "random", "bayesian" or "hyperband".
        space: dict. Configuration of keras-tuner's `HyperParameters`.
        seed: int. Seed of its draws, at least 0.
        trials: int. Number of trials; None for all of one Hyperband.
        epochs: int. Largest number of epochs that Hyperband trains.
    """
    hyperparameters = keras_tuner.HyperParameters.from_config(space)
    hyperparameters.Fixed(KEY, key)
    options = {
        "objective": keras_tuner.Objective(OBJECTIVE, "max"),
        "hyperparameters": hyperparameters,
        # To keras-tuner 0 is no seed, and seed s + 1 draws what s draws except for the first.
        "seed": int(np.random.default_rng([seed]).integers(1, 2**32)),
    }
    match algorithm:
        case "random":
            oracle = RandomSearch(**options)
        case "bayesian":
            oracle = Bayesian(**options, num_initial_points=2 * len(space["space"]))
        case "hyperband":
            oracle = Hyperband(**options, max_epochs=epochs, hyperband_iterations=None)
            trials = trials or oracle.total_trials
    oracle.max_trials = trials
    oracle.verbose = 0
    oracle._max_collisions = COLLISIONS
    oracle.max_consecutive_failed_trials = None  # each process counts its own, in `Search`
    return oracle


class Tuner(base_tuner.BaseTuner):
    """Asks an oracle for trials until there are no more.

    Args:
        oracle: oracle of `make`. In a worker, that of its chief takes its place.
        folder: `Path`. Folder of the search.
        score: function from a trial's values, a dict, to the number to maximise. FailedRunsError
            ends only the trial; any other exception ends the search.
    """

    def __init__(self, oracle: Any, folder: Path, score: Callable[[dict], float]) -> None:
        self._score = score
        super().__init__(oracle, directory=str(folder.parent), project_name=folder.name)

    def search(self) -> None:
        """Run trials until there are no more."""
        try:
            super().search()
        except _EndedError as ended:
            raise ended.error from None

    def pre_create_trial(self) -> None:
        """Wait a moment, as the oracle may have no trial for now."""
        time.sleep(0.05)

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Return the score of a trial under the objective's name."""
        try:
            return {OBJECTIVE: self._score(trial.hyperparameters.values)}
        except FailedRunsError as error:
            raise keras_tuner.errors.FailedTrialError from error
        except Exception as error:
            raise _EndedError(error) from error

    def save(self) -> None:
        """Do nothing, as the oracle saves its state."""


class _EndedError(keras_tuner.errors.FatalError):
    """Ends the search; keras-tuner counts any other error as a failure of the trial alone."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def serve(oracle: Any, address: str, say: Callable[[str], Any]) -> None:
    """Hand out trials to workers until all have ended and all workers know.

    keras-tuner's own server silently shares a taken port, and checks only every 20 s whether it is
    done.

    Args:
        oracle: oracle of `make`.
        address: str. "host:port" to listen at.
        say: function that is called with a line for the user.

    Raises:
        SearchError: if it cannot listen at the address.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)]
    )
    servicer = oracle_chief.OracleServicer(oracle)
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    try:
        with silenced_stderr():
            server.add_insecure_port(address)
    except RuntimeError:
        raise SearchError(
            f"cannot listen at {address}: the port is taken, or the host is not this machine; "
            "give another with --chief"
        ) from None
    server.start()
    waited = 0
    try:
        while not (servicer.stop_triggered and oracle_chief.exit_chief(oracle)):
            time.sleep(1)
            waited += servicer.stop_triggered
            if waited == CHIEF_PATIENCE:
                names = ", ".join(sorted(oracle.tuner_ids))
                say(f"Waiting for {names}; a worker that is gone may be started again by its name.")
    finally:
        server.stop(grace=5).wait()


@contextlib.contextmanager
def distributed(address: str | None = None, name: str = "") -> Iterator[None]:
    """Let tuners that are made in the block ask a chief for trials, or their own oracle.

    Args:
        address: str. "host:port" of the chief. Defaults to None, for their own oracle.
        name: str. Name of the worker.

    Raises:
        SearchError: if the chief does not answer.
    """
    host, _, port = (address or "").rpartition(":")
    variables = {
        "KERASTUNER_ORACLE_IP": host,
        "KERASTUNER_ORACLE_PORT": port,
        "KERASTUNER_TUNER_ID": name,
    }
    kept = {key: os.environ.pop(key) for key in variables if key in os.environ}
    if address:
        os.environ.update(variables)
    oracle_client.TIMEOUT = WORKER_PATIENCE
    try:
        yield
    except grpc.RpcError as error:
        raise SearchError(
            f"the chief at {address} does not answer ({error.code().name}: {error.details()}); "
            f"start it with --chief {address}, unless its search has ended"
        ) from None
    finally:
        for key in variables:
            os.environ.pop(key, None)
        os.environ.update(kept)
