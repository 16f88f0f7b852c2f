import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.figures import palette, plots


def curves(points=30, seeds=3):
    rng = np.random.default_rng(0)
    return 1 + rng.random((seeds, points))


def line_and_band(ax):
    (line,) = ax.get_lines()
    (band,) = ax.collections
    return line.get_xydata(), band.get_paths()[0].vertices


def test_importing_does_not_import_matplotlib_or_scipy():
    code = (
        "import sys; import reporting.figures.plots, reporting.verdicts.claims; "
        "import reporting.page.report; "
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'scipy', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestMeanAndBand:
    def test_draws_mean_smallest_and_largest(self):
        _, ax = plots.figure()
        x, y = np.arange(30), curves()
        plots.mean_and_band(ax, x, y, "SGD")
        line, band = line_and_band(ax)
        np.testing.assert_allclose(line, np.stack([x, y.mean(axis=0)], axis=1))
        for k in range(30):
            column = band[band[:, 0] == x[k], 1]
            assert column.min() == pytest.approx(y[:, k].min())
            assert column.max() == pytest.approx(y[:, k].max())

    def test_one_seed_has_no_band(self):
        _, ax = plots.figure()
        plots.mean_and_band(ax, np.arange(30), curves(seeds=1), "SGD")
        assert not ax.collections

    def test_ends_where_the_first_run_diverges(self):
        fig, ax = plots.figure()
        y = curves()
        y[1, 20:] = np.nan
        y[2, 25] = np.inf
        plots.mean_and_band(ax, np.arange(30), y, "SGD")
        line, cross = ax.get_lines()
        assert line.get_label() == "SGD (failed in 2 of 3)"
        np.testing.assert_allclose(line.get_ydata(), y[:, :20].mean(axis=0))
        assert (cross.get_marker(), cross.get_xdata()) == ("x", [19])
        plots.legend(fig)
        assert len(fig.legends[0].get_texts()) == 1

    def test_diverged_from_the_start(self, tmp_path):
        fig, ax = plots.figure()
        plots.mean_and_band(ax, np.arange(30), np.full((3, 30), np.nan), "SGD")
        plots.legend(fig)
        plots.save(fig, tmp_path, "empty")
        assert ax.get_lines()[0].get_label() == "SGD (failed in 3 of 3)"

    @pytest.mark.parametrize("scale", ["linear", "log"])
    def test_a_long_curve_is_thinned_without_losing_its_peaks(self, scale):
        _, ax = plots.figure()
        ax.set_xscale(scale)
        x, y = np.arange(1, 20_001), np.ones((2, 20_000))
        y[:, 12_345], y[0, 7_777], y[1, 15_000] = 50, 0.5, 99
        plots.mean_and_band(ax, x, y, "SGD")
        line, band = line_and_band(ax)
        assert len(line) < 1_500
        assert [12_346, 50] in line.tolist()
        assert line[:, 1].min() == 0.75
        assert (band[:, 1].min(), band[:, 1].max()) == (0.5, 99)
        assert (np.diff(line[:, 0]) > 0).all()
        assert (line[0, 0], line[-1, 0]) == (1, 20_000)

    def test_a_log_axis_keeps_its_first_points(self):
        _, ax = plots.figure()
        ax.set_xscale("log")
        x = np.arange(20_000)
        plots.mean_and_band(ax, x, curves(20_000), "SGD")
        line, _ = line_and_band(ax)
        assert set(range(1, 30)) <= set(line[:, 0])

    @pytest.mark.parametrize(
        ("x", "y"), [(np.arange(4), np.ones((2, 5))), (np.arange(5), np.ones(5))]
    )
    def test_shapes_are_checked(self, x, y):
        with pytest.raises(ValueError, match=r"curves must have shape \(seeds, points\)"):
            plots.mean_and_band(plots.figure()[1], x, y, "SGD")

    def test_window_is_checked(self):
        with pytest.raises(ValueError, match="window must be at least 1"):
            plots.mean_and_band(plots.figure()[1], np.arange(30), curves(), "SGD", window=0)

    def test_a_label_without_a_style_is_drawn(self):
        _, ax = plots.figure()
        plots.mean_and_band(ax, np.arange(30), curves(), "my method")
        assert ax.get_lines()[0].get_label() == "my method"

    def test_moving_average_keeps_x_and_y_together(self):
        _, ax = plots.figure()
        x = np.arange(30.0)
        plots.mean_and_band(ax, x, np.stack([x, x + 2]), "SGD", window=5)
        line, _ = line_and_band(ax)
        np.testing.assert_allclose(line[:, 1], line[:, 0] + 1)  # a straight line stays itself


class TestMovingAverage:
    def test_by_hand(self):
        smooth = plots.moving_average([[1, 2, 6, 4, 5, 9]], 3)
        np.testing.assert_allclose(smooth, [[1, 3, 4, 5, 6]])

    def test_window_of_one_is_exact(self):
        y = curves()
        np.testing.assert_array_equal(plots.moving_average(y, 1), y)

    def test_curve_shorter_than_half_a_window(self):
        assert plots.moving_average(np.ones((3, 4)), 11).shape == (3, 0)

    @settings(deadline=None)
    @given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.integers(1, 15))
    def test_agrees_with_a_loop(self, values, window):
        half = window // 2
        expected = [
            np.mean(values[k - min(half, k) : k + min(half, k) + 1])
            for k in range(max(len(values) - half, 0))
        ]
        np.testing.assert_allclose(plots.moving_average(values, window), expected, atol=1e-9)


def draw():
    fig, (left, right) = plots.figure(1, 2, width=10)
    for ax in (left, right):
        ax.set_yscale("log")
        for label in ("training, after the epoch", "validation"):
            plots.mean_and_band(ax, np.arange(5_000), curves(5_000), label)
        plots.label_axes(ax, ("time", "s"), "loss", title="Loss")
    plots.legend(fig)
    plots.data_note(fig, "Data: MNIST (stand-in), 3 seeds; " + plots.BAND + ". " + "word " * 60)
    return fig


def test_labels_have_units_and_plain_numbers():
    fig = draw()
    ax = fig.axes[0]
    fig.draw_without_rendering()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == (
        "time (s)",
        "loss",
        "Loss",
    )
    assert {t.get_text() for t in ax.get_yticklabels(which="both")} >= {"1", "2"}


def test_legend_names_each_method_once_and_lies_outside_the_axes():
    fig = draw()
    fig.draw_without_rendering()
    (legend,) = fig.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["training, after the epoch", "validation"]
    box = legend.get_window_extent()
    assert all(not box.overlaps(ax.get_window_extent()) for ax in fig.axes)
    assert box.x1 <= fig.bbox.x1


def test_legend_of_all_optimizers_fits_the_width_and_reads_row_by_row():
    fig, ax = plots.figure()
    labels = list(palette.FAMILIES["optimizer"])
    for label in labels:
        plots.mean_and_band(ax, np.arange(30), curves(), label)
    plots.legend(fig)
    fig.draw_without_rendering()
    (legend,) = fig.legends
    assert legend.get_window_extent().x1 <= fig.bbox.x1
    boxes = {t.get_text(): t.get_window_extent() for t in legend.get_texts()}
    by_row = sorted(boxes, key=lambda label: (-round(boxes[label].y0), boxes[label].x0))
    assert by_row == labels


def test_text_is_large_enough():
    fig = draw()
    ax = fig.axes[0]
    texts = [ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *fig.legends[0].get_texts()]
    assert min(text.get_fontsize() for text in texts) >= 11


def test_saved_files_are_deterministic_small_and_sharp(tmp_path):
    for name in ("first", "second"):
        plots.save(draw(), tmp_path / name, "loss")
    for file in ("loss.svg", "loss.png"):
        first = (tmp_path / "first" / file).read_bytes()
        assert first == (tmp_path / "second" / file).read_bytes()
        assert len(first) < 300_000
    svg = (tmp_path / "first" / "loss.svg").read_text()
    assert "<text" not in svg  # letters are drawn, so they look the same everywhere
    assert "dc:date" not in svg
    width = int.from_bytes((tmp_path / "first" / "loss.png").read_bytes()[16:20], "big")
    assert width >= 10 * 150


def test_style_ends_with_its_block():
    import matplotlib

    before = matplotlib.rcParams["font.size"]
    with plots.style():
        assert matplotlib.rcParams["font.size"] == 12
    assert matplotlib.rcParams["font.size"] == before
