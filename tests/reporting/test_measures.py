import numpy as np
import pytest

from reporting.measures import (
    crossing_epoch,
    final,
    fluctuation,
    images_per_second,
    iterations_to_reach,
    over_seeds,
    running_mean,
    straightness,
    turning_epoch,
)


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


@pytest.mark.parametrize(
    ("training", "epoch"),
    [
        ([2.0, 1.0, 0.5, 0.4], 3),  # below from the third epoch on
        ([0.5, 1.0, 0.5, 0.4], 3),  # below in the first, but not to stay
        ([0.5, 0.5, 0.5, 0.5], 1),
        ([2.0, 1.0, 0.5, 0.9], 5),  # equal is not below: never
    ],
)
def test_crossing_epoch(make_record, training, epoch):
    record = make_record(
        epochs={"loss": training, "evaluated_loss": [0.1] * 4, "val_loss": [1.0, 0.9, 0.8, 0.9]}
    )
    assert crossing_epoch(record) == epoch
    assert crossing_epoch(record, "evaluated_loss") == 1
    assert turning_epoch(record) == 3


def test_final(make_record):
    assert final("test_accuracy")(make_record()) == 0.5
    assert final("loss")(make_record(final=3.0)) == 3.0


EDGE = [[-1, 0, 1]] * 3
LINE = [[0, 1, 0]] * 3
DIAGONAL_EDGE = [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]
CHECKERS = [[1, -1, 1], [-1, 1, -1], [1, -1, 1]]
CROSS = [[-1, 0, 1], [0, 0, 0], [1, 0, -1]]


@pytest.mark.parametrize("kernel", [EDGE, LINE, DIAGONAL_EDGE, np.transpose(EDGE)])
def test_edges_and_lines_are_straight(kernel):
    assert straightness([kernel])[0] == pytest.approx(1)
    assert straightness([5 - 3 * np.array(kernel)])[0] == pytest.approx(1)


def test_a_saddle_is_no_line():
    # x·y = (u² − v²)/2 along the diagonals: a parabola across one of them explains half... of u²
    # and v², which are not orthogonal on nine points, so by least squares at 45° here.
    u = np.array([-2, -1, 0, -1, 0, 1, 0, 1, 2]) / np.sqrt(2)
    design = np.stack([np.ones(9), u, u**2], axis=1)
    values = np.ravel(CROSS).astype(float)
    residual = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    expected = 1 - (residual @ residual) / (values @ values)
    assert straightness([CROSS])[0] == pytest.approx(expected)
    assert expected < 0.9


def test_straightness_of_noise_lies_between():
    kernels = np.random.default_rng([0]).normal(size=(200, 3, 3))
    values = straightness(kernels)
    assert ((values > 0) & (values < 1)).all()
    assert 0.4 < values.mean() < 0.65
    assert straightness([CHECKERS])[0] < 0.5


def test_images_per_second(make_record):
    record = make_record(losses=[1.0] * 4, seconds=2.0, train_size=10, batch_size=4)
    assert images_per_second(record) == (4 + 4 + 2 + 4) / 2
