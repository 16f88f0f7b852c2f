import numpy as np
import pytest

from reporting.figures import images, plots


@pytest.fixture
def ax():
    _, ax = plots.figure()
    return ax


def test_a_picture_keeps_its_values(ax):
    images.draw_image(ax, np.eye(3), limits=(0, 2))
    np.testing.assert_array_equal(ax.images[0].get_array(), np.eye(3))
    assert ax.images[0].get_clim() == (0, 2)


def test_mosaic_scales_each_picture_and_leaves_margins_blank():
    pictures = np.array([[[0, 2], [4, 2]], [[5, 5], [5, 5]], [[-1, 0], [0, -1]]])
    nan = np.nan
    np.testing.assert_array_equal(
        images.mosaic(pictures, columns=2),
        [
            [0, 0.5, nan, 0, 0],
            [1, 0.5, nan, 0, 0],
            [nan, nan, nan, nan, nan],
            [0, 1, nan, nan, nan],
            [1, 0, nan, nan, nan],
        ],
    )


def test_pictures_of_the_same_height():
    pictures = {"small": np.zeros((2, 4)), "large": np.zeros((40, 40))}
    fig, axes = images.draw_side_by_side(pictures, width=6, height=3, same="height")
    fig.canvas.draw()
    heights = [ax.get_window_extent().height for ax in axes]
    assert heights[0] == pytest.approx(heights[1], rel=0.02)


def test_images_stand_in_rows_under_their_titles():
    numbers = np.arange(5 * 4).reshape(5, 2, 2)
    fig = images.draw_images(numbers, [f"number\n{k}" for k in range(5)], columns=3, width=6)
    shown = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title(loc="left") for ax in shown] == [f"number\n{k}" for k in range(5)]
    np.testing.assert_array_equal(shown[4].images[0].get_array(), numbers[4])
    assert len(fig.axes) == 6


def test_rows_of_images_share_a_range_of_brightness():
    ramp = np.linspace(0, 100, 2 * 3 * 3).reshape(2, 3, 3)
    fig = images.draw_labelled_rows({"raw": ramp, "moved": 5 * ramp - 7}, ["cat", "dog"], width=4)
    raw_cat, raw_dog, moved_cat, moved_dog = fig.axes
    assert [ax.get_ylabel() for ax in fig.axes] == ["raw", "", "moved", ""]
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["cat", "dog", "", ""]
    for raw, moved in ((raw_cat, moved_cat), (raw_dog, moved_dog)):
        np.testing.assert_allclose(raw.images[0].get_array(), moved.images[0].get_array())
    drawn = [ax.images[0].get_array() for ax in (raw_cat, raw_dog)]
    assert drawn[0].min() == 0
    assert drawn[0].max() < drawn[1].min()
    assert drawn[1].max() == 1
