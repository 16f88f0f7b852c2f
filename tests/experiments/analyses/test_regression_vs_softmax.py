import numpy as np
import pytest

from experiments.analyses.regression_vs_softmax import (
    NUMBER,
    SOFTMAX,
    distances_of_mistakes,
    predicted,
    trained,
)


class Fixed:
    """A network that gives the same outputs whatever it sees."""

    def __init__(self, outputs):
        self.outputs = np.array(outputs)

    def predict(self, x):
        return self.outputs


def test_predictions_by_hand():
    number, softmax = Fixed([[0.0], [0.24], [0.4], [1.0]]), Fixed([[0, 3, 1], [2, 1, 0]])
    assert predicted(NUMBER, number, None, classes=5).tolist() == [0, 1, 2, 4]
    assert predicted(SOFTMAX, softmax, None, classes=3).tolist() == [1, 0]


def test_distances_of_mistakes_by_hand():
    shares = distances_of_mistakes(np.array([0, 2, 4, 0]), np.array([0, 1, 2, 4]), classes=5)
    assert shares.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])
    right = np.array([0, 1])
    assert distances_of_mistakes(right, right, classes=3).tolist() == [0, 0]


@pytest.mark.parametrize(("method", "rate"), [(NUMBER, 10.0), (SOFTMAX, 1.0)])
def test_training_learns_labels_on_a_line(method, rate):
    y = np.repeat([0, 1, 2], 64)
    x = np.column_stack([y, np.ones_like(y)]) - [1, 0]
    options = {"classes": 3, "learning_rate": rate, "batch_size": 32, "epochs": 60, "seed": 0}
    network = trained(method, x, y, **options)
    assert np.mean(predicted(method, network, x, classes=3) == y) > 0.95
