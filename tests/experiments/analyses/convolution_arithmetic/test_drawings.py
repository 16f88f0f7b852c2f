import numpy as np
import pytest

from experiments.analyses.convolution_arithmetic import drawings
from reporting.figures import plots


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


def test_a_convolution_works_out_one_output():
    picture, kernel = np.arange(16).reshape(4, 4), np.array([[1, 0, -1]] * 3)
    fig = drawings.draw_convolution(picture, kernel, np.zeros((4, 4)), row=0, column=1)
    padded, _, kernel_cells, _, output = fig.axes
    assert texts(padded).shape == (6, 6)
    assert texts(padded)[0].tolist() == ["0"] * 6
    assert texts(kernel_cells)[0].tolist() == ["1", "0", "−1"]
    assert texts(output).shape == (4, 4)
    assert kernel_cells.get_xlabel().splitlines() == [
        "0·1 + 0·0 + 0·(−1)",
        "+ 0·1 + 1·0 + 2·(−1)",
        "+ 4·1 + 5·0 + 6·(−1)",
        "= −4",
    ]
    assert [
        patch.get_bbox().extents.tolist() for ax in (padded, output) for patch in ax.patches
    ] == [[0.5, -0.5, 3.5, 2.5], [0.5, -0.5, 1.5, 0.5]]


def test_reads_by_or_reach_beyond_the_picture(ax):
    drawings.draw_reads(ax, np.full((2, 2), 7), 0, 3, np.logical_or)
    assert texts(ax).tolist() == [
        ["", "", "", "", ""],
        ["", "7", "7", "?", "?"],
        ["", "7", "7", "?", "?"],
        ["", "?", "?", "0", "0"],
        ["", "?", "?", "0", "0"],
    ]


def test_reads_by_and_find_zeros_there(ax):
    drawings.draw_reads(ax, np.full((2, 2), 7), -1, 2, np.logical_and)
    assert texts(ax).tolist() == [
        ["0", "0", "0", "0", ""],
        ["0", "7", "7", "0", ""],
        ["0", "7", "7", "0", ""],
        ["0", "0", "0", "0", ""],
        ["", "", "", "", ""],
    ]
