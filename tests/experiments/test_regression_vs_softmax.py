import numpy as np
import pytest

from experiments import regression_vs_softmax as study
from experiments.analyses.regression_vs_softmax import NUMBER, SOFTMAX
from experiments.regression_vs_softmax import CLASSES, digits, relabelled
from reporting import Lab


def made_up(accuracy, distances):
    """Runs of two seeds, whose accuracy rises by as much as the seed in thousandths."""
    return [study.Run(1.0, np.array(accuracy) + k / 1000, np.array(distances)) for k in (0, 1)]


def verdicts(number, softmax):
    claims = study.claims(study.Runs({NUMBER: number, SOFTMAX: softmax}))
    return [claim.verdict for claim in claims if claim.kind == "direction"]


def test_verdicts_follow_the_numbers():
    near = made_up([0.5, 0.9] * 3, [0.9, 0.1, 0, 0])
    far = made_up([0.9, 0.91] * 3, [0.2, 0.8, 0, 0])
    assert verdicts(near, far) == ["reproduced"] * 3
    assert verdicts(far, near) == ["not reproduced"] * 3


def test_parts_are_disjoint_and_stratified():
    data = digits(seed=0)
    sizes = {part: len(y) for part, (_, y) in data.items()}
    assert sum(sizes.values()) == 901
    assert sizes["train"] > sizes["test"] > sizes["validation"] > 100
    rows = [tuple(row) for x, _ in data.values() for row in x]
    assert len(set(rows)) == len(rows)
    for _, y in data.values():
        assert np.ptp(np.bincount(y, minlength=CLASSES)) <= 6
    assert not np.array_equal(data["test"][0], digits(seed=1)["test"][0])


def test_softmax_does_not_see_the_order_of_the_classes():
    data, order = digits(seed=0), np.array([3, 0, 4, 1, 2])
    others = relabelled(data, order)
    for part, (x, y) in data.items():
        np.testing.assert_array_equal(others[part][0], x)
        assert others[part][1].tolist() == [order[label] for label in y]
    number, softmax = (study.Run(**study.train(method, seed=0)) for method in (NUMBER, SOFTMAX))
    assert np.ptp(softmax.accuracies) < 0.02 < np.ptp(number.accuracies)
    assert number.distances.sum() == pytest.approx(1)
    assert {number.rate} < set(study.RATES[NUMBER])


def test_identities_hold():
    runs = study.Runs({method: made_up([0.9] * 6, [1, 0, 0, 0]) for method in study.RATES})
    identities = [claim for claim in study.claims(runs) if claim.kind == "identity"]
    assert [claim.verdict for claim in identities] == ["reproduced"] * 2


def test_each_method_has_a_run_for_each_seed(monkeypatch):
    def train(method, seed):
        return {"rate": study.RATES[method][seed], "accuracies": [0.9], "distances": [1.0]}

    monkeypatch.setattr(study, "train", train)
    runs = study.runs(Lab("quick", 2, {}, obtain=None))
    rates = {method: [run.rate for run in of_seeds] for method, of_seeds in runs.methods.items()}
    assert rates == {method: list(study.RATES[method][:2]) for method in (NUMBER, SOFTMAX)}
