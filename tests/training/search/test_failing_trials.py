"""Trials that fail: they cost only themselves, unless too many do."""

import pytest

from training import FailedRunsError
from training.search.search import ALGORITHMS
from training.store.failures import Failure, SearchError

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def rate_of(trial):
    return trial.configs[0].learning_rate


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


def test_an_error_in_a_trial_ends_the_search(make, runs):
    runs.fail = (3, ValueError("no such images"))
    with pytest.raises(ValueError, match="no such images"):
        make().run()
    runs.fail = None
    assert len(make().run().trials) == 6
    assert len(runs.trained) == 12
