import numpy as np
import pytest

from experiments.analyses.optimizers import landscapes
from experiments.analyses.optimizers.landscapes import (
    FINE,
    LANDSCAPES,
    LONG,
    TURNED,
    bowl,
    updates_needed,
)
from reporting.figures import plots


@pytest.mark.parametrize("landscape", LANDSCAPES.values(), ids=LANDSCAPES)
def test_minimum_is_zero_and_nowhere_less(landscape):
    assert landscape.function(*landscape.minimum) == pytest.approx(0, abs=1e-12)
    left, right, bottom, top = landscape.window
    grid = np.meshgrid(np.linspace(left, right, 60), np.linspace(bottom, top, 60))
    assert landscape.function(*grid).min() >= 0
    for x, y in (landscape.start, landscape.minimum):
        assert left < x < right
        assert bottom < y < top


def test_values_by_hand():
    assert bowl(100)(2.0, 1.0) == 52
    assert bowl(100, np.pi / 2)(2.0, 1.0) == pytest.approx((1 + 400) / 2)
    assert landscapes.rosenbrock(0, 1) == 101
    assert landscapes.beale(1, 1) == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)


def test_updates_until_a_loss_stays_low():
    losses = [
        [8.0, 4.0, 2.0, 1.0],  # there after two
        [8.0, 1.0, 4.0, 1.0],  # there after one, but not to stay
        [8.0, 4.0, 3.0, 3.0],  # never
        [8.0, 1.0, np.nan, np.nan],
    ]
    assert updates_needed(np.array(losses), 0.25).tolist() == [2, 3, 4, 4]


@pytest.fixture(scope="module")
def found():
    return landscapes.descents(LANDSCAPES[LONG])


def test_descent_on_a_bowl_agrees_with_its_closed_form(found):
    # x(k) = (1 − ηλ)^k x(0): the best rate of the grid is searched anew
    around = np.random.default_rng([0]).uniform(-0.5, 0.5, (landscapes.STARTS, 2))
    starts = np.array(LANDSCAPES[LONG].start) + around
    with np.errstate(over="ignore", invalid="ignore"):
        powers = (1 - landscapes.RATES[:, None, None] * np.array([1, 100])) ** np.c_[:1001]
        losses = (powers * starts[:, None, None]) ** 2 @ [0.5, 50.0]
    expected = updates_needed(losses, float(FINE)).min(axis=1)
    assert found["SGD"]["updates"][FINE].tolist() == expected.tolist()
    np.testing.assert_allclose(found["SGD"]["path"][0], LANDSCAPES[LONG].start)
    assert abs(found["SGD"]["path"][-1]).max() < 1e-3


def test_paths_are_drawn_from_start_to_minimum(found):
    _, ax = plots.figure()
    landscapes.draw_paths(ax, LANDSCAPES[LONG], found)
    drawn = {line.get_label(): line for line in ax.lines}
    assert set(found) <= drawn.keys()
    np.testing.assert_array_equal(drawn["Adam"].get_xydata(), found["Adam"]["path"])


def test_figure_and_table_have_every_landscape(found):
    by_landscape = {LONG: found, TURNED: found}
    fig = landscapes.draw_descents(by_landscape)
    assert [ax.get_title(loc="left") for ax in fig.axes] == [LONG.capitalize(), TURNED.capitalize()]
    table = landscapes.updates_table(by_landscape)
    assert table.columns == ["optimizer", LONG, TURNED]
    assert len(table.rows) == len(found)
