"""Which trials a search runs, and what it keeps of them."""

import json
import os

import numpy as np
import pytest

from training import RunsInterrupted
from training.search import search
from training.search.search import ALGORITHMS, SearchInterrupted
from training.search.trials import score
from training.store.failures import SearchError

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def rates(hp):
    return {"learning_rate": float(f"{hp.Float('rate', 1e-4, 1, sampling='log'):.3g}")}


def few(hp):
    return {"hidden": (hp.Choice("units", [8, 16]),), "batch_size": hp.Choice("batch", [5, 10])}


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
