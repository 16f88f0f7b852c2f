import numpy as np
import pytest

from experiments.regression_vs_softmax import (
    CLASSES,
    NUMBER,
    RATES,
    SOFTMAX,
    digits,
    mistakes,
    predicted,
    relabelled,
    trained,
)


class Fixed:
    """A network that gives the same outputs whatever it sees."""

    def __init__(self, outputs):
        self.outputs = np.array(outputs)

    def predict(self, x):
        return self.outputs


def test_predictions_by_hand():
    assert predicted(NUMBER, Fixed([[0.0], [0.24], [0.4], [1.0]]), None).tolist() == [0, 1, 2, 4]
    assert predicted(SOFTMAX, Fixed([[0, 3, 1], [2, 1, 0]]), None).tolist() == [1, 0]


def test_mistakes_by_hand():
    network = Fixed([[0.0], [0.25], [0.5], [1.0]])  # 0, 1, 2, 4
    shares = mistakes(NUMBER, network, (None, np.array([0, 2, 4, 0])))
    assert shares.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])


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
    data = digits(seed=0)
    order = np.array([3, 0, 4, 1, 2])
    x, _ = data["test"]
    for method, alike in ((SOFTMAX, True), (NUMBER, False)):
        rate = RATES[method][1]
        right = []
        for of in (data, relabelled(data, order)):
            network = trained(method, of, rate, seed=0)
            right.append(np.mean(predicted(method, network, x) == of["test"][1]))
        assert (abs(right[0] - right[1]) < 0.02) == alike
