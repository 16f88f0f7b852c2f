import numpy as np
import pytest

from reporting.figures import plots
from reporting.figures.curves import (
    draw_convergence,
    draw_costs,
    draw_epochs,
    draw_losses,
    draw_metric,
    draw_rates,
    draw_schedules,
    draw_sweeps,
    draw_tuning,
)
from reporting.study.lab import Tuning


@pytest.fixture
def methods(make_record):
    return {
        "m = 150": [make_record(batch_size=150, final=final) for final in (1.0, 1.1)],
        "m = 1": [make_record(batch_size=1)],
    }


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_losses_stand_at_the_iteration_they_are_of(methods):
    _, ax = plots.figure()
    draw_losses(ax, methods, first=3)
    x, y = line(ax, "m = 150").get_data()
    assert x.tolist() == [1, 2, 3]
    assert y.tolist() == pytest.approx([2.0, 1.5, 1.2])


def test_losses_against_sample_gradients(methods):
    _, ax = plots.figure()
    draw_losses(ax, methods, "Sample gradients")
    assert line(ax, "m = 150").get_xdata().tolist() == [150, 300, 450, 600]
    assert line(ax, "m = 1").get_xdata().tolist() == [1, 2, 3, 4]
    assert ax.get_xscale() == "log"


def test_losses_against_seconds(methods):
    _, ax = plots.figure()
    draw_losses(ax, methods, "Seconds")
    assert line(ax, "m = 150").get_xdata().tolist() == pytest.approx([0.5, 1.0, 1.5, 2.0])


def test_a_noisy_method_is_left_out_of_the_iterations_alone(methods):
    fig = draw_costs(methods, first=4, windows={"m = 1": 3})
    drawn = [{line.get_label() for line in ax.lines} for ax in fig.axes]
    assert drawn == [{"m = 150"}, {"m = 150", "m = 1"}, {"m = 150", "m = 1"}]


def test_tuning_shows_every_rate(make_record):
    tuning = Tuning(
        make_record().config,
        "validation error",
        np.array([0.1, 0.3]),
        np.array([[1.0, 2.0], [1.0, 4.0]]),
    )
    (ax,) = draw_tuning({"SGD": tuning}).axes
    assert line(ax, "SGD").get_data()[1].tolist() == pytest.approx([1.0, 3.0])


def test_epochs_are_counted_from_one(make_record):
    records = [make_record(epochs={"val_loss": [3.0, 2.0 + k, 1.0]}) for k in (0, 1)]
    _, ax = plots.figure()
    draw_epochs(ax, records, "val_loss", "validation")
    x, y = line(ax, "validation").get_data()
    assert (x.tolist(), y.tolist()) == ([1, 2, 3], [3, 2.5, 1])


def test_tuning_marks_failed_rates_by_crosses(make_record):
    config, rates = make_record().config, np.array([0.1, 0.3, 1.0])
    fine = Tuning(config, "validation error", rates, np.array([[0.3, 0.2, 0.4]]))
    scores = np.array([[0.3, 0.2, np.inf], [0.3, np.inf, np.inf]])
    (ax,) = draw_tuning({"Adam": fine, "SGD": Tuning(config, "training loss", rates, scores)}).axes
    assert line(ax, "SGD").get_xdata().tolist() == [0.1]
    assert line(ax, "Adam").get_xdata().tolist() == rates.tolist()
    (crosses,) = (line for line in ax.lines if line.get_marker() == "x")
    assert crosses.get_xdata().tolist() == [0.3, 1.0]
    assert [text.get_text() for text in ax.texts] == ["SGD failed"]


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.1, 1.0])
def test_crosses_and_their_name_stand_apart(make_record, rate):
    rates = np.array([0.001, 0.01, 0.1, 1.0])
    scores = np.where(rates == rate, np.inf, 0.5)[None]
    tunings = {
        label: Tuning(make_record().config, "validation error", rates, scores)
        for label in ("SGD", "Adam instead of momentum")
    }
    (ax,) = draw_tuning(tunings).axes
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    for text, cross in zip(ax.texts, crosses, strict=True):
        assert not text.get_window_extent().overlaps(cross.get_window_extent())
        assert text.get_window_extent().xmin > 0
        assert text.get_window_extent().xmax < ax.figure.bbox.xmax


def test_tuning_of_several_settings_has_axes_for_each(make_record):
    config, rates = make_record().config, np.array([0.1, 0.3])
    scores = {"2 layers": [[0.5, np.inf]], "9 layers": [[0.7, 0.8]]}
    tunings = {
        (setting, "SGD"): Tuning(config, "training loss", rates, np.array(setting_scores))
        for setting, setting_scores in scores.items()
    }
    few, many = draw_tuning(tunings).axes
    assert few.get_xlabel() == "Learning rate, 2 layers"
    assert many.get_xlabel() == "Learning rate, 9 layers"
    assert line(few, "SGD").get_ydata().tolist() == [0.5]
    assert line(many, "SGD").get_ydata().tolist() == [0.7, 0.8]
    assert [len(ax.texts) for ax in (few, many)] == [1, 0]


def test_losses_at_several_rates(make_record):
    of = {rate: [make_record(learning_rate=rate)] for rate in (0.1, 1.0)}
    fig = draw_rates({"SGD": of, "Adam": {0.01: [make_record(learning_rate=0.01)]}}, window=1)
    sgd, adam = fig.axes
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["0.01", "0.1", "1"]
    assert sum(len(line.get_xdata()) > 0 for line in sgd.lines) == 2
    assert line(adam, "0.01").get_ydata().tolist() == pytest.approx([2.0, 1.5, 1.2, 1.1])


def test_a_metric_of_each_method(make_record):
    methods = {
        "SGD": [make_record(epochs={"a": np.array([3.0, 1.0])})],
        "Adam": [make_record(epochs={"a": np.array([2.0, 0.0])})],
    }
    _, (named, computed) = plots.figure(1, 2)
    draw_metric(named, methods, "a", "Loss")
    draw_metric(computed, methods, lambda record: 1 - record.epochs["a"], "Other")
    assert (named.get_xlabel(), named.get_ylabel()) == ("Epochs", "Loss")
    assert computed.get_ylabel() == "Other"
    assert line(named, "Adam").get_ydata().tolist() == [2, 0]
    assert line(computed, "SGD").get_ydata().tolist() == [-2, 0]


def test_convergence_has_a_column_for_each_setting(make_record):
    def methods(accuracy):
        return {"SGD": [make_record(epochs={"val_accuracy": np.array([0, accuracy])})]}

    fig = draw_convergence({"slow": methods(0.5), "fast": methods(0.75)}, window=1, highest=3)
    slow_loss, fast_loss, slow, fast = fig.axes
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["slow", "fast", "", ""]
    assert line(fast_loss, "SGD").get_ydata()[0] == 2
    assert slow_loss.get_ylim() == (0, 3)
    assert line(slow, "SGD").get_ydata().tolist() == [0, 0.5]
    assert line(fast, "SGD").get_ydata().tolist() == [0, 0.75]


def test_a_method_that_failed_is_named_above_its_column(make_record):
    epochs = {"val_accuracy": np.array([0.1, 0.5])}
    well, ill = make_record(epochs=epochs), make_record(epochs=epochs, losses=[2.0, np.nan])
    settings = {"one": {"SGD": [well], "Adam": [ill]}, "other": {"SGD": [well], "Adam": [well]}}
    fig = draw_convergence(settings, window=1, highest=3)
    titles = [ax.get_title(loc="left") for ax in fig.axes]
    assert titles == ["one (Adam: failed)", "other", "", ""]
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["SGD", "Adam"]


def test_sweeps_draw_the_mean_of_each_setting(make_record):
    of_settings = {
        0.1: [make_record(final=1.0), make_record(final=2.0)],
        0.5: [make_record(final=4.0), make_record(final=2.0)],
    }
    panels = {
        "Loss": {"SGD": lambda r: r.final["loss"], "Adam": lambda r: 2 * r.final["loss"]},
        "Other": {"SGD": lambda r: -r.final["loss"]},
    }
    fig = draw_sweeps(of_settings, panels, ("Share", "%"), width=8, height=4)
    loss, other = fig.axes
    assert line(loss, "SGD").get_data()[0].tolist() == [0.1, 0.5]
    assert line(loss, "SGD").get_data()[1].tolist() == [1.5, 3]
    assert line(loss, "Adam").get_ydata().tolist() == [3, 6]
    assert line(other, "SGD").get_ydata().tolist() == [-1.5, -3]
    assert (loss.get_xlabel(), other.get_ylabel()) == ("Share (%)", "Other")


def test_schedules_start_at_the_largest_rate_and_end_where_they_say():
    fig = draw_schedules({"SGD, constant": "constant", "SGD, step": "step"}, points=100)
    for ax in fig.axes:
        constant, step = (line.get_ydata() for line in ax.get_lines()[:2])
        assert (constant == 1).all()
        assert step[[0, 49, 50, 74, 75, 99]] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert [ax.get_yscale() for ax in fig.axes] == ["linear", "log"]
