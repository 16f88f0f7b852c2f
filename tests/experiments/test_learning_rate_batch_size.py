import dataclasses

import numpy as np
import pytest

import experiments.learning_rate_batch_size as study
from reporting import Lab

START = 2.4


@pytest.fixture
def runs(made_up_record):
    """Grid of runs that learn best at 0.1, explode at 10 and take as long whatever m is."""

    def obtain(configs):
        return [result(made_up_record(config)) for config in configs]

    return study.runs(Lab("quick", 3, {"fashion_mnist": "stand-in"}, obtain))


ACCURACY = {0.001: 0.11, 0.1: 0.8, 0.3: 0.7, 10.0: 0.1}


def result(record, accuracy=None, peak=None, seconds=1.0):
    rate, seed = record.config.learning_rate, record.config.seed
    accuracy = ACCURACY[rate] if accuracy is None else accuracy
    losses = np.linspace(START, 1, len(record.iteration_loss)) + seed / 100
    losses[1] = (100 if rate == 10 else START) if peak is None else peak
    noise = np.random.default_rng(seed).normal(size=len(losses)) / record.config.batch_size
    noise[:2] = 0
    return dataclasses.replace(
        record,
        iteration_loss=np.float32(losses + noise),
        epochs={"val_accuracy": np.float32([accuracy + seed / 1000])},
        final=record.final | {"loss": 2.31 if rate == 10 else 1.0, "accuracy": accuracy},
        seconds=seconds * (1 + seed / 100),
    )


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in study.claims(runs)}


def changed(runs, m, rate, **changes):
    grid = {size: dict(by_rate) for size, by_rate in runs.grid.items()}
    grid[m][rate] = [result(record, **changes) for record in grid[m][rate]]
    return study.Runs(grid)


def test_what_is_as_the_sources_say_is_reproduced(runs):
    found = verdicts(runs)
    for start in ("At rate 0.001", "At rate 10", "Small batches", "An update"):
        of_start = [verdict for statement, verdict in found.items() if statement.startswith(start)]
        assert of_start
        assert set(of_start) == {"reproduced"}
    assert found["An epoch is faster in small batches"] == "inconclusive"


def test_a_rate_that_learns_is_not_too_small(runs):
    found = verdicts(changed(runs, 10, 0.001, accuracy=0.6))
    assert found["At rate 0.001 there is almost no learning (m = 10)"] == "not reproduced"
    assert found["At rate 0.001 there is almost no learning (m = 150)"] == "reproduced"


def test_a_loss_that_stays_low_has_not_diverged(runs):
    found = verdicts(changed(runs, 150, 10.0, peak=START))
    assert found["At rate 10 the loss diverges (m = 150)"] == "not reproduced"


@pytest.mark.parametrize(("seconds", "verdict"), [(5.0, "not reproduced"), (0.1, "reproduced")])
def test_times_of_an_epoch(runs, seconds, verdict):
    found = verdicts(changed(runs, 10, study.COMMON_RATE, seconds=seconds))
    assert found["An epoch is faster in small batches"] == verdict


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.1, "reproduced"), (0.9, "not reproduced")])
def test_too_small_a_batch_at_the_best_rate_of_a_larger_one(runs, accuracy, verdict):
    # A batch of 150 does best at 0.3, where one of 10 is good; one of 3,000 does best at 0.1.
    found = verdicts(changed(changed(runs, 150, 0.3, accuracy=0.85), 10, 0.1, accuracy=accuracy))
    statement = "m = 10 is too small to converge where m = {} does best"
    assert found[statement.format("3,000")] == verdict
    assert found[statement.format("150")] == "reproduced"


def test_best_rate_grows_with_the_batch(runs):
    found = verdicts(changed(runs, 150, 0.3, accuracy=0.9))
    grows = "The best rate is larger for m = {} than for m = {} (our own question)"
    assert found[grows.format("150", "10")] == "reproduced"
    assert found[grows.format("3,000", "150")] == "not reproduced"


def test_a_batch_that_fails_at_every_rate_has_no_larger_stable_rate(runs):
    for records in runs.grid[3000].values():
        for record in records:
            record.iteration_loss[-1] = np.inf
    grows = "The largest stable rate is larger for m = {} than for m = {} (our own question)"
    assert verdicts(runs)[grows.format("3,000", "150")] == "not reproduced"


def test_noise_of_larger_batches_is_not_reproduced(runs):
    for record in runs.grid[150][study.COMMON_RATE]:
        zigzag = np.resize([1, -1], len(record.iteration_loss))
        record.iteration_loss[:] += zigzag * (5 + record.config.seed / 10)
    assert verdicts(runs)["Small batches learn with a bigger variance"] == "not reproduced"


def test_a_small_batch_that_takes_long_is_not_faster_by_the_update(runs):
    found = verdicts(changed(runs, 10, study.COMMON_RATE, seconds=1000.0))
    assert found["An update is faster with a small batch"] == "not reproduced"


def test_cells_of_failed_runs_say_so(runs):
    loss, accuracy, seconds = study.heat_maps(runs).axes
    assert [text.get_text() for text in loss.texts].count("failed") == 6
    assert [text.get_text() for text in accuracy.texts].count("failed") == 6
    assert "failed" not in [text.get_text() for text in seconds.texts]


def test_table_has_the_range_of_rates(runs):
    rows = study.batch_sizes(runs).rows
    assert [row[0] for row in rows] == [10, 150, 3000]
    assert rows[0][1:4] == [900, "0.1 to 0.1", "0.3 to 0.3"]
