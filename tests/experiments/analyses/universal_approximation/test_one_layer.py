import numpy as np
import pytest

from experiments.analyses.universal_approximation import one_layer
from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    Network,
    ReLU,
    Sigmoid,
    epoch_order,
    mean_squared_error,
)

SIDE = (np.arange(2000)[:, None] + 0.5) / 2000


def wave(x):
    return np.sin(7 * x[:, 0]) + x[:, 0] ** 2


def networks(inputs, neurons, slope, count):
    drawn = [one_layer.draw(inputs, neurons, slope, seed) for seed in range(count)]
    return one_layer.stack(drawn)


def points(inputs, n=96):
    x = np.random.default_rng(0).uniform(size=(n, inputs))
    return x, wave(x)


def mean_square(activation, weights, x, y):
    return np.mean((one_layer.outputs(activation, weights, x) - y) ** 2, axis=1)


def test_neurons_bend_inside_the_cube():
    w, b, v, c = one_layer.draw(1, 1000, 20, 0)
    bends = -b[0] / w[0]
    assert bends.min() >= 0
    assert bends.max() <= 1
    assert bends.std() == pytest.approx(12**-0.5, rel=0.1)  # evenly over it
    assert w.std() == pytest.approx(20, rel=0.1)
    assert v.std() == pytest.approx(1000**-0.5, rel=0.1)
    assert not c.any()


def test_bends_of_two_inputs_pass_through_the_cube():
    w, b, *_ = one_layer.draw(2, 500, 5, 0)
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) @ w + b
    assert (corners.min(axis=0) <= 0).all()
    assert (corners.max(axis=0) >= 0).all()


def test_seeds_draw_other_weights():
    w, *_ = networks(1, 3, 5, 2)
    assert w.shape == (2, 1, 3)
    assert (w[0] != w[1]).all()


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("inputs", [1, 2])
def test_networks_side_by_side_train_as_each_alone(activation, inputs):
    """Against `Network`, with the rate set between updates."""
    updates, rates = 40, [0.1, 0.01]
    start = networks(inputs, 5, 6, 2)
    x, y = points(inputs)
    together = one_layer.train(activation, start, x, y, rates, updates)
    order = np.concatenate([epoch_order(len(x), 0, epoch) for epoch in range(14)])
    layer = {"sigmoid": Sigmoid, "relu": ReLU}[activation]
    for k, rate in enumerate(rates):
        alone = Network([Dense(5), layer(), Dense(1)], mean_squared_error, (inputs,))
        w, b, v, c = (array[k] for array in start)
        alone.set_weights([w, b[0], v, c[0]])
        adam = OPTIMIZERS["adam"]()
        for update in range(updates):
            adam.learning_rate = rate * (1 + np.cos(np.pi * update / updates)) / 2
            batch = order[32 * update : 32 * (update + 1)]
            adam.update(alone.parameters, alone.loss_and_gradients(x[batch], y[batch, None])[1])
        for mine, one in zip(together, alone.parameters, strict=True):
            np.testing.assert_allclose(mine[k].reshape(one.shape), one, atol=1e-4)
        assert np.abs(alone.parameters[0] - w).max() > 0.01


def test_training_leaves_its_start_alone_and_brings_the_error_down():
    start = networks(1, 16, 20, 2)
    before = [array.copy() for array in start]
    x, y = points(1)
    trained = one_layer.train("sigmoid", start, x, y, [0.1, 0.1], 500)
    for array, copy in zip(start, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert (
        mean_square("sigmoid", trained, x, y) < 0.05 * mean_square("sigmoid", start, x, y)
    ).all()


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("inputs", [1, 2])
def test_no_other_output_layer_is_better_behind_the_same_hidden_layer(activation, inputs):
    start = networks(inputs, 8, 6, 2)
    x, y = points(inputs)
    w, b, v, c = one_layer.solve(activation, start, x, y)
    np.testing.assert_array_equal(w, start[0])
    np.testing.assert_array_equal(b, start[1])
    left = one_layer.outputs(activation, [w, b, v, c], x) - y
    np.testing.assert_allclose(left.mean(axis=1), 0, atol=1e-9)  # as the output has a bias
    best = np.mean(left**2, axis=1)
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = [w, b, v + 0.01 * rng.normal(size=v.shape), c + 0.01 * rng.normal(size=c.shape)]
        assert (mean_square(activation, other, x, y) > best).all()


@pytest.mark.parametrize("neurons", [1, 2, 5, 16])
def test_straight_lines_join_the_values(neurons):
    ends = np.linspace(0, 1, neurons + 1)
    (drawn,) = one_layer.outputs("relu", one_layer.straight_lines(wave, neurons), SIDE)
    lines = np.interp(SIDE[:, 0], ends, wave(ends[:, None]))
    np.testing.assert_allclose(drawn, lines, atol=1e-12)


@pytest.mark.parametrize("neurons", [1, 2, 5, 16])
def test_stairs_have_the_values_in_their_middles(neurons):
    x = SIDE[np.abs((SIDE[:, 0] * (neurons + 1) + 0.5) % 1 - 0.5) > 1e-3]  # off the steps
    middles = (np.floor(x * (neurons + 1)) + 0.5) / (neurons + 1)
    (drawn,) = one_layer.outputs("sigmoid", one_layer.staircase(wave, neurons), x)
    np.testing.assert_allclose(drawn, wave(middles), atol=1e-12)
