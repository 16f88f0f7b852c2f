import dataclasses

import numpy as np
import pytest

from experiments import feature_maps as study
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    lab = Lab("quick", 2, {"fashion_mnist": "stand-in"}, lambda cs: [*map(made_up_record, cs)])
    return study.runs(lab)


def verdicts(runs, **straightness):
    """The verdicts where parts of the network are so straight, a little more for each seed."""
    inside = [
        seed | {"straightness": {part: s + 0.001 * k for part, s in straightness.items()}}
        for k, seed in enumerate(runs.inside)
    ]
    return [claim.verdict for claim in study.claims(dataclasses.replace(runs, inside=inside))]


def parts(first, second, untrained, first_half, last_half):
    return {
        study.FIRST: first,
        study.SECOND: second,
        f"{study.FIRST}, untrained": untrained,
        f"{study.SECOND}, untrained": untrained,
        f"first {study.SHOWN} filters": first_half,
        f"last {study.SHOWN} filters": last_half,
    }


def test_verdicts_follow_the_straightness(runs):
    as_said = parts(first=0.8, second=0.6, untrained=0.5, first_half=0.9, last_half=0.7)
    assert verdicts(runs, **as_said) == ["reproduced"] * 3
    against = parts(first=0.5, second=0.6, untrained=0.7, first_half=0.4, last_half=0.6)
    assert verdicts(runs, **against) == ["not reproduced"] * 3


def test_a_filter_of_stripes_is_straight_and_a_spot_is_not(runs):
    stripes = np.tile([1.0, 0.0, -1.0], (1, 1, 3, 1))
    spot = np.array([[[[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]]])
    assert study.mean_straightness(stripes) == pytest.approx(1)
    assert study.mean_straightness(spot) < 0.6


def test_inside_are_the_weights_and_the_maps_of_the_record(runs):
    record, inside = runs.records[0], runs.inside[0]
    weights = list(record.weights.values())
    np.testing.assert_array_equal(inside["filters"], weights[0][:, :, 0].transpose(2, 0, 1))
    image = record.kept["example_images"][3] / 255
    window = np.sum(image[4:7, 10:13, None] * weights[0][:, :, 0], axis=(0, 1)) + weights[1]
    expected = np.maximum(window, 0)[: study.SHOWN]
    np.testing.assert_allclose(inside["maps"][study.FIRST][3, :, 4, 10], expected, atol=2e-3)
    assert 0 < inside["active"][study.SECOND] < 1


def test_before_training_is_the_start_of_the_same_seed(runs):
    untrained = [inside["straightness"][f"{study.FIRST}, untrained"] for inside in runs.inside]
    assert untrained[0] != untrained[1]


def test_figures_and_table_show_both_layers(runs):
    assert [row[:2] for row in study.results(runs).rows] == [[study.FIRST, 32], [study.SECOND, 64]]
    assert len(study.maps_of_a_dress(runs).axes) == 3
    assert len(study.maps_of_each_class(runs).axes) == 3
