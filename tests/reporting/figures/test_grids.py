import numpy as np
import pytest

from reporting.figures import grids, palette, plots


@pytest.fixture
def ax():
    _, ax = plots.figure()
    return ax


def texts(ax):
    """The texts of the cells, shape (rows, columns)."""
    cells = np.full(ax.images[0].get_array().shape[:2], "", object)
    for text in ax.texts:
        column, row = text.get_position()
        cells[row, column] = text.get_text()
    return cells


def test_each_cell_has_its_number_and_colour(ax):
    grids.draw_cells(ax, [[1, -2.5], [0, 3]], [["#ff0000", "#00ff00"], ["#0000ff", "#ffffff"]])
    assert texts(ax).tolist() == [["1", "−2.5"], ["0", "3"]]
    np.testing.assert_array_equal(
        ax.images[0].get_array(), [[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1]]]
    )


def test_indices_beside_the_cells(ax):
    grids.draw_cells(ax, np.zeros((2, 3)), first=-1)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["−1", "0", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["−1", "0"]


def test_tint_lies_between_white_and_the_colour():
    assert grids.tint("#000000", 0.5) in ("#7f7f7f", "#808080")
    assert grids.tint(palette.BLUE, 0) == "#ffffff"
    assert grids.tint(palette.BLUE, 1) == palette.BLUE.lower()


def test_a_frame_surrounds_its_cells(ax):
    grids.frame(ax, 1, 2, 3, 4)
    (patch,) = ax.patches
    assert patch.get_bbox().extents.tolist() == [1.5, 0.5, 5.5, 3.5]


def test_a_picture_keeps_its_values(ax):
    grids.draw_picture(ax, np.eye(3), limits=(0, 2))
    np.testing.assert_array_equal(ax.images[0].get_array(), np.eye(3))
    assert ax.images[0].get_clim() == (0, 2)


def test_a_convolution_works_out_one_output():
    picture, kernel = np.arange(16).reshape(4, 4), np.array([[1, 0, -1]] * 3)
    fig = grids.draw_convolution(picture, kernel, np.zeros((4, 4)), row=0, column=1)
    padded, _, of_kernel, _, output = fig.axes
    assert texts(padded).shape == (6, 6)
    assert texts(padded)[0].tolist() == ["0"] * 6
    assert texts(of_kernel)[0].tolist() == ["1", "0", "−1"]
    assert texts(output).shape == (4, 4)
    assert of_kernel.get_xlabel().splitlines() == [
        "0·1 + 0·0 + 0·(−1)", "+ 0·1 + 1·0 + 2·(−1)", "+ 4·1 + 5·0 + 6·(−1)", "= −4"
    ]  # fmt: skip
    assert [patch.get_bbox().extents.tolist() for ax in (padded, output) for patch in ax.patches] \
        == [[0.5, -0.5, 3.5, 2.5], [0.5, -0.5, 1.5, 0.5]]  # fmt: skip


def test_reads_by_or_reach_beyond_the_picture(ax):
    grids.draw_reads(ax, np.full((2, 2), 7), 0, 3, np.logical_or)
    assert texts(ax).tolist() == [
        ["", "", "", "", ""],
        ["", "7", "7", "?", "?"],
        ["", "7", "7", "?", "?"],
        ["", "?", "?", "0", "0"],
        ["", "?", "?", "0", "0"],
    ]


def test_reads_by_and_find_zeros_there(ax):
    grids.draw_reads(ax, np.full((2, 2), 7), -1, 2, np.logical_and)
    assert texts(ax).tolist() == [
        ["0", "0", "0", "0", ""],
        ["0", "7", "7", "0", ""],
        ["0", "7", "7", "0", ""],
        ["0", "0", "0", "0", ""],
        ["", "", "", "", ""],
    ]


def test_mosaic_scales_each_picture_and_leaves_margins_blank():
    pictures = np.array([[[0, 2], [4, 2]], [[5, 5], [5, 5]], [[-1, 0], [0, -1]]])
    nan = np.nan
    np.testing.assert_array_equal(
        grids.mosaic(pictures, columns=2),
        [
            [0, 0.5, nan, 0, 0],
            [1, 0.5, nan, 0, 0],
            [nan, nan, nan, nan, nan],
            [0, 1, nan, nan, nan],
            [1, 0, nan, nan, nan],
        ],
    )


def test_shares_are_written_where_they_do_not_round_to_nothing(ax):
    grids.draw_shares(ax, np.array([[99.7, 0.3], [40.4, 59.6]]), ["cat", "dog"])
    assert texts(ax).tolist() == [["100", ""], ["40", "60"]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]


def test_pictures_of_the_same_height():
    pictures = {"small": np.zeros((2, 4)), "large": np.zeros((40, 40))}
    fig, axes = grids.draw_pictures(pictures, width=6, height=3, same="height")
    fig.canvas.draw()
    heights = [ax.get_window_extent().height for ax in axes]
    assert heights[0] == pytest.approx(heights[1], rel=0.02)


def test_images_stand_in_rows_under_their_titles():
    images = np.arange(5 * 4).reshape(5, 2, 2)
    fig = grids.draw_images(images, [f"number\n{k}" for k in range(5)], columns=3, width=6)
    shown = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title(loc="left") for ax in shown] == [f"number\n{k}" for k in range(5)]
    np.testing.assert_array_equal(shown[4].images[0].get_array(), images[4])
    assert len(fig.axes) == 6


def test_heat_map_writes_values_and_hatches_what_diverged(ax):
    values, shares = [[1.0, np.nan], [3.0, 100.0]], [[0, 1], [0, 0.5]]
    grids.draw_heat_map(ax, values, ["0.1", "1"], ["10", "150"], shares)
    assert texts(ax).tolist() == [["1.00", "diverged"], ["3.00", "50%\ndiverged"]]
    assert sorted(patch.get_xy() for patch in ax.patches) == [(0.5, -0.5), (0.5, 0.5)]
    assert all(patch.get_hatch() for patch in ax.patches)
    shades = ax.images[0].get_array().sum(axis=2)
    assert shades[1, 0] < shades[0, 0] == shades[0, 1] == shades[1, 1] == 3
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.1", "1"]


def test_heat_maps_of_large_numbers_and_without_contrast():
    maps = {"Loss": ([[120.4, 120.4]], 0), "Time (s)": ([[1, 2]], 0)}
    fig = grids.draw_heat_maps(maps, ("Rate", ["0.1", "1"]), ("m", ["10"]))
    loss, time = fig.axes
    assert texts(loss).tolist() == [["120", "120"]]
    assert [ax.get_title(loc="left") for ax in (loss, time)] == ["Loss", "Time (s)"]
    assert (loss.get_ylabel(), time.get_xlabel()) == ("m", "Rate")


def test_accuracies_are_darker_above_guessing():
    _, ax = plots.figure()
    grids.draw_accuracies(ax, np.array([[40.2, 50], [75, 100]]), ["a", "b"], [1, 2])
    assert [text.get_text() for text in ax.texts] == ["40", "50", "75", "100"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b"]
    brightness = np.array(ax.images[0].get_array())[..., :3].sum(axis=-1)
    assert brightness[0, 0] == brightness[0, 1] == 3
    assert brightness[0, 1] > brightness[1, 0] > brightness[1, 1]


def test_rows_of_images_share_a_range_of_brightness():
    ramp = np.linspace(0, 100, 2 * 3 * 3).reshape(2, 3, 3)
    fig = grids.draw_rows({"raw": ramp, "moved": 5 * ramp - 7}, ["cat", "dog"], width=4)
    raw_cat, raw_dog, moved_cat, moved_dog = fig.axes
    assert [ax.get_ylabel() for ax in fig.axes] == ["raw", "", "moved", ""]
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["cat", "dog", "", ""]
    for raw, moved in ((raw_cat, moved_cat), (raw_dog, moved_dog)):
        np.testing.assert_allclose(raw.images[0].get_array(), moved.images[0].get_array())
    drawn = [ax.images[0].get_array() for ax in (raw_cat, raw_dog)]
    assert drawn[0].min() == 0
    assert drawn[0].max() < drawn[1].min()
    assert drawn[1].max() == 1
