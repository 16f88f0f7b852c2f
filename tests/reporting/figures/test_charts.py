import json

import numpy as np
import pytest

from reporting import FindingsError
from reporting.figures import charts, palette
from reporting.findings import Chart

CHART = Chart("loss", "Title", "Caption.")


def only_method(settings):
    (setting,) = charts.settings_data(settings)
    (method,) = setting["methods"]
    return method


def method_with(make_record, losses):
    """What a chart draws of one method, from losses of shape (seeds, iterations)."""
    records = [
        make_record(losses=curve, batch_size=100, train_size=250, seed=seed)
        for seed, curve in enumerate(losses)
    ]
    return only_method({"all": {"SGD": records}})


def test_mean_smallest_and_largest_over_seeds_at_every_iteration(make_record):
    method = method_with(make_record, [[2.0, 1.0, 0.25], [3.0, 1.0, 0.75], [4.0, 1.0, 0.5]])
    assert method["mean"] == [3.0, 1.0, 0.5]
    assert method["low"] == [2.0, 1.0, 0.25]
    assert method["high"] == [4.0, 1.0, 0.75]
    assert method["iterations"] == [1, 2, 3]
    assert method["gradients"] == [100, 200, 250]  # the last batch of the epoch has 50 images
    assert (method["seeds"], method["failed"]) == (3, 0)


def test_losses_keep_five_digits(make_record):
    method = method_with(make_record, [[2.3456789, 1.23456789e-7]])
    assert method["mean"] == [2.3457, 1.2346e-7]


def test_methods_look_as_in_the_figures(make_record):
    settings = {"a": {"SGD": [make_record()], "Momentum 0.9": [make_record()]}}
    sgd, momentum = charts.settings_data(settings)[0]["methods"]
    assert (sgd["color"], sgd["dashes"]) == ("#000000", [])
    assert (momentum["color"], momentum["dashes"]) == ("#E69F00", [5, 1.6])


def test_methods_without_a_style_of_their_own(make_record):
    style = palette.Style("#123456", palette.DASHED, "o")
    (setting,) = charts.settings_data({"a": {"trial 1": [make_record()]}}, {"trial 1": style})
    assert setting["methods"][0]["color"] == "#123456"
    (setting,) = charts.settings_data({"a": {"trial 1": [make_record()]}})
    assert setting["methods"][0]["color"] == palette.method_style("trial 1").color


def test_a_chart_of_many_curves_keeps_fewer_points(make_record):
    losses = np.linspace(2, 1, 1000)
    (setting,) = charts.settings_data({"a": {"SGD": [make_record(losses=losses)]}}, most_points=42)
    (method,) = setting["methods"]
    assert len(method["iterations"]) <= 42
    assert method["iterations"][0] == 1
    assert method["iterations"][-1] == 1000


def test_settings_and_methods_keep_their_order(make_record):
    methods = {"m = 50": [make_record()], "full batch": [make_record()]}
    data = charts.settings_data({"z": methods, "a": methods})
    assert [setting["title"] for setting in data] == ["z", "a"]
    assert [method["label"] for method in data[0]["methods"]] == ["m = 50", "full batch"]


def test_where_a_loss_is_not_finite_there_is_no_number(make_record):
    method = method_with(make_record, [[2.0, np.inf, np.nan], [2.0, 1.0, 1.0]])
    assert method["mean"] == method["high"] == [2.0, None, None]
    assert method["low"][2] is None
    assert method["failed"] == 1
    assert len(method["iterations"]) == 3


@pytest.mark.parametrize("length", [2000, 2001, 15_000])
def test_a_long_curve_is_thinned_to_its_extremes(make_record, length):
    rng = np.random.default_rng([length])
    losses = rng.normal(size=(3, length)).astype(np.float32)
    method = method_with(make_record, losses)
    kept = np.array(method["iterations"]) - 1
    assert len(kept) <= charts.MOST_POINTS
    assert charts.thinned([{"methods": [method]}]) == (length > charts.MOST_POINTS)
    assert (kept[0], kept[-1]) == (0, length - 1)
    assert (np.diff(kept) > 0).all()
    assert np.diff(kept).max() <= 2 * -(-length // 499)  # no stretch is left out
    expected = {"mean": losses.astype(float).mean(0), "low": losses.min(0), "high": losses.max(0)}
    for name, curve in expected.items():
        np.testing.assert_allclose(method[name], curve[kept], rtol=5e-5)
    for stretch in np.array_split(np.arange(length), 499):
        shown = np.intersect1d(stretch, kept)
        for name, extreme in (
            ("mean", np.min),
            ("mean", np.max),
            ("low", np.min),
            ("high", np.max),
        ):
            assert extreme(expected[name][shown]) == extreme(expected[name][stretch])


def test_thinning_keeps_a_peak_beside_divergence(make_record):
    losses = np.ones((1, 5000), np.float32)
    losses[0, 2500], losses[0, 2501:] = 9, np.nan
    method = method_with(make_record, losses)
    assert max(loss for loss in method["high"] if loss is not None) == 9
    assert method["mean"][-1] is None


def test_saved_data_are_read_back_and_standard_json(make_record, tmp_path):
    data = charts.settings_data({"a": {"SGD": [make_record(losses=[1.0, np.nan])]}})
    charts.save(data, tmp_path, "loss")
    first = (tmp_path / "loss.chart.json").read_bytes()
    assert charts.load(tmp_path, CHART) == data
    assert b"NaN" not in first
    charts.save(json.loads(first), tmp_path, "loss")
    assert (tmp_path / "loss.chart.json").read_bytes() == first


def test_missing_or_damaged_data(tmp_path):
    with pytest.raises(FindingsError, match=r"loss\.chart\.json does not exist: run the study"):
        charts.load(tmp_path, CHART)
    (tmp_path / "loss.chart.json").write_text("[1, 2")
    with pytest.raises(FindingsError, match=r"loss\.chart\.json is damaged"):
        charts.load(tmp_path, CHART)
