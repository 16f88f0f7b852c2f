import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.analyses import vanishing_gradients as analysis
from experiments.analyses.vanishing_gradients import END, START
from models.from_scratch.layers.activations import sigmoid
from reporting.figures import palette


def record(first, last=None, iterations=100):
    """A run whose layers have the gradients `first`, and in its last 20 iterations `last`."""
    norms = np.tile(np.float32(first), (iterations, 1))
    if last is not None:
        norms[-20:] = last
    return SimpleNamespace(kept={"gradient_norms": norms})


def test_norms_are_those_of_the_hidden_layers():
    one = record([0.1, 0.2, 0.4, 9.0], [0.3, 0.2, 0.6, 9.0])
    np.testing.assert_allclose(analysis.norms(one), [0.1, 0.2, 0.4], rtol=1e-6)
    np.testing.assert_allclose(analysis.norms(one, END), [0.3, 0.2, 0.6], rtol=1e-6)
    assert analysis.first_norm(one) == pytest.approx(0.1)
    assert analysis.reaching(START)(one) == pytest.approx(0.25)
    assert analysis.reaching(END)(one) == pytest.approx(0.5)
    assert analysis.hidden_gradient(one) == pytest.approx(0.6)


def test_norms_at_the_end_are_a_mean_over_the_last_iterations_alone():
    one = record([1.0, 1.0], iterations=40)
    one.kept["gradient_norms"][-20:, 0] = np.arange(20)
    assert analysis.norms(one, END) == pytest.approx([9.5])


def test_tiny_gradients_do_not_underflow():
    one = record([1e-30, 1e-25, 1.0, 1.0])
    assert analysis.reaching(START)(one) == pytest.approx(1e-30, rel=1e-5)


def test_factor_leaves_the_first_layer_aside():
    assert analysis.factor(record([9.0, 0.25**4, 0.25**3, 0.25**2, 0.25, 1.0, 7.0])) == (
        pytest.approx(0.25)
    )


def test_factor_of_uneven_layers_is_their_geometric_mean():
    assert analysis.factor(record([1.0, 0.1, 0.1, 0.9, 5.0])) == pytest.approx(1 / 3)


def test_sigmoid_slopes_are_those_of_finite_differences():
    x = np.linspace(-5, 5, 101)
    differences = (sigmoid(x + 1e-6) - sigmoid(x - 1e-6)) / 2e-6
    low, high = analysis.sigmoid_slopes()
    assert (low, high) == (0, 0.25)
    assert differences.max() == pytest.approx(high)
    assert (differences > low).all()


def test_no_layer_passes_on_more_than_the_bound():
    """σ'(z) ≤ ¼, so ‖W·(δ∘σ'(z))‖ ≤ ¼·‖W‖·‖δ‖; where σ' = ¼ and δ is its vector, no less."""
    rng = np.random.default_rng([0])
    limit = np.sqrt(6 / 32)
    (bound,) = analysis.sigmoid_bounds(16, 1)
    weights = rng.uniform(-limit, limit, (16, 16))  # as Glorot draws them first
    for _ in range(50):
        delta, y = rng.normal(size=16), sigmoid(rng.normal(size=16))
        passed = np.linalg.norm(weights @ (delta * y * (1 - y)))
        assert passed <= bound * np.linalg.norm(delta)
    worst = np.linalg.svd(weights)[2][0]
    assert np.linalg.norm(weights @ (worst / 4)) == pytest.approx(bound)


def test_different_neurons_are_counted_in_every_hidden_layer():
    first = np.array([[1.0, 1, 2], [3, 3, 3]])
    second = np.array([[1.0, 2], [1, 2], [1, 1]])
    weights = [first, np.ones(3), second, np.ones(2), np.eye(2), np.ones(2)]
    one = SimpleNamespace(weights={str(place): array for place, array in enumerate(weights)})
    assert analysis.different_neurons(one) == [2, 2]


@pytest.fixture
def by_depth(make_record):
    def network(depth, norm):
        kept = {"gradient_norms": np.float32(norm * np.ones((60, depth + 1)))}
        return [dataclasses.replace(make_record(seed=seed), kept=kept) for seed in range(2)]

    return {
        depth: {"sigmoid": network(depth, 10.0**-depth), "tanh": network(depth, 0.5)}
        for depth in (2, 5, 7)
    }


def lines(ax):
    return {line.get_label(): line.get_xydata().T for line in ax.lines}


def test_layers_are_drawn_from_the_first_to_the_last_hidden(by_depth):
    fig = analysis.draw_layers({"Start": (START, by_depth[5]), "End": (END, by_depth[5])})
    assert [ax.get_title(loc="left") for ax in fig.axes[:2]] == ["Start", "End"]
    x, y = lines(fig.axes[0])["sigmoid"]
    assert x.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(y, 1e-5, rtol=1e-5)
    assert fig.axes[0].get_yscale() == "log"


def test_first_layers_are_drawn_at_every_iteration(by_depth):
    axes = analysis.draw_first_layers(by_depth, window=1).axes
    assert [ax.get_title(loc="left").split()[0] for ax in axes] == ["2", "5", "7"]
    x, y = lines(axes[2])["sigmoid"]
    assert (x[0], x[-1]) == (1, 60)
    np.testing.assert_allclose(y, 1e-7, rtol=1e-5)


def test_measures_are_drawn_against_the_depth(by_depth):
    measures = {"Gradient": analysis.first_norm, "Depth": lambda r: len(analysis.norms(r))}
    first, second = analysis.draw_depths(by_depth, measures).axes
    np.testing.assert_allclose(lines(first)["sigmoid"], [[2, 5, 7], [1e-2, 1e-5, 1e-7]], rtol=1e-5)
    np.testing.assert_allclose(lines(second)["tanh"], [[2, 5, 7], [2, 5, 7]])
    assert lines(first).keys() == {"sigmoid", "tanh"} <= palette.STYLES.keys()
