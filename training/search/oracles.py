"""keras-tuner's oracles with a state that survives a kill, and how trials are asked for and scored.

Importing this module imports keras-tuner, and TensorFlow with it; `search` is light.
"""

import contextlib
import json
import os
import time
import warnings
from concurrent import futures

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
"""Name under which a trial's values hold the key of its search."""

COLLISIONS = 1000
"""Draws of settings already tried after which a space counts as exhausted."""

WORKER_PATIENCE = 120
"""Seconds that a worker waits for a chief that is gone: time to start it again."""

CHIEF_PATIENCE = 60
"""Seconds that a chief waits for the last trials before it says which workers have them."""


class _Stored:
    """An oracle whose whole state is one file, written whole whenever a trial starts or ends.

    keras-tuner writes a trial and the list of trials one after the other and not atomically:
    killed between the two it never runs that trial, killed within one it cannot go on at all.

    Attributes:
        path: of the file.
        ended: function called whenever a trial has ended.
    """

    path = None

    def ended(self):
        """Nothing, until whoever wants to know puts a function here."""

    @property
    def completed(self):
        """The trials that have a score, in the order in which they were chosen."""
        trials = sorted(self.trials.values(), key=lambda trial: int(trial.trial_id))
        return [trial for trial in trials if trial.score is not None]

    @property
    def failed(self):
        """The trials that could not be trained."""
        return [trial for trial in self.trials.values() if trial.status == "FAILED"]

    @property
    def finished(self):
        """Whether all trials have a score."""
        return len(self.completed) >= self.max_trials

    @property
    def best(self):
        """The first of the completed trials with the highest score, or None."""
        return max(self.completed, key=lambda trial: trial.score, default=None)

    def end_trial(self, trial):
        """Take note of a trial's end."""
        super().end_trial(trial)
        self.ended()

    def save(self):
        """Write the file."""
        trials = [trial.get_state() for trial in self.trials.values()]
        state = {"oracle": self.get_state(), "trials": trials}
        write_atomically(self.path, (json.dumps(state) + "\n").encode())

    def reload(self):
        """Go on from the file; what was running or failed is taken up again with its settings."""
        state = json.loads(self.path.read_bytes())
        self.trials = {one["trial_id"]: Trial.from_state(one) for one in state["trials"]}
        self.set_state(state["oracle"])
        again = {t.trial_id for t in self.trials.values() if t.status in ("RUNNING", "FAILED")}
        self._retry_queue = sorted(again, reverse=True)  # the last is taken first
        self.ongoing_trials = {}

    def _save_trial(self, trial):
        """Leave it to `save`, which follows."""


class RandomSearch(_Stored, keras_tuner.oracles.RandomSearchOracle):
    """Settings drawn at random."""


class Bayesian(_Stored, keras_tuner.oracles.BayesianOptimizationOracle):
    """Settings of the lowest confidence bound of a Gaussian process, after some at random.

    What is drawn at a trial depends on the seed and the number of the trial alone, so that a
    search that is taken up again goes on as it would have.
    """

    def populate_space(self, trial_id):
        """Choose the settings of a trial."""
        self._random_state = np.random.RandomState([self.seed, len(self.trials)])
        with threadpool_limits(1), warnings.catch_warnings():  # of so small a matrix
            warnings.simplefilter("ignore")  # of a fit that has not converged
            response = super().populate_space(trial_id)
        if response["values"] and self._duplicate(response["values"]):
            return self._random_populate_space()
        return response


class Hyperband(_Stored, keras_tuner.oracles.HyperbandOracle):
    """Many settings for few epochs, and the best of them anew for more (Li et al. 2018)."""

    @property
    def trials_of_a_sweep(self):
        """Trials of all brackets with all their rounds."""
        return sum(
            self._get_size(bracket, number)
            for bracket in range(self._get_num_brackets())
            for number in range(self._get_num_rounds(bracket))
        )


def make(key, algorithm, space, seed, trials, epochs):
    """An oracle.

    Args:
        key: of the search, which every trial carries, so that a worker knows what it works for.
        algorithm: "random", "bayesian" or "hyperband".
        space: configuration of keras-tuner's `HyperParameters`.
        seed: of its draws, a whole number of at least 0.
        trials: how many; None for those of one sweep of Hyperband.
        epochs: the most that Hyperband trains.
    """
    hyperparameters = keras_tuner.HyperParameters.from_config(space)
    hyperparameters.Fixed(KEY, key)
    options = {
        "objective": keras_tuner.Objective(OBJECTIVE, "max"),
        "hyperparameters": hyperparameters,
        # keras-tuner takes 0 for no seed, and the draws of seed s + 1 are those of s but the first.
        "seed": int(np.random.default_rng([seed]).integers(1, 2**32)),
    }
    match algorithm:
        case "random":
            oracle = RandomSearch(**options)
        case "bayesian":
            oracle = Bayesian(**options, num_initial_points=2 * len(space["space"]))
        case "hyperband":
            oracle = Hyperband(**options, max_epochs=epochs, hyperband_iterations=None)
            trials = trials or oracle.trials_of_a_sweep
    oracle.max_trials = trials
    oracle.verbose = 0
    oracle._max_collisions = COLLISIONS
    oracle.max_consecutive_failed_trials = None  # `Search` counts them, each process its own
    return oracle


class Tuner(base_tuner.BaseTuner):
    """Asks an oracle for trials until there are no more.

    Args:
        oracle: of this module; of a worker, its chief's takes its place.
        folder: of the search.
        score: function of a trial's settings, name → value, that gives what is maximised. What it
            raises ends the search, but for FailedRunsError, which ends the trial alone.
    """

    def __init__(self, oracle, folder, score):
        self._score = score
        super().__init__(oracle, directory=str(folder.parent), project_name=folder.name)

    def search(self):
        """Run trials."""
        try:
            super().search()
        except _EndedError as ended:
            raise ended.__cause__ from None

    def pre_create_trial(self):
        """Leave the oracle a moment, which may have no trial to give for now."""
        time.sleep(0.05)

    def run_trial(self, trial):
        """The score of a trial."""
        try:
            return {OBJECTIVE: self._score(trial.hyperparameters.values)}
        except FailedRunsError as error:
            raise keras_tuner.errors.FailedTrialError from error
        except Exception as error:
            raise _EndedError from error

    def save(self):
        """Leave it to the oracle."""


class _EndedError(keras_tuner.errors.FatalError):
    """What ends the search: any other error would count as one of the trial alone."""


def serve(oracle, address, say):
    """Give trials to workers until all have ended and the workers know.

    keras-tuner's own server shares a taken port silently, and looks every 20 s only whether it is
    done.

    Args:
        oracle: of this module.
        address: "host:port".
        say: function that is told, in a line, what the user should know.

    Raises:
        SearchError: when the address cannot be had.
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
def distributed(address=None, name=None):
    """Have tuners made meanwhile ask the chief at an address, or, without one, their own oracle.

    Args:
        address: "host:port".
        name: of the worker.

    Raises:
        SearchError: when the chief does not answer.
    """
    host, _, port = (address or "").rpartition(":")
    variables = {"ORACLE_IP": host, "ORACLE_PORT": port, "TUNER_ID": name}
    variables = {f"KERASTUNER_{key}": value for key, value in variables.items()}
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
