import numpy as np
import pytest

from experiments.analyses.learning_rate_schedules import (
    decades_off,
    diverging_iteration,
    diverging_rate,
    draw_range_tests,
    range_tests_table,
    rates,
    steepest_rate,
    suggested_rate,
)
from training import RunConfig

ITERATIONS = 120  # 20 in a decade


def losses_of(falls_at=60, diverges_at=100, fall=10, after=3.0):
    """2.3, but 0.5 from `fall` iterations after the first on, and high from the second on."""
    k = np.arange(ITERATIONS)
    losses = np.interp(k, [falls_at, falls_at + fall], [2.3, 0.5])
    losses[diverges_at:] = after
    return losses


@pytest.fixture
def test_of(make_record):
    """A function of losses: a range test from 1e-5 to 10."""
    config = RunConfig(
        data="stand-in",
        optimizer="momentum",
        schedule="rising",
        learning_rate=10.0,
        iterations=ITERATIONS,
    )
    return lambda losses: make_record(config, losses)


def test_rates_rise_by_a_factor_of_a_million(test_of):
    expected = [1e-5 * 10 ** (k / 20) for k in range(ITERATIONS)]
    np.testing.assert_allclose(rates(test_of(losses_of())), expected, rtol=1e-5)


@pytest.mark.parametrize("after", [2.31, 1e9, np.inf, np.nan])
def test_it_diverges_where_the_loss_is_that_of_guessing_again(test_of, after):
    losses = losses_of(diverges_at=90, after=after)
    losses[3] = 2.5  # before the lowest loss, so no divergence
    record = test_of(losses)
    assert diverging_iteration(record) == 90
    assert diverging_rate(record) == pytest.approx(10**-0.5, rel=1e-4)
    assert suggested_rate(record) == pytest.approx(10**-1.5, rel=1e-4)


def test_one_that_never_diverges_counts_with_its_last_rate(test_of):
    record = test_of(losses_of(after=1.0))
    assert diverging_iteration(record) == ITERATIONS - 1


def test_it_falls_fastest_in_the_middle_of_its_fall(test_of):
    assert steepest_rate(test_of(losses_of())) == pytest.approx(1e-5 * 10 ** (65 / 20), rel=1e-4)


def test_a_fall_after_it_diverged_does_not_count(test_of):
    losses = losses_of(diverges_at=90, after=100.0)
    losses[110:] = 3.0
    assert steepest_rate(test_of(losses)) == pytest.approx(1e-5 * 10 ** (65 / 20), rel=1e-4)


def test_decades_between_suggested_and_tuned_rate(test_of, make_record):
    tests = [test_of(losses_of(diverges_at=k)) for k in (100, 80)]  # 1 and 0.1
    tuned = 2 * [make_record(learning_rate=0.1)]
    assert decades_off(tests, tuned).tolist() == pytest.approx([0, 1], abs=1e-4)


def test_the_table_sets_them_beside_the_tuned_rate(test_of, make_record):
    tests = {"Adam": [test_of(losses_of())]}
    ((label, steepest, diverges, tenth, tuned),) = range_tests_table(
        tests, {"Adam": [make_record(learning_rate=0.3)]}
    ).rows
    assert (label, tuned) == ("Adam", 0.3)
    assert (float(diverges), float(tenth)) == (1, 0.1)
    assert float(steepest) == pytest.approx(1e-5 * 10 ** (65 / 20), rel=1e-3)


def test_the_figure_shows_raw_losses_and_ends_the_mean_where_the_first_seed_diverges(
    test_of, make_record
):
    tests = {"Adam": [test_of(losses_of(diverges_at=k)) for k in (100, 80)]}
    tests["SGD, constant"] = tests["Adam"]
    tuned = {label: [make_record(learning_rate=0.3)] for label in tests}
    ax, other = draw_range_tests(tests, tuned).axes
    lines = {line.get_label(): line for line in ax.lines if line.get_label()[0] != "_"}
    assert set(lines) == {
        "Adam",
        "tuned rate",
        "steepest descent",
        "diverges",
        "a tenth of that",
    }
    assert lines["tuned rate"].get_xdata()[0] == 0.3
    assert lines["diverges"].get_xdata()[0] == pytest.approx(10**-0.5, rel=1e-3)  # of 1 and 0.1
    assert lines["a tenth of that"].get_xdata()[0] == pytest.approx(10**-1.5, rel=1e-3)
    assert lines["Adam"].get_xdata()[-1] < 0.1
    raw = [line for line in ax.lines if line.get_label()[0] == "_"]
    assert [line.get_ydata().tolist() for line in raw] == [
        test.iteration_loss.tolist() for test in tests["Adam"]
    ]
    assert other.get_title("left") == "SGD, constant"
