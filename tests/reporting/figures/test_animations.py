import numpy as np
import pytest
from PIL import Image

from reporting.figures import animations, palette, plots


@pytest.fixture
def frames():
    def draw(level):
        fig, ax = plots.figure(width=3, height=2)
        ax.axhline(level, color=palette.VERMILLION)
        ax.set_ylim(0, 1)
        return fig

    return [draw(level) for level in (0.2, 0.5, 0.8)]


def pixels(file):
    with Image.open(file) as moving:
        found = []
        for place in range(moving.n_frames):
            moving.seek(place)
            found.append(np.asarray(moving.convert("RGB")))
        return np.array(found)


def test_each_figure_is_a_frame_without_loss(frames, tmp_path):
    animations.save(frames, tmp_path, "line")
    shown = pixels(tmp_path / "line.webp")
    assert shown.shape == (3, 200, 300, 3)
    exact = (shown == [0xD5, 0x5E, 0x00]).all(axis=-1)  # the line's colour
    rows = [np.flatnonzero(exact[frame].sum(axis=1) > 100).mean() for frame in range(3)]
    assert rows[0] > rows[1] > rows[2]


def test_it_shows_the_last_frame_longest_and_starts_anew(frames, tmp_path):
    animations.save(frames, tmp_path, "line")
    with Image.open(tmp_path / "line.webp") as moving:
        assert moving.info["loop"] == 0
        durations = []
        for place in range(3):
            moving.seek(place)
            moving.load()
            durations.append(moving.info["duration"])
    assert durations == [250, 250, 2500]


def test_the_same_figures_give_the_same_bytes(frames, tmp_path):
    for name in "ab":
        animations.save(frames, tmp_path, name)
    first, second = ((tmp_path / f"{name}.webp").read_bytes() for name in "ab")
    assert first == second


def test_one_figure_is_a_still(frames, tmp_path):
    animations.save(frames[:1], tmp_path, "line")
    assert len(pixels(tmp_path / "line.webp")) == 1
