import numpy as np
import pytest

from reporting.measures import fluctuation, iterations_to_reach, over_seeds, running_mean


def test_fluctuation_is_the_residual_of_a_regression_line(make_record):
    losses = np.random.default_rng(0).normal(size=80) + np.linspace(3, 1, 80)
    # scikit-free reference: residuals of the normal equations over the last 50 iterations
    design = np.stack([np.ones(50), np.arange(50)], axis=1)
    last = np.float32(losses)[-50:].astype(float)
    residuals = last - design @ np.linalg.solve(design.T @ design, design.T @ last)
    expected = np.sqrt(residuals @ residuals / 48)
    assert fluctuation(make_record(losses=losses)) == pytest.approx(expected, rel=1e-9)


def test_a_straight_line_does_not_fluctuate(make_record):
    assert fluctuation(make_record(losses=np.linspace(3, 1, 100))) == pytest.approx(0, abs=1e-6)


def test_fluctuation_of_a_diverged_run_is_no_number(make_record):
    assert np.isnan(fluctuation(make_record(losses=[1.0] * 60 + [np.nan])))


@pytest.mark.parametrize(
    ("loss", "iterations"),
    [
        (2.0, 1),  # the start has it, but progress is counted from the first update
        (1.5, 1),
        (1.3, 2),
        (1.125, 3),
        (1.0, 4),  # only the final loss gets there
        (0.5, 4),  # never: a lower bound
        (np.nan, 4),
    ],
)
def test_iterations_to_reach(make_record, loss, iterations):
    record = make_record(losses=(2.0, 1.5, 1.25, 1.125), final=1.0)
    assert iterations_to_reach(record, loss) == iterations


def test_running_mean_starts_anew_with_each_epoch(make_record):
    record = make_record(losses=(4, 2, 3, 1, 1, 4, 8), train_size=300, batch_size=100)
    assert running_mean(record).tolist() == pytest.approx([4, 3, 3, 1, 1, 2, 8])


def test_over_seeds(make_record):
    records = [make_record(final=value) for value in (1, 2)]
    assert over_seeds(records, lambda record: record.final["loss"]).tolist() == [1, 2]
