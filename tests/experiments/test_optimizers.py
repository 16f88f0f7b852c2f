import dataclasses

import numpy as np
import pytest

import experiments.optimizers as study
from experiments.analyses.optimizers import landscapes
from reporting import Lab

ADAM, SGD = study.ADAM, study.SGD


@pytest.fixture(scope="module")
def found():
    """Descents that need 10 updates each, but for what a test changes."""
    updates = {share: np.full(3, 10.0) for share in (study.COARSE, study.FINE)}
    descent = {"rate": 0.1, "path": np.zeros((2, 2)), "updates": updates}
    return {name: dict.fromkeys(study.KERAS_RATES, descent) for name in landscapes.LANDSCAPES}


@pytest.fixture
def lab(found, made_up_record, monkeypatch):
    monkeypatch.setattr(landscapes, "all_descents", lambda: found)
    return Lab("paper", 3, {"fashion_mnist": "stand-in"}, lambda cs: [*map(made_up_record, cs)])


@pytest.fixture
def verdicts(lab):
    """A function of changes to test accuracies and updates that gives statement → verdict."""

    def judge(accuracies=None, updates=None):
        runs = study.runs(lab)
        for label, accuracy in (accuracies or {}).items():
            runs.trained[label] = [
                dataclasses.replace(r, final=r.final | {"test_accuracy": accuracy + seed / 1e4})
                for seed, r in enumerate(runs.trained[label])
            ]
        for (name, label), number in (updates or {}).items():
            counts = {share: number + np.arange(3.0) for share in (study.COARSE, study.FINE)}
            runs.descents[name][label] = runs.descents[name][label] | {"updates": counts}
        return {claim.statement: claim.verdict for claim in study.claims(runs)}

    return judge


def test_nothing_is_trained_twice(lab):
    runs = study.runs(lab)
    tried = {r.config.key for records in runs.tried[ADAM].values() for r in records}
    assert len(runs.tried[ADAM]) == len(lab.tunings[ADAM].rates)
    assert tried <= lab.records.keys()
    assert set(runs.tunings) == set(study.KERAS_RATES)
    trials = {key for key, r in lab.records.items() if r.config.seed >= 1000}
    assert len(trials) == 2 * sum(len(tuning.rates) for tuning in lab.tunings.values())


def test_the_other_rate_is_never_the_magic_one(lab):
    runs = study.runs(lab)
    magic, other = (
        runs.trained[study.at(rate, ADAM)][0].config.learning_rate
        for rate in (study.MAGIC, study.BEST_BUT_MAGIC)
    )
    assert magic == study.MAGIC_RATE != other


@pytest.mark.parametrize(("adam", "other"), [(0.9, 0.8), (0.8, 0.9)])
def test_the_more_accurate_wins(verdicts, adam, other):
    labels = [study.at(rate, ADAM) for rate in (study.BEST, study.OF_KERAS, study.MAGIC)]
    others = [study.at(study.BEST_BUT_MAGIC, ADAM), study.at(study.BEST, SGD)]
    others += [study.at(study.OF_KERAS, label) for label in study.KERAS_RATES if label != ADAM]
    found = verdicts(dict.fromkeys(labels, adam) | dict.fromkeys(others, other))
    about_networks = [verdict for statement, verdict in found.items() if "bowl" not in statement]
    assert set(about_networks) == {"reproduced" if adam > other else "not reproduced"}
    assert len(about_networks) == len(study.KERAS_RATES) + 2


@pytest.mark.parametrize("faster", [True, False])
def test_fewer_updates_win(verdicts, faster):
    few, many = (20, 200) if faster else (200, 20)
    updates = {
        (study.ROUND, SGD): few,
        (study.LONG, SGD): 100,
        (study.LONG, study.RMSPROP): few,
        (study.LONG, study.ADAGRAD): 100,
        (study.TURNED, study.RMSPROP): many,
    }
    found = verdicts(updates=updates)
    for statement in (
        "An elongated bowl slows gradient descent",
        "RMSProp improves on SGD in an elongated bowl",
        "RMSProp improves on SGD in an elongated bowl, to a coarse loss",
        "RMSProp improves on AdaGrad in an elongated bowl",
        "Turning the elongated bowl slows RMSProp (our own question)",
    ):
        assert found[statement] == ("reproduced" if faster else "not reproduced")
