import contextlib
import json
import math
import os
import socket
import threading

import numpy as np
import pytest

from training import FailedRunsError, RunConfig, RunRecord, RunsInterrupted
from training.search import search
from training.search.search import ALGORITHMS, Search, SearchInterrupted
from training.search.trials import score
from training.store.failures import Failure, RunError, SearchError, forget_failure, keep_failure
from training.store.run_cache import RunCache

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def rates(hp):
    return {"learning_rate": float(f"{hp.Float('rate', 1e-4, 1, sampling='log'):.3g}")}


def networks(hp):
    return rates(hp) | {"hidden": (hp.Choice("units", [8, 16, 32]),)}


def few(hp):
    return {"hidden": (hp.Choice("units", [8, 16]),), "batch_size": hp.Choice("batch", [5, 10])}


class Runs:
    """What `run_all` does, but that a run's accuracy is made up: highest at the rate 0.03.

    Attributes:
        trained: configs of the runs trained, in order.
        fail: exception to raise at the next run but so many.
    """

    def __init__(self, folder):
        self.cache = RunCache(folder)
        self.trained = []
        self.fail = None

    def __call__(self, configs, runs_dir, study):
        assert study.startswith("search_space_fashion_mnist_")
        return [self.cache.load(config) or self.train(config) for config in configs]

    def train(self, config):
        if self.fail and self.fail[0] == 0:
            raise self.fail[1]
        if self.fail:
            self.fail = (self.fail[0] - 1, self.fail[1])
        self.trained.append(config)
        distance = abs(np.log10(config.learning_rate / 0.03)) + 0.01 * config.seed
        failed = config.learning_rate > 0.5
        kept = {"weights/00": np.ones(3, np.float32)} if config.keep else {}
        self.cache.save(
            RunRecord(
                config=config,
                parameters=10,
                iteration_loss=np.float32([2, math.nan if failed else 1]),
                epochs={"val_accuracy": np.float32([0.9 - distance / 5 + config.epochs / 1000])},
                final={"loss": 1.0, "accuracy": 0.5, "test_accuracy": 0.5},
                seconds=1.0,
                compile_seconds=1.0,
                provenance={},
                kept=kept,
            )
        )
        return self.cache.load(config)

    @property
    def with_weights(self):
        """Keys of the records in the cache that hold weights."""
        stored = [json.loads(path.read_bytes()) for path in self.cache.folder.glob("*.json")]
        return {one["config"]["learning_rate"] for one in stored if one["config"]["keep"]}


@pytest.fixture
def runs(tmp_path, monkeypatch):
    runs = Runs(tmp_path / "runs")
    monkeypatch.setattr(search, "run_all", runs)
    monkeypatch.setattr(search, "in_own_process", lambda function, record, path: path.touch())
    return runs


@pytest.fixture
def make(runs):
    """A function of what differs that gives a `Search`."""

    def make(fields=networks, **changes):
        config = RunConfig(data="stand-in", train_size=20, validation_size=10, epochs=4)
        options = {"trials": 6, "seeds": 2, "say": lambda line: None, "config": config}
        return Search(
            "space", search.space_of(fields), fields,
            runs_dir=runs.cache.folder, **{**options, **changes},
        )  # fmt: skip

    return make


def settings(outcome):
    return [trial.settings for trial in outcome.trials]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_seed_gives_the_same_trials_again_and_zero_is_a_seed(make, runs, algorithm):
    chosen = []
    for seed in (0, 0, 1):
        asked = make(algorithm=algorithm, seed=seed)
        chosen.append(settings(asked.run()))
        (asked.folder / "search.json").unlink()
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]
    assert len({json.dumps(one) for one in chosen[0]}) >= 4


def test_neighbouring_seeds_share_no_trials(make):
    tried = [one for s in range(4) for one in settings(make(rates, seed=s, trials=5).run())]
    assert len({one["rate"] for one in tried}) == 20


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_more_trials_go_on_with_the_first(make, runs, algorithm):
    asked = {"algorithm": algorithm, "trials": 9}
    whole = make(**asked).run()
    (make(**asked).folder / "search.json").unlink()
    some = make(**{**asked, "trials": 6}).run()
    trained = len(runs.trained)
    assert settings(some) == settings(whole)[:6]
    assert settings(make(**asked).run()) == settings(whole)
    assert len(runs.trained) == trained


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("after", [0, 3, 9])
def test_an_interrupted_search_goes_on_as_it_would_have(make, runs, algorithm, after):
    whole = make(algorithm=algorithm, seed=3, trials=8).run()
    trained = set(runs.trained)
    for path in runs.cache.folder.glob("**/*.*"):
        path.unlink()
    runs.trained, runs.fail = [], (after, RunsInterrupted(1, 2))
    with pytest.raises(SearchInterrupted, match=f"{after // 2} of 8 trials have ended"):
        make(algorithm=algorithm, seed=3, trials=8).run()
    runs.fail = None
    assert settings(make(algorithm=algorithm, seed=3, trials=8).run()) == settings(whole)
    assert len(runs.trained) == len(set(runs.trained)) == len(trained)
    assert set(runs.trained) == trained


def test_every_seed_of_a_trial_is_kept_and_averaged(make, runs):
    outcome = make(seeds=3).run()
    records = {record.config.key: record for record in outcome.records}
    for trial in outcome.trials:
        assert [config.seed for config in trial.configs] == [0, 1, 2]
        scores = [score(records[config.key]) for config in trial.configs]
        assert trial.score == pytest.approx(np.mean(scores), abs=1e-6)
    assert len(records) == 18


def test_a_failed_run_counts_as_nothing(make):
    outcome = make(seed=2, trials=12).run()
    failed = [trial for trial in outcome.trials if trial.settings["rate"] > 0.5]
    assert failed
    assert all(trial.score == 0 for trial in failed)
    assert outcome.best.score > 0


def test_only_the_best_trial_keeps_its_weights(make, runs):
    outcome = make(trials=3).run()
    assert runs.with_weights == {outcome.best.configs[0].learning_rate}
    assert not any(record.kept for record in outcome.records)
    better = make(trials=6).run()
    assert better.best.number > 3
    assert runs.with_weights == {better.best.configs[0].learning_rate}
    assert all(config.keep == ("weights",) for config in runs.trained)


def test_stored_runs_are_taken_as_they_are_and_the_best_trained_for_its_weights(make, runs):
    outcome = make().run()
    for trial in outcome.trials:
        for config in trial.configs:
            runs.cache.remove(config)
            runs.cache.remove(config.replace(keep=("weights",)))
            runs.train(config)
    runs.trained, lines = [], []
    asked = make(say=lines.append)
    (asked.folder / "search.json").unlink()
    assert settings(asked.run()) == settings(outcome)
    assert runs.trained == [c.replace(keep=("weights",)) for c in outcome.best.configs]
    assert lines == ["The best trial's weights were not kept: 2 of its runs train again."]


def test_the_best_model_is_that_of_the_best_seed(make, runs, monkeypatch):
    saved = []
    monkeypatch.setattr(search, "in_own_process", lambda *arguments: saved.append(arguments))
    asked = make()
    outcome = asked.run()
    ((_, record, path),) = saved
    assert record.config == outcome.best.configs[0].replace(keep=("weights",))
    assert record.weights
    assert path == asked.best_model
    assert path.parent.parent == runs.cache.folder / "search"


def test_hyperband_trains_the_promoted_anew_for_more_epochs(make):
    outcome = make(algorithm="hyperband", trials=None).run()
    by_epochs = {}
    for trial in outcome.trials:
        by_epochs.setdefault(trial.configs[0].epochs, []).append(trial.settings)
    # Of 4 epochs at most: 5 trials of 2 epochs, the best 2 of them anew for 4, and 3 of 4 alone.
    assert {epochs: len(tried) for epochs, tried in by_epochs.items()} == {2: 5, 4: 5}
    assert sum(one in by_epochs[2] for one in by_epochs[4]) == 2


def test_bayesian_search_comes_near_the_optimum(make):
    outcome = make(rates, algorithm="bayesian", trials=12).run()
    assert outcome.best.settings["rate"] == pytest.approx(0.03, rel=0.5)


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
def test_an_exhausted_space_ends_the_search_with_a_word(make, runs, algorithm):
    lines = []
    outcome = make(few, algorithm=algorithm, say=lines.append).run()
    assert len({json.dumps(one) for one in settings(outcome)}) == len(outcome.trials) == 4
    assert lines == ["The space has no more settings to try: the search ends after 4 of 6 trials."]


def test_another_question_is_another_search(make):
    one = make()
    others = [
        make(rates),
        make(algorithm="bayesian"),
        make(seed=1),
        make(seeds=3),
        make(config=one.config.replace(epochs=5)),
        make(config=one.config.replace(dataset="mnist")),
    ]
    assert len({search.key for search in [one, *others]}) == 7
    assert make(trials=50).key == one.key


def test_a_space_needs_hyperparameters(make):
    with pytest.raises(SearchError, match="has no hyperparameters"):
        make(lambda hp: {})


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"",
        lambda text: text[: len(text) // 2],
        lambda text: b"[]",
        lambda text: b'{"oracle": {}, "trials": []}',
        lambda text: text.replace(b"max_value", b"most"),
    ],
)
def test_a_damaged_state_is_set_aside_and_nothing_is_lost(make, runs, damage):
    asked = make()
    outcome = asked.run()
    trained = list(runs.trained)
    state = asked.folder / "search.json"
    state.write_bytes(damage(state.read_bytes()))
    with pytest.warns(UserWarning, match=r"search.json is damaged .* begins anew"):
        again = make().run()
    assert settings(again) == settings(outcome)
    assert runs.trained == trained
    assert (asked.folder / "damaged.json").exists()


def test_a_damaged_record_with_weights_is_trained_again(make, runs):
    asked = make(trials=2)
    worse = next(t for t in asked.run().trials if t is not asked.run().best)
    config = worse.configs[0].replace(keep=("weights",))
    runs.train(config)
    (runs.cache.folder / f"{config.key}.npz").write_bytes(b"")
    assert len(make(trials=3).run().records) == 6
    assert config not in runs.cache


def test_an_error_in_a_trial_ends_the_search(make, runs):
    runs.fail = (3, ValueError("no such images"))
    with pytest.raises(ValueError, match="no such images"):
        make().run()
    runs.fail = None
    assert len(make().run().trials) == 6
    assert len(runs.trained) == 12


def rate_of(trial):
    return trial.configs[0].learning_rate


def failed(runs, config):
    """What `run_all` raises when a run fails, after it has kept why."""
    error = RunError("out of memory", "Traceback")
    return FailedRunsError([keep_failure(runs.cache, config, error)], 2)


@pytest.fixture
def failing(runs, monkeypatch):
    """The learning rates at which runs fail, their second seed alone."""
    rates, train = set(), runs.train

    def fail(config):
        if config.learning_rate in rates and config.seed == 1:
            raise failed(runs, config)
        forget_failure(runs.cache, config)
        return train(config)

    monkeypatch.setattr(runs, "train", fail)
    return rates


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_trial_that_fails_costs_only_itself(make, runs, failing, algorithm):
    whole = make(algorithm=algorithm, trials=8).run()
    (make(algorithm=algorithm).folder / "search.json").unlink()
    for path in runs.cache.folder.glob("*.*"):
        path.unlink()
    failing |= {rate_of(whole.trials[0]), rate_of(whole.trials[4])}
    lines = []
    some = make(algorithm=algorithm, trials=8, say=lines.append).run()
    of_failed = {failure.config.learning_rate for failure in some.failed.failures}
    assert of_failed <= failing
    assert len(lines) == len(some.failed.failures) > 0
    assert lines[0].startswith("A trial failed, and the search goes on: dense sgd rate ")
    assert lines[0].endswith("seed 1: out of memory")
    assert len(some.trials) + len(some.failed.failures) == 8
    assert not {rate_of(trial) for trial in some.trials} & failing
    assert runs.with_weights == {some.best.configs[0].learning_rate}
    failing.clear()
    again = make(algorithm=algorithm, trials=8).run()
    assert len(again.trials) == 8
    assert again.failed is None


def test_many_failures_in_a_row_end_the_search(make, runs, failing):
    failing |= {rate_of(trial) for trial in make().run().trials[2:]}
    (make().folder / "search.json").unlink()
    for path in runs.cache.folder.glob("*.*"):
        path.unlink()
    match = r"3 trials in a row failed; of the last, 1 of 2 runs failed: .* out of memory"
    with pytest.raises(SearchError, match=match):
        make().run()
    failing.clear()
    assert len(make().run().trials) == 6


def test_a_search_without_any_score_says_what_failed(make, runs, failing):
    failing |= {rate_of(trial) for trial in make(trials=2).run().trials}
    (make().folder / "search.json").unlink()
    for path in runs.cache.folder.glob("*.*"):
        path.unlink()
    with pytest.raises(FailedRunsError, match="2 of 4 runs failed, first"):
        make(trials=2).run()


def test_a_failure_whose_reason_could_not_be_kept_is_told_too(make, runs, monkeypatch):
    train = runs.train

    def fail(config):
        if len(runs.trained) == 4 and config.seed == 0:
            runs.trained.append(config)
            raise FailedRunsError([Failure(config, "no space left", runs.cache.folder)], 2)
        return train(config)

    monkeypatch.setattr(runs, "train", fail)
    outcome = make().run()
    (failure,) = outcome.failed.failures
    assert failure.reason == "the reason could not be written"
    assert len(outcome.trials) == 5


def test_a_worker_goes_on_after_a_trial_that_fails(make, runs, failing):
    failing.add(rate_of(make().run().trials[1]))
    for path in runs.cache.folder.glob("**/*.*"):
        path.unlink()
    address = free_address()
    thread, outcomes = led(make(), address)
    make().work(address, "one")
    thread.join()
    assert len(outcomes[0].trials) == 5
    assert [one.config.learning_rate for one in outcomes[0].failed.failures] == list(failing)


def test_progress_is_told_at_the_start_and_after_each_trial(make):
    seen = []
    make(progressed=lambda oracle: seen.append((len(oracle.completed), oracle.max_trials))).run()
    assert seen == [(done, 6) for done in range(7)]


def test_nothing_is_printed_and_the_environment_is_left_alone(make, capfd, monkeypatch):
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "1")
    make().run()
    assert capfd.readouterr() == ("", "")
    assert os.environ["KERASTUNER_TUNER_ID"] == "chief"


def free_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def led(asked, address):
    """A thread that leads a search, and the list that its outcome comes in."""
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(asked.lead(address)), daemon=True)
    thread.start()
    return thread, outcomes


def test_a_worker_runs_the_trials_of_its_chief(make, runs):
    alone = make().run()
    for path in runs.cache.folder.glob("**/*.*"):
        path.unlink()
    trained, runs.trained = runs.trained, []
    lines, address = [], free_address()
    thread, outcomes = led(make(), address)
    make(say=lines.append).work(address, "one")
    thread.join()
    assert settings(outcomes[0]) == settings(alone)
    assert [trial.score for trial in outcomes[0].trials] == [trial.score for trial in alone.trials]
    assert runs.trained == trained
    assert runs.with_weights == {alone.best.configs[0].learning_rate}
    assert len(lines) == 6
    thread, outcomes = led(make(), free_address())  # needs no worker any more
    thread.join()
    assert settings(outcomes[0]) == settings(alone)


def test_a_worker_that_is_started_again_takes_its_trial_up(make, runs):
    address = free_address()
    thread, outcomes = led(make(), address)
    runs.fail = (3, RunsInterrupted(1, 2))
    with pytest.raises(RunsInterrupted):
        make().work(address, "one")
    runs.fail = None
    make().work(address, "one")
    thread.join()
    assert len(outcomes[0].trials) == 6
    assert len(runs.trained) == len(set(runs.trained)) == 12


def test_a_worker_of_another_search_is_refused(make, runs):
    address = free_address()
    thread, _ = led(make(), address)
    with pytest.raises(SearchError, match=f"chief at {address} leads another search"):
        make(seed=1).work(address, "one")
    assert not runs.trained
    make().work(address, "two")
    thread.join()


def test_a_worker_without_a_chief_says_so(make, monkeypatch):
    from training.search import oracles

    monkeypatch.setattr(oracles, "WORKER_PATIENCE", 0.5)
    address = free_address()
    with pytest.raises(SearchError, match=f"chief at {address} does not answer .*--chief"):
        make().work(address, "one")


def test_two_chiefs_do_not_share_a_port(make):
    address = free_address()
    host, _, port = address.rpartition(":")
    first, _ = led(make(), address)
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            break
    told = []

    def lead():
        with pytest.raises(SearchError) as error:
            make(seed=1).lead(address)
        told.append(str(error.value))

    second = threading.Thread(target=lead, daemon=True)
    second.start()
    second.join(30)
    assert told == [
        f"cannot listen at {address}: the port is taken, or the host is not this machine; "
        "give another with --chief"
    ]
    make().work(address, "one")
    first.join()


def test_a_chief_names_the_workers_it_waits_for(make, runs, monkeypatch):
    from training.search import oracles

    monkeypatch.setattr(oracles, "CHIEF_PATIENCE", 1)
    lines, address = [], free_address()
    thread, outcomes = led(make(trials=2, say=lines.append), address)
    runs.fail = (0, RunsInterrupted(1, 2))
    with pytest.raises(RunsInterrupted):
        make(trials=2).work(address, "one")
    runs.fail = None
    make(trials=2).work(address, "two")
    while not lines:
        assert thread.is_alive()
        threading.Event().wait(0.1)
    assert lines == ["Waiting for one; a worker that is gone may be started again by its name."]
    make(trials=2).work(address, "one")
    thread.join()
    assert len(outcomes[0].trials) == 2
