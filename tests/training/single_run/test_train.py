"""What one run is trained and tested on."""

import numpy as np
import pytest

import datasets
from training import RunConfig
from training.single_run.engines import build
from training.single_run.train import train


@pytest.fixture
def small(small_sets, monkeypatch):
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))

    def config(**fields):
        sizes = {"train_size": 50, "batch_size": 16, "epochs": 1, "hidden": (4,)}
        return RunConfig(**{"dataset": "mnist", "data": "stand-in", **sizes, **fields})

    return config


def test_test_images_are_a_stratified_draw(small):
    config = small(test_size=20, keep=("predictions", "weights"))
    record = train(config)
    data = datasets.load("mnist", source="stand-in")
    rows = datasets.split(data.y_test, 20, 0).train
    np.testing.assert_array_equal(record.kept["test_labels"], data.y_test[rows])
    assert np.bincount(record.kept["test_labels"]).tolist() == [2] * 10
    model = build(config)
    model.set_weights([*record.weights.values()])
    logits = model.predict(data.x_test[rows], verbose=0)
    np.testing.assert_allclose(record.kept["test_logits"], logits, rtol=1e-5, atol=1e-5)
    right = np.mean(logits.argmax(axis=1) == data.y_test[rows])
    assert record.final["test_accuracy"] == pytest.approx(right)


def test_test_size_changes_no_training(small):
    few, all_ = train(small(test_size=10)), train(small())
    np.testing.assert_array_equal(few.iteration_loss, all_.iteration_loss)
    assert few.final["loss"] == all_.final["loss"]
    assert few.final["test_loss"] != all_.final["test_loss"]


def test_more_test_images_than_there_are(small):
    with pytest.raises(datasets.DataError, match="mnist has 50 test images, but test_size is 51"):
        train(small(test_size=51))
