import dataclasses

import numpy as np
import pytest

from experiments.analyses import weight_decay as analysis
from training.single_run.artifacts import WEIGHT_SIZES, weight_sizes


@pytest.fixture
def record_of(make_record):
    """A function of weights that gives the record of a run which ended with them."""

    def record_of(values, accuracies=(0.9, 0.8, 0.7), **fields):
        training, validation, test = accuracies
        record = make_record(**fields)
        return dataclasses.replace(
            record,
            kept={"weight_sizes": weight_sizes([np.array(values, float)[None]])},
            final={"loss": 1.0, "accuracy": training, "test_accuracy": test},
            epochs={"val_accuracy": np.float32([0.1, validation])},
        )

    return record_of


def test_share_below_counts_bins(record_of):
    record = record_of([0, 2e-9, 1.1e-8, 0.9e-3, -0.9e-3, 1.1e-3, 0.5, -2.0])
    assert analysis.share_below(1e-3)(record) == pytest.approx(5 / 8)
    assert analysis.share_below(1e-8)(record) == pytest.approx(2 / 8)
    assert analysis.sizes(record).sum() == pytest.approx(1)


@pytest.mark.parametrize("edge", WEIGHT_SIZES[1:-1:7])
def test_share_below_splits_at_its_edge(record_of, edge):
    record = record_of([10 ** (edge - 0.01), 10 ** (edge + 0.01)])
    assert analysis.share_below(10**edge)(record) == 0.5


def test_mean_size_is_near_that_of_the_weights(record_of):
    values = np.random.default_rng([0]).normal(size=20_000)
    found = analysis.mean_size(record_of(values))
    assert found == pytest.approx(np.abs(values).mean(), rel=0.02)
    assert found == pytest.approx(10 * analysis.mean_size(record_of(values / 10)), rel=0.01)


@pytest.mark.parametrize(
    ("fields", "strength"),
    [({}, 0), ({"l1": 0.3}, 0.3), ({"l2": 0.3}, 0.6), ({"l1": 0.1, "l2": 0.05}, 0.2)],
)
def test_strength_is_e_s(record_of, fields, strength):
    assert analysis.strength(record_of([1], **fields)) == pytest.approx(strength)


def test_accuracies_after_the_last_update(record_of):
    record = record_of([1])
    found = {name: accuracy(record) for name, accuracy in analysis.ACCURACIES.items()}
    assert found == pytest.approx({"training": 0.9, "validation": 0.8, "test": 0.7})
    assert analysis.accuracy_gap(record) == pytest.approx(0.1)


@pytest.fixture
def tried(record_of):
    def two_seeds(*accuracies):
        return [record_of([1e-4, 1], accuracies) for _ in range(2)]

    by_strength = {1e-4: two_seeds(0.9, 0.8, 0.7), 1e-3: two_seeds(0.8, 0.75, 0.6)}
    return {"L2": by_strength, "elastic net": by_strength}


def lines(ax):
    return {line.get_label(): line.get_xydata().T for line in ax.lines}


def test_accuracies_are_drawn_against_the_strength(tried, record_of):
    left, right = analysis.draw_accuracies(tried, [record_of([1], (1.0, 0.85, 0.8))]).axes
    assert [ax.get_title(loc="left") for ax in (left, right)] == ["L2", "Elastic net"]
    found = lines(left)
    np.testing.assert_allclose(found["training"], [[1e-4, 1e-3], [0.9, 0.8]])
    np.testing.assert_allclose(found["validation"], [[1e-4, 1e-3], [0.8, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(found["test"], [[1e-4, 1e-3], [0.7, 0.6]])
    assert found["validation, no decay"][1] == pytest.approx([0.85, 0.85])


def test_sparsity_is_drawn_against_the_strength_and_accuracy_against_sparsity(tried, record_of):
    without = [record_of([1, 1], (1.0, 0.85, 0.8))]
    over_fitting, small, accuracy = analysis.draw_sparsity(tried, without).axes
    np.testing.assert_allclose(lines(over_fitting)["L2"][1], [0.1, 0.05], atol=1e-6)
    assert lines(over_fitting)["no decay"][1] == pytest.approx([0.15, 0.15])
    np.testing.assert_allclose(lines(small)["elastic net"][1], [0.5, 0.5])
    points = [line.get_xydata().T for line in accuracy.lines]
    np.testing.assert_allclose(points[0], [[0.5, 0.5], [0.8, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(points[2], [[0], [0.85]], rtol=1e-6)


def test_sizes_are_drawn_as_shares(record_of):
    records = [record_of([3.5e-5, 0.35, 0.35, 0.35])]
    ax, _ = analysis.draw_sizes({"Best": {"L1": records}, "Strongest": {"L1": records}}).axes
    x, y = lines(ax)["L1"]
    assert x[y > 0] == pytest.approx([3.55e-5, 0.355], rel=0.01)
    assert y[y > 0] == pytest.approx([25, 75])
