"""What runs keep beyond their losses."""

import keras
import numpy as np
import pytest

import datasets
from training import RunConfig, run
from training.single_run.artifacts import WEIGHT_SIZES, weight_sizes, worst_mistakes
from training.single_run.scaling import fitted
from training.single_run.train import train, trained


@pytest.fixture
def small(small_sets, monkeypatch):
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))

    def config(**fields):
        sizes = {"train_size": 50, "batch_size": 16, "epochs": 2, "hidden": (4,)}
        return RunConfig(**{"data": "stand-in", **sizes, **fields})

    return config


def test_nothing_is_kept_unasked(small):
    assert train(small()).kept == {}


def test_weights_make_the_trained_model_again(small):
    record = train(small(model="cnn", filters=(2, 3), keep=("weights",)))
    model = trained(record)
    data = datasets.load("fashion_mnist", source="stand-in")
    evaluated = model.evaluate(data.x_test, data.y_test, verbose=0, return_dict=True)
    assert evaluated["loss"] == pytest.approx(record.final["test_loss"], rel=1e-5)
    assert evaluated["accuracy"] == pytest.approx(record.final["test_accuracy"])


def test_predictions_are_those_of_the_test_metrics(small):
    record = train(small(keep=("predictions",)))
    logits, labels = record.kept["test_logits"], record.kept["test_labels"]
    assert (logits.shape, logits.dtype, labels.dtype) == ((50, 10), np.float32, np.uint8)
    assert (logits.argmax(axis=1) == labels).mean() == pytest.approx(record.final["test_accuracy"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    assert float(loss) == pytest.approx(record.final["test_loss"], rel=1e-5)


def test_examples_show_each_class_and_each_mistake(small):
    record = train(small(keep=("predictions", "examples")))
    data = datasets.load("fashion_mnist", source="stand-in")
    kept = record.kept
    assert kept["example_labels"].tolist() == list(range(10))
    np.testing.assert_array_equal(kept["example_images"], data.x_test[:10])
    predicted = kept["test_logits"].argmax(axis=1)
    pairs = {(t, p) for t, p in zip(kept["test_labels"], predicted, strict=True) if t != p}
    assert {tuple(pair) for pair in kept["mistakes"].tolist()} == pairs
    assert kept["mistake_images"].shape == (len(pairs), 28, 28)


def test_examples_also_show_what_the_network_sees_of_them(small):
    plain, scaled = (train(small(keep=("examples",), scaling=s)) for s in ("unit", "standard"))
    data = datasets.load("fashion_mnist", source="stand-in")
    split = datasets.split(data.y_train, 50, 0)
    expected = fitted("standard", data.x_train[split.train])(data.x_test[:10])
    np.testing.assert_allclose(scaled.kept["example_inputs"], expected, atol=2e-3)
    np.testing.assert_array_equal(scaled.kept["example_images"], data.x_test[:10])
    assert "example_inputs" not in plain.kept


@pytest.mark.parametrize("scaling", ["standard", "pca", "zca"])
def test_own_statistics_are_those_of_the_test_images(small, scaling):
    record = train(small(scaling=scaling, keep=("own statistics", "weights")))
    data, model = datasets.load("fashion_mnist", source="stand-in"), trained(record)
    split = datasets.split(data.y_train, 50, 0)
    together = fitted(scaling, data.x_test)(data.x_test)
    by_class = np.empty_like(together)
    for label in range(10):
        of_class = data.x_test[data.y_test == label]
        by_class[data.y_test == label] = fitted(scaling, of_class)(of_class)
    by_training = fitted(scaling, data.x_train[split.train])(data.x_test)
    expected = {"test": by_training, "own_test": together, "own_class_test": by_class}
    for prefix, images in expected.items():
        metrics = model.evaluate(images, data.y_test, verbose=0, return_dict=True)
        for name, number in metrics.items():
            assert record.final[f"{prefix}_{name}"] == pytest.approx(number, rel=1e-3)
    assert len({record.final[f"{prefix}_loss"] for prefix in expected}) == 3


def test_own_statistics_change_nothing_else(small):
    kept, plain = (
        train(small(scaling="standard", keep=keep)) for keep in (("own statistics",), ())
    )
    np.testing.assert_array_equal(kept.iteration_loss, plain.iteration_loss)
    assert {name: kept.final[name] for name in plain.final} == plain.final
    assert len(kept.final) == len(plain.final) + 4


def test_worst_mistakes_by_hand():
    logits = np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 9.0], [900.0, 902.0]])
    labels = np.array([1, 1, 0, 1, 0])
    # Images 0 and 1 are ones taken for zeros, 0 more surely; 2 and 4 equally sure, so the later.
    assert worst_mistakes(logits, labels) == {(0, 1): 4, (1, 0): 0}


def test_weight_sizes_by_hand():
    edges = {-9.0: 0, -1.0: 80, 0.0: 90, 1.0: 100}
    assert {edge: int(np.argmin(np.abs(WEIGHT_SIZES - edge))) for edge in edges} == edges
    kernel = np.array([[0.0, 1e-12, -0.11], [0.12, -1.05, 1e3]])
    counts = weight_sizes([kernel, np.array([0.5, 0.5]), np.full((1, 1, 1, 2), 0.5)])
    assert (counts.shape, counts.dtype) == ((100,), np.int32)
    # What lies outside counts at the end, whatever the sign; biases do not count.
    assert {place: int(counts[place]) for place in np.flatnonzero(counts)} == {
        0: 2,
        80: 2,
        86: 2,
        90: 1,
        99: 1,
    }


def test_weight_sizes_are_those_of_the_weights_after_training(small):
    record = train(small(hidden=(4, 3), l1=0.01, keep=("weight sizes", "weights")))
    sizes = np.abs(np.concatenate([w.ravel() for w in record.weights.values() if w.ndim == 2]))
    below = np.searchsorted(np.sort(sizes), 10.0 ** WEIGHT_SIZES[1:-1])
    np.testing.assert_array_equal(record.kept["weight_sizes"].cumsum()[:-1], below)
    assert record.kept["weight_sizes"].sum() == 784 * 4 + 4 * 3 + 3 * 10


def test_evaluations_are_those_of_the_weights_after_each_epoch(small):
    record = train(small(dropout=0.5, keep=("evaluations",)))
    assert set(record.epochs) == {"loss", "accuracy", "evaluated_loss", "evaluated_accuracy"}
    assert record.epochs["evaluated_loss"][-1] == pytest.approx(record.final["loss"], rel=1e-5)
    one_epoch = train(small(dropout=0.5, epochs=1))
    assert record.epochs["evaluated_loss"][0] == pytest.approx(one_epoch.final["loss"], rel=1e-5)
    assert not np.allclose(record.epochs["evaluated_loss"], record.epochs["loss"])


def test_sample_evaluations_are_those_of_the_first_training_images(small, monkeypatch):
    from training.single_run import engines

    monkeypatch.setattr(engines, "SAMPLE", 7)
    record = train(small(keep=("sample evaluations", "weights")))
    data = datasets.load("fashion_mnist", source="stand-in")
    rows = datasets.split(data.y_train, 50, 0).train[:7]
    evaluated = trained(record).evaluate(data.x_train[rows], data.y_train[rows], verbose=0)
    assert record.epochs["evaluated_loss"].shape == (2,)
    assert record.epochs["evaluated_loss"][-1] == pytest.approx(evaluated[0], rel=1e-5)


def test_evaluations_change_nothing_else(small):
    kept, plain = (train(small(dropout=0.5, keep=keep)) for keep in (("evaluations",), ()))
    np.testing.assert_array_equal(kept.iteration_loss, plain.iteration_loss)
    assert kept.final == plain.final


def test_patience_stops_and_goes_back_to_the_lowest_validation_loss(small):
    config = small(validation_size=20, epochs=60, patience=2, optimizer="adam", learning_rate=0.05)
    record = train(config)
    losses = record.epochs["val_loss"]
    assert len(losses) < 60
    assert losses.argmin() == len(losses) - 3
    stopped = train(config.replace(patience=None, epochs=int(losses.argmin()) + 1))
    assert record.final == pytest.approx(stopped.final, rel=1e-5)


def test_cosine_schedule_ends_at_zero(small):
    """The first updates are those of a constant rate; the last ones hardly move the loss."""
    constant, cosine = (train(small(schedule=name)) for name in ("constant", "cosine"))
    assert constant.iteration_loss[0] == cosine.iteration_loss[0]
    assert constant.iteration_loss[-1] != cosine.iteration_loss[-1]


def test_what_is_kept_goes_through_the_cache(small, tmp_path, small_sets):
    config = small(keep=("weights", "predictions", "examples"))
    fresh, stored = run(config, runs_dir=tmp_path), run(config, runs_dir=tmp_path)
    assert fresh.kept.keys() == stored.kept.keys()
    for name, array in fresh.kept.items():
        assert stored.kept[name].dtype == array.dtype
        np.testing.assert_array_equal(stored.kept[name], array)
