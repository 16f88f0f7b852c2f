import numpy as np
import pytest

from reporting.figures import cells, plots


@pytest.fixture
def ax():
    _, ax = plots.figure()
    return ax


def texts(ax):
    """The texts of the cells, shape (rows, columns)."""
    found = np.full(ax.images[0].get_array().shape[:2], "", object)
    for text in ax.texts:
        column, row = text.get_position()
        found[row, column] = text.get_text()
    return found


def test_each_cell_has_its_number_and_colour(ax):
    cells.draw_cells(ax, [[1, -2.5], [0, 3]], [["#ff0000", "#00ff00"], ["#0000ff", "#ffffff"]])
    assert texts(ax).tolist() == [["1", "−2.5"], ["0", "3"]]
    np.testing.assert_array_equal(
        ax.images[0].get_array(), [[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1]]]
    )


def test_indices_beside_the_cells(ax):
    cells.draw_cells(ax, np.zeros((2, 3)), first=-1)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["−1", "0", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["−1", "0"]


def test_a_frame_surrounds_its_cells(ax):
    cells.frame(ax, 1, 2, 3, 4)
    (patch,) = ax.patches
    assert patch.get_bbox().extents.tolist() == [1.5, 0.5, 5.5, 3.5]


def test_shares_are_written_where_they_do_not_round_to_nothing(ax):
    cells.draw_confusion_matrix(ax, np.array([[99.7, 0.3], [40.4, 59.6]]), ["cat", "dog"])
    assert texts(ax).tolist() == [["100", ""], ["40", "60"]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]


def test_heat_map_writes_values_and_hatches_what_failed(ax):
    values, shares = [[1.0, np.nan], [3.0, 100.0]], [[0, 1], [0, 0.5]]
    cells.draw_heat_map(ax, values, ["0.1", "1"], ["10", "150"], shares)
    assert texts(ax).tolist() == [["1.00", "failed"], ["3.00", "50%\nfailed"]]
    assert sorted(patch.get_xy() for patch in ax.patches) == [(0.5, -0.5), (0.5, 0.5)]
    assert all(patch.get_hatch() for patch in ax.patches)
    shades = ax.images[0].get_array().sum(axis=2)
    assert shades[1, 0] < shades[0, 0] == shades[0, 1] == shades[1, 1] == 3
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.1", "1"]


def test_heat_maps_of_large_numbers_and_without_contrast():
    maps = {"Loss": ([[120.4, 120.4]], 0), "Time (s)": ([[1, 2]], 0)}
    fig = cells.draw_heat_maps(maps, ("Rate", ["0.1", "1"]), ("m", ["10"]))
    loss, time = fig.axes
    assert texts(loss).tolist() == [["120", "120"]]
    assert [ax.get_title(loc="left") for ax in (loss, time)] == ["Loss", "Time (s)"]
    assert (loss.get_ylabel(), time.get_xlabel()) == ("m", "Rate")


def test_accuracies_are_darker_above_guessing():
    _, ax = plots.figure()
    cells.draw_binary_accuracies(ax, np.array([[40.2, 50], [75, 100]]), ["a", "b"], [1, 2])
    assert [text.get_text() for text in ax.texts] == ["40", "50", "75", "100"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b"]
    brightness = np.array(ax.images[0].get_array())[..., :3].sum(axis=-1)
    assert brightness[0, 0] == brightness[0, 1] == 3
    assert brightness[0, 1] > brightness[1, 0] > brightness[1, 1]
