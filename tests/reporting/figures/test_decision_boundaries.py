import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from reporting.figures import decision_boundaries, plots

X = np.array([[-1.0, 0], [-0.5, 1], [0.5, -1], [1, 0.5]])
Y = np.array([0, 0, 1, 1])


@pytest.fixture
def ax():
    return plots.figure(width=4, height=4)[1]


def upright(at):
    """The score of a vertical boundary, with class 1 on its right."""
    return lambda points: 4 * (points[:, 0] - at)


def color_at(ax, x, y):
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())
    column, row = ax.transData.transform((x, y)).round().astype(int)
    return to_hex(image[image.shape[0] - 1 - row, column, :3] / 255)


def test_the_line_lies_where_the_score_is_0(ax):
    decision_boundaries.draw(ax, upright(0.25), X, Y)
    filled, line = ax.collections
    (path,) = line.get_paths()
    np.testing.assert_allclose(path.vertices[:, 0], 0.25, atol=1e-9)
    assert len(filled.get_facecolors()) == len(decision_boundaries.LOG_ODDS) + 1


def test_sides_have_tints_of_their_classes_that_darken_away_from_the_line(ax):
    decision_boundaries.draw(ax, upright(0), X, Y, limits=(-2, 2))
    shades = [
        np.array([int(color_at(ax, x, 1.9)[k : k + 2], 16) for k in (1, 3, 5)])
        for x in (-1.5, -0.1, 0.1, 1.5)
    ]
    far_0, near_0, near_1, far_1 = shades
    assert far_0.sum() < near_0.sum()
    assert far_1.sum() < near_1.sum()
    assert near_0[2] > near_0[0]  # blue
    assert near_1[0] > near_1[2]  # orange


@pytest.mark.parametrize("sign", [-1, 1])
def test_without_a_boundary_there_is_one_side_and_no_warning(ax, sign):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decision_boundaries.draw(ax, lambda points: np.full(len(points), 0.01 * sign), X, Y)
        shade = color_at(ax, 0, 0)
    red, blue = int(shade[1:3], 16), int(shade[5:], 16)
    assert len(ax.collections) == 1
    assert (blue > red) == (sign < 0)


def test_points_have_the_marker_and_name_of_their_class(ax):
    decision_boundaries.draw(ax, upright(0), X, Y, names=("left", "right"))
    drawn = {line.get_label(): line for line in ax.lines}
    assert set(drawn) == {"left", "right"}
    np.testing.assert_array_equal(drawn["left"].get_xydata(), X[:2])
    np.testing.assert_array_equal(drawn["right"].get_xydata(), X[2:])
    assert len({(line.get_marker(), line.get_color()) for line in drawn.values()}) == 2


def test_own_levels(ax):
    decision_boundaries.draw(ax, upright(0), X, Y, levels=(-1, 0, 1))
    assert len(ax.collections[0].get_facecolors()) == 4


def test_limits_are_square_and_hold_all_points(ax):
    low, high = decision_boundaries.limits_of(X)
    assert low < X.min()
    assert high > X.max()
    decision_boundaries.draw(ax, upright(0), X, Y)
    assert ax.get_xlim() == ax.get_ylim() == (low, high)
    assert ax.get_aspect() == 1


def test_panels_share_points_axes_and_legend():
    scores = {f"At {at}": upright(at) for at in (-0.25, 0.25, 0.75, 0)}
    names, labels = ("left", "right"), ("x₁", "x₂")
    fig = decision_boundaries.draw_panels(scores, X, Y, names, 6, 6, rows=2, labels=labels)
    assert [ax.get_title(loc="left") for ax in fig.axes] == list(scores)
    lines = [ax.collections[1].get_paths()[0].vertices[:, 0] for ax in fig.axes]
    np.testing.assert_allclose([line.mean() for line in lines], [-0.25, 0.25, 0.75, 0], atol=1e-9)
    assert [ax.get_ylabel() for ax in fig.axes] == ["x₂", "", "x₂", ""]
    assert [ax.get_xlabel() for ax in fig.axes] == ["", "", "x₁", "x₁"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["left", "right"]
