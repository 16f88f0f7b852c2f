import numpy as np
import pytest

from reporting.verdicts.measures import (
    VALIDATION_ACCURACY,
    Measure,
    best_rates,
    crossing_epoch,
    early_loss,
    epochs_trained,
    final,
    fluctuation,
    images_per_second,
    iterations_to_reach,
    over_rates,
    over_seeds,
    overfitting_gap,
    overfitting_gaps,
    rises_before_lowest,
    running_mean,
    seconds_per_update,
    stable_rates,
    stopping_epoch,
    straightness,
    trailing_loss,
    turning_epoch,
    unsteadiness,
    updates_to_reach,
    updates_to_slower_end,
)

NOISY = [5, 4, 4.5, 3, 3.2, 3.1, 2, 2.5, 2.6, 2.7, 2.8, 2.9, 3, 3.1, 3.2, 3.3, 3.4, 3.5]


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


def test_rates_of_each_seed(make_record):
    dead = {"losses": (2.4, 50.0, 2.4), "final": 2.4, "accuracy": 0.1}
    of_rates = {
        0.1: [make_record(final=1.0), make_record(final=2.0), make_record(**dead)],
        0.3: [make_record(final=2.0), make_record(final=1.0), make_record(final=2.0)],
        1.0: [make_record(**dead), make_record(final=2.0), make_record(**dead)],
    }
    losses = over_rates(of_rates, final("loss"))
    assert losses.tolist() == [[1, 2, 2.4], [2, 1, 2], [2.4, 2, 2.4]]
    assert best_rates(of_rates, lambda record: -record.final["loss"]).tolist() == [0.1, 0.3, 0.3]
    np.testing.assert_array_equal(stable_rates(of_rates), [0.3, 1.0, 0.3])


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.5, 0.5, 0.5), 1.0),
        ((0.1, 0.5, 0.5), 1.0),  # too small to learn anything, not too large
        ((0.1, 0.5, 0.1), 0.3),
        ((0.5, 0.1, 0.5), 0.1),
        ((0.1, 0.1, 0.1), np.nan),
    ],
)
def test_largest_stable_rate(make_record, accuracies, expected):
    of_rates = {
        rate: [make_record(accuracy=accuracy)]
        for rate, accuracy in zip((0.1, 0.3, 1.0), accuracies, strict=True)
    }
    np.testing.assert_array_equal(stable_rates(of_rates), [expected])


def test_seconds_per_update(make_record):
    assert seconds_per_update(make_record(losses=[1.0] * 4, seconds=2.0)) == 0.5


def test_updates_to_reach_the_mean_loss_of_an_epoch(make_record):
    # Two iterations an epoch: means 3.5, 2.5, 2, 1.5, 1 after 2, 3, 4, 5 and 6 updates.
    record = make_record(losses=(4, 3, 2, 2, 1, 1), train_size=20, batch_size=10)
    np.testing.assert_allclose(trailing_loss(record), [3.5, 2.5, 2, 1.5, 1])
    losses = (9, 3.5, 2.4, 1.5, 1, 0.9)
    assert [updates_to_reach(record, loss) for loss in losses] == [2, 2, 4, 5, 6, 6]


def test_a_failed_run_reaches_nothing_more(make_record):
    record = make_record(losses=(4, 3, np.nan, 1, 1), final=np.nan, train_size=20, batch_size=10)
    assert updates_to_reach(record, 3.5) == 2
    assert updates_to_reach(record, 2) == 5


def test_updates_are_counted_to_the_slower_end_of_the_same_seed(make_record):
    def falling(*speeds):
        return [
            make_record(losses=np.exp(-s * np.arange(40) / 20), train_size=20, batch_size=10)
            for s in speeds
        ]

    methods = {"Adam": falling(1, 1, 1), "SGD": falling(2, 0.5, 0.25)}
    (label, adam), (other, sgd) = updates_to_slower_end(methods, "Adam", "SGD")
    assert (label, other) == ("Adam", "SGD")
    # The mean of two losses at speed s is near exp(-s·(k - 1.5)/20) after k updates.
    assert adam == [40, 21, 12]
    assert sgd == [21, 40, 40]


@pytest.mark.parametrize(
    ("patience", "epoch"), [(0, 3), (1, 3), (2, 6), (3, 10), (5, 12), (10, 17), (12, 18)]
)
def test_where_training_stops(patience, epoch):
    assert stopping_epoch(np.array(NOISY), patience) == epoch


def test_a_tie_is_no_new_lowest_point():
    assert stopping_epoch(np.array([2.0, 1.0, 1.0, 0.5]), 1) == 3


@pytest.mark.parametrize("patience", range(5))
def test_the_rule_is_keras_s(patience):
    import keras

    class Model:
        stop_training = False

    curve = np.random.default_rng(patience).normal(size=30) - np.arange(30) / 10
    callback = keras.callbacks.EarlyStopping("val_loss", patience=patience, mode="min")
    callback.set_model(Model())
    callback.on_train_begin()
    epochs = 0
    while not callback.model.stop_training:
        callback.on_epoch_end(epochs, {"val_loss": curve[epochs]})
        epochs += 1
    assert stopping_epoch(curve, patience) == epochs


def test_rises_are_counted_before_the_lowest_point_alone():
    assert rises_before_lowest(np.array(NOISY)) == 2
    assert rises_before_lowest(np.array([3.0, 2, 1, 2, 3])) == 0


def test_early_loss_is_that_of_the_fifth_epoch_or_the_last(make_record):
    assert early_loss(make_record(epochs={"evaluated_loss": np.arange(10, 0, -1)})) == 6
    assert early_loss(make_record(epochs={"evaluated_loss": np.arange(10, 0, -1)}), 2) == 9
    assert early_loss(make_record(epochs={"evaluated_loss": np.arange(3)})) == 2


def test_unsteadiness_is_the_mean_step_of_the_last_epochs(make_record):
    accuracies = np.array([0, 0.5, 0.7, 0.6, 0.7, 0.6, 0.7])
    record = make_record(epochs={"val_accuracy": accuracies})
    assert unsteadiness(record) == pytest.approx((0.2 + 4 * 0.1) / 5)


def test_after_the_last_epoch(make_record):
    epochs = {"val_accuracy": np.array([0.5, 0.75, 0.25]), "val_loss": np.ones(3)}
    record = make_record(epochs=epochs | {"evaluated_accuracy": np.array([0.5, 1.0, 0.75])})
    assert VALIDATION_ACCURACY(record) == 0.25
    assert epochs_trained(record) == 3
    assert overfitting_gaps(record).tolist() == [0, 0.25, 0.5]
    assert overfitting_gap(record) == 0.5


class TestMeasure:
    def test_measures_a_run(self):
        measure = Measure("twice", lambda run: 2 * run, better="lower", unit="s", margin=0.1)
        assert measure(3) == 6
        np.testing.assert_array_equal(over_seeds([1, 2], measure), [2, 4])

    def test_of_several_runs_at_once_has_no_function(self):
        with pytest.raises(TypeError, match="gap is measured of several runs at once"):
            Measure("gap")(1)

    def test_better_is_lower_higher_or_neither(self):
        with pytest.raises(ValueError, match="better must be 'lower', 'higher' or None, not 'up'"):
            Measure("loss", better="up")
