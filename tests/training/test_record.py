import json

import numpy as np
import pytest

from training import ConfigError, RunConfig, RunRecord


def losses(iterations):
    return np.linspace(2, 1, iterations, dtype=np.float32)


@pytest.mark.parametrize(
    ("train_size", "batch_size", "iterations", "expected"),
    [
        (6, 2, 6, [2, 4, 6, 8, 10, 12]),
        (5, 2, 6, [2, 4, 5, 7, 9, 10]),
        (5, 2, 4, [2, 4, 5, 7]),  # the last epoch cut short
        (5, 5, 3, [5, 10, 15]),
        (5, 100, 3, [5, 10, 15]),  # a batch cannot hold more than there are
        (5, 1, 5, [1, 2, 3, 4, 5]),
        (5, 4, 1, [4]),
    ],
)
def test_sample_gradients(make_record, train_size, batch_size, iterations, expected):
    config = RunConfig(train_size=train_size, batch_size=batch_size, iterations=iterations)
    record = make_record(config, losses=losses(iterations))
    assert record.sample_gradients.tolist() == expected
    assert record.sample_gradients.dtype == np.int64


def test_sample_gradients_of_a_paper_sized_run(make_record):
    config = RunConfig(train_size=60_000, batch_size=7, epochs=3)
    gradients = make_record(config, losses=losses(3 * 8572)).sample_gradients
    assert gradients[-1] == 180_000
    assert np.diff(gradients).max() == 7
    assert np.diff(gradients).min() == 60_000 % 7


def test_elapsed_follows_the_gradients(make_record):
    config = RunConfig(train_size=5, batch_size=2, epochs=2)
    record = make_record(config, losses=losses(6), seconds=20.0)
    np.testing.assert_allclose(record.elapsed, [4, 8, 10, 14, 18, 20])
    assert record.elapsed.dtype == np.float64


def test_parts_make_the_record_again(make_record, assert_same):
    record = make_record(RunConfig(model="cnn", filters=(8, 16), epochs=2))
    facts = json.loads(json.dumps(record.facts()))
    again = RunRecord.from_parts(facts, record.curves())
    assert again.config == record.config
    assert_same(again, record)


def test_curves_are_named_apart(make_record):
    record = make_record(epochs={"loss": [1.0], "accuracy": [0.5]})
    assert list(record.curves()) == ["iteration_loss", "epochs/loss", "epochs/accuracy"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda facts, curves: facts.pop("config"), KeyError),
        (lambda facts, curves: facts.pop("final"), TypeError),
        (lambda facts, curves: facts.update(colour="red"), TypeError),
        (lambda facts, curves: facts["config"].update(seed=-1), ConfigError),
        (lambda facts, curves: facts["config"].update(colour="red"), ConfigError),
        (lambda facts, curves: curves.pop("iteration_loss"), KeyError),
    ],
)
def test_parts_that_are_no_record(make_record, change, error):
    facts, curves = make_record().facts(), make_record().curves()
    change(facts, curves)
    with pytest.raises(error):
        RunRecord.from_parts(facts, curves)


@pytest.mark.parametrize(
    ("losses", "loss", "accuracy", "failed"),
    [
        ([2.4, 50.0, 2.3], 2.3020, 0.10, True),  # dead, a little below ln 10
        ([2.4, 50.0, 2.3], 2.305, 0.10, True),  # dead, a little above
        ([2.3, 9.1, 9.5], 9.0, 0.135, True),  # AdaGrad at rate 3
        ([2.3, 2.3, 2.3], 2.3, 0.02, True),  # worse than guessing
        ([2.3, np.nan, np.nan], np.nan, 0.10, True),
        ([2.3, np.inf, 1.0], 0.9, 0.7, True),
        ([2.3, 1.5, 1.0], np.nan, 0.7, True),  # in the last update
        ([2.3, 1.5, 1.0], 0.9, 0.7, False),
        ([2.4, 50.0, 1.0], 0.9, 0.7, False),  # exploded, and recovered
        ([2.4, 2.39, 2.38], 2.38, 0.16, False),  # learned a little
    ],
)
def test_failed(make_record, losses, loss, accuracy, failed):
    final = {"loss": loss, "accuracy": accuracy}
    record = make_record(iteration_loss=np.float32(losses), final=final)
    assert record.failed is failed


def test_any_number_that_is_not_finite_is_a_failure(make_record):
    final = {"loss": 0.5, "accuracy": 0.7, "test_loss": np.inf, "test_accuracy": 0.6}
    assert make_record(final=final).failed


def test_records_stored_with_a_status_load(make_record, assert_same):
    record = make_record()
    facts = {**record.facts(), "status": "diverged"}
    again = RunRecord.from_parts(facts, record.curves())
    assert_same(again, record)
    assert "status" not in again.facts()
