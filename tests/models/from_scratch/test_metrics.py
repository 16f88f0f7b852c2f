import keras
import numpy as np
import pytest

from models.from_scratch import binary_accuracy, categorical_accuracy


@pytest.mark.parametrize("seed", range(3))
def test_accuracies_are_those_of_keras(seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(30, 4)), rng.integers(4, size=30)
    theirs = np.mean(keras.metrics.sparse_categorical_accuracy(labels, logits))
    assert categorical_accuracy(logits, labels) == pytest.approx(theirs)
    probabilities, targets = rng.random((30, 1)), rng.integers(2, size=(30, 1))
    theirs = np.mean(keras.metrics.binary_accuracy(targets, probabilities))
    assert binary_accuracy(probabilities, targets) == pytest.approx(theirs)
