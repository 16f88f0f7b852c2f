import numpy as np
import pytest

from models.from_scratch import OPTIMIZERS, Dense, Network, mean_squared_error
from models.from_scratch.gradient_descent import (
    Descent,
    batches,
    descend,
    differences,
    loss_and_gradients_of,
    nesterov,
)


def test_every_epoch_sees_every_example_once_in_an_order_of_its_own():
    x = np.arange(12)
    seen = [rows for rows, _ in batches(x, -x, batch_size=4, iterations=6, seed=3)]
    epochs = np.reshape(seen, (2, 12))
    np.testing.assert_array_equal(np.sort(epochs), [x, x])
    assert len({tuple(epoch) for epoch in epochs} | {tuple(x)}) == 3
    assert [y.tolist() for _, y in batches(x, -x, 4, 6, seed=3)] == [(-of).tolist() for of in seen]
    assert next(batches(x, x, 4, 6, seed=4))[0].tolist() != seen[0].tolist()


def test_descent_on_batches_is_that_of_a_network():
    x = np.random.default_rng([0]).normal(size=(20, 2))
    y = x @ [[1.0], [2.0]]
    network = Network([Dense(1)], mean_squared_error, [2], dtype=np.float64)
    start, order = network.get_weights(), batches(x, y, 5, iterations=7, seed=1)
    path, losses = descend(loss_and_gradients_of(network), start, order, rate=0.1)
    network.set_weights(start)
    history = network.fit(x, y, OPTIMIZERS["sgd"](0.1), batch_size=5, iterations=7, seed=1)
    np.testing.assert_allclose(losses, history.iteration_loss)
    for weight, other in zip(path[-1], network.parameters, strict=True):
        np.testing.assert_allclose(weight, other)


def bowl(weights, curvature):
    (w,) = weights
    return curvature @ w**2 / 2, [curvature * w]


def test_descent_by_hand():
    start = np.array([1.0, -2.0])
    batches = [(np.array([1.0, 2.0]),), (np.array([2.0, 1.0]),)]
    path, losses = descend(bowl, [start], batches, rate=0.1)
    np.testing.assert_allclose([w for (w,) in path], [[1, -2], [0.9, -1.6], [0.72, -1.44]])
    np.testing.assert_allclose(losses, [1 / 2 + 4, 0.81 + 1.28])
    assert start.tolist() == [1, -2]


def test_differences_are_of_losses_and_of_last_weights():
    one = Descent([[np.ones(2), np.zeros(1)], [np.array([1, 2]), np.zeros(1)]], np.array([3, 2]))
    other = Descent([[np.zeros(2), np.ones(1)], [np.array([1, 4]), np.ones(1)]], np.array([0, 2]))
    assert differences(one, other) == differences(other, one) == (3, 2)
    assert differences(one, one) == (0, 0)


def test_a_negative_rate_climbs():
    _, losses = descend(bowl, [np.ones(2)], [(np.ones(2),)] * 3, rate=-0.1)
    np.testing.assert_allclose(losses, [1, 1.1**2, 1.1**4])


@pytest.mark.parametrize("gamma", [0.0, 0.9])
def test_the_path_is_that_of_a_form_without_velocity(gamma):
    # φ(k) = θ(k) + γ(θ(k) − θ(k−1)) and θ(k+1) = φ(k) − ηc·φ(k)
    start, curvature, rate = np.array([-2.0, 1.2]), np.array([1.0, 12.0]), 0.03
    theta, before = start, start
    thetas, points = [start], [start]
    for _ in range(60):
        look_ahead = theta + gamma * (theta - before)
        theta, before = look_ahead - rate * curvature * look_ahead, theta
        thetas.append(theta)
        points.append(theta + gamma * (theta - before))
    path, look_ahead = nesterov(lambda w: curvature * w, start, rate, gamma, updates=60)
    np.testing.assert_allclose(path, thetas, atol=1e-12)
    np.testing.assert_allclose(look_ahead, points, atol=1e-12)
