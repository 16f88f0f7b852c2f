import subprocess
import sys

import numpy as np
import pytest

from models.from_scratch import (
    OPTIMIZERS,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    MaxPooling,
    Network,
    ReLU,
    Sigmoid,
    binary_cross_entropy,
    categorical_accuracy,
    categorical_cross_entropy,
    check_gradients,
    epoch_order,
    tanh_network,
    zeros,
)
from training.loop import batches


def data(n=23):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    return x, (np.sum(x**2, axis=1) > 1).astype(int)


def small(layers=None, **options):
    layers = [Dense(5), ReLU(), Dense(2)] if layers is None else layers
    metrics = {"accuracy": categorical_accuracy}
    return Network(layers, categorical_cross_entropy, (2,), metrics=metrics, **options)


def train(network=None, **options):
    network = network or small()
    history = network.fit(*data(), OPTIMIZERS["sgd"](0.1), **{"batch_size": 5, **options})
    return network, history


def test_order_is_that_of_the_suite():
    for n, seed, epoch in [(1, 0, 0), (10, 0, 0), (10, 0, 1), (10, 3, 0), (1000, 7, 5)]:
        np.testing.assert_array_equal(
            epoch_order(n, seed, epoch), batches.epoch_order(n, seed, epoch)
        )


def test_losses_are_those_before_each_update():
    network, twin = small(dtype=np.float64), small(dtype=np.float64)
    x, y = data()
    expected = []
    optimizer = OPTIMIZERS["sgd"](0.1)
    for epoch in range(2):
        order = epoch_order(23, 4, epoch)
        for rows in (order[:10], order[10:20], order[20:]):
            expected.append(twin.evaluate(x[rows], y[rows])["loss"])
            twin.loss_and_gradients(x[rows], y[rows])
            optimizer.update(twin.parameters, twin.gradients)
    _, history = train(network, batch_size=10, epochs=2, seed=4)
    np.testing.assert_allclose(history.iteration_loss, expected, rtol=1e-12)
    for one, other in zip(network.parameters, twin.parameters, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_history():
    x, y = data()
    network, history = train(epochs=3, validation_data=(x[:7], y[:7]))
    assert history.iteration_loss.shape == (15,)
    assert history.iteration_loss.dtype == np.float32
    assert list(history.epochs) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    for epoch in range(3):
        losses = history.iteration_loss[5 * epoch : 5 * epoch + 5]
        expected = np.average(losses, weights=[5, 5, 5, 5, 3])
        assert history.epochs["loss"][epoch] == pytest.approx(expected)
    last = network.evaluate(x[:7], y[:7])
    assert history.epochs["val_loss"][-1] == last["loss"]
    assert history.epochs["val_accuracy"][-1] == last["accuracy"]
    assert history.examples == 3 * 23
    assert history.examples_per_second == history.examples / history.seconds > 0


@pytest.mark.parametrize(("iterations", "examples"), [(1, 5), (5, 23), (7, 33)])
def test_iterations_cut_the_last_epoch_short(iterations, examples):
    _, whole = train(epochs=3)
    _, cut = train(iterations=iterations)
    np.testing.assert_array_equal(cut.iteration_loss, whole.iteration_loss[:iterations])
    assert cut.examples == examples
    assert len(cut.epochs["loss"]) == -(-iterations // 5)


def test_one_epoch_by_default_and_a_batch_larger_than_the_data():
    assert len(train(batch_size=100)[1].iteration_loss) == 1


def test_the_seed_moves_the_batches_and_0_is_a_seed():
    losses = [train(seed=seed)[1].iteration_loss for seed in (0, 0, 1)]
    np.testing.assert_array_equal(losses[0], losses[1])
    assert (losses[0] != losses[2]).all()


def test_the_seed_of_the_network_moves_its_start_and_0_is_a_seed():
    starts = [small(seed=seed).get_weights() for seed in (0, 0, 1)]
    np.testing.assert_array_equal(starts[0][0], starts[1][0])
    assert (starts[0][0] != starts[2][0]).all()


def test_layers_of_one_shape_start_differently():
    first, _, second, _ = Network(
        [Dense(3), Dense(3)], categorical_cross_entropy, (3,)
    ).get_weights()
    assert (first != second).all()


def test_another_order():
    x, y = data()
    _, history = train(order=lambda n, seed, epoch: np.arange(n))
    first = small().evaluate(x[:5], y[:5])["loss"]
    assert history.iteration_loss[0] == pytest.approx(first)


def test_training_learns():
    network, _ = train(tanh_network(hidden=8), epochs=300)
    assert network.evaluate(*data())["accuracy"] > 0.9


def test_the_optimizer_goes_on_in_a_second_fit():
    x, y = data()
    order = {"order": lambda n, seed, epoch: np.arange(n)}
    whole = small()
    whole.fit(x, y, OPTIMIZERS["adam"](0.1), epochs=2, **order)
    parts, optimizer = small(), OPTIMIZERS["adam"](0.1)
    for _ in range(2):
        parts.fit(x, y, optimizer, **order)
    np.testing.assert_array_equal(whole.parameters[0], parts.parameters[0])


def test_predict_and_evaluate_do_not_depend_on_the_batch_size():
    network = small(dtype=np.float64)
    x, y = data()
    np.testing.assert_allclose(network.predict(x, batch_size=4), network.forward(x), rtol=1e-12)
    one, other = network.evaluate(x, y, batch_size=4), network.evaluate(x, y)
    assert one == pytest.approx(other, rel=1e-12)
    assert one["loss"] == pytest.approx(network.loss_and_gradients(x, y)[0])


def test_dropout_acts_in_training_alone():
    network = small([Dense(50), Dropout(0.5), Dense(2)])
    x, y = data()
    still = network.loss_and_gradients(x, y)[0]
    assert network.evaluate(x, y)["loss"] == pytest.approx(still)
    assert network.loss_and_gradients(x, y, training=True)[0] != still
    _, history = train(network, batch_size=23)
    assert history.iteration_loss[0] != pytest.approx(still, rel=1e-3)


def test_masks_of_dropout_come_from_the_seed_of_the_network():
    def losses(seed):
        network = small([Dense(50, zeros), Dropout(0.5), Dense(2)], seed=seed)
        network.parameters[0][...] = network.parameters[2][...] = 0.1
        network.parameters[2][:25] = -0.1
        return train(network)[1].iteration_loss

    np.testing.assert_array_equal(losses(0), losses(0))
    assert (losses(0) != losses(1)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_dtype_throughout(dtype):
    layers = [Convolution(2, 2), ReLU(), MaxPooling(2), Flatten(), Dropout(0.2), Dense(1)]
    network = Network(layers, binary_cross_entropy, (5, 5, 1), dtype=dtype)
    images = np.random.default_rng(0).integers(256, size=(6, 5, 5, 1), dtype=np.uint8)
    targets = np.arange(6)[:, None] % 2
    for optimizer in OPTIMIZERS.values():
        network.fit(images, targets, optimizer(), batch_size=4)
    for inputs in (images, images.astype(np.float64), images.astype(np.float32)):
        assert network.predict(inputs).dtype == dtype
    assert {array.dtype for array in network.parameters + network.gradients} == {np.dtype(dtype)}


def test_layers_without_parameters_may_come_first():
    layers = [MaxPooling(2), Flatten(), Dense(3), Sigmoid(), Dense(2)]
    network = Network(layers, categorical_cross_entropy, (4, 4, 2), dtype=np.float64)
    x = np.random.default_rng(0).normal(size=(3, 4, 4, 2))
    assert max(check_gradients(network, x, np.array([0, 1, 1]))) < 1e-6


def test_units_that_start_equal_stay_equal():
    # E starts parameters at 0.
    layers = [Dense(4, kernel_initializer=zeros), Sigmoid(), Dense(2, kernel_initializer=zeros)]
    network, _ = train(small(layers), epochs=20)
    weights = network.parameters[0]
    assert np.abs(weights).max() > 0
    np.testing.assert_allclose(weights, weights[:, :1] @ np.ones((1, 4)), rtol=1e-5)


def test_weights_are_copied():
    network, other = small(seed=0), small(seed=1)
    weights = network.get_weights()
    other.set_weights(weights)
    weights[0][...] = 0
    assert (network.parameters[0] != 0).all()
    np.testing.assert_array_equal(network.parameters[0], other.parameters[0])
    train(other)
    assert (network.parameters[0] != other.parameters[0]).any()


@pytest.mark.parametrize(
    "weights", [[], [np.zeros((2, 5))], [np.zeros(s) for s in [(2, 5), (5,), (5, 2), (1,)]]]
)
def test_weights_of_other_shapes_are_refused(weights):
    with pytest.raises(ValueError, match=r"weights must have the shapes \[\(2, 5\), \(5,\)"):
        small().set_weights(weights)


def test_examples_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"takes examples of shape \(2,\), not \(3,\)"):
        small().forward(np.zeros((4, 3)))


def test_another_dtype_is_refused():
    with pytest.raises(ValueError, match="dtype must be float32 or float64, not int64"):
        small(dtype=np.int64)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="put Flatten"):
        Network([Convolution(1, 2), Dense(2)], categorical_cross_entropy, (4, 4, 1))


def test_a_network_without_parameters_is_refused():
    with pytest.raises(ValueError, match="include one with parameters"):
        small([ReLU()])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"iterations": 1.5}, "iterations must be a whole number of at least 1, not 1.5"),
        ({"epochs": 1, "iterations": 1}, "epochs or iterations, not both"),
    ],
)
def test_other_sizes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        train(**options)


def test_data_that_do_not_fit_are_refused():
    x, y = data()
    with pytest.raises(ValueError, match="x has 23 examples but y has 22"):
        small().fit(x, y[1:], OPTIMIZERS["sgd"]())
    with pytest.raises(ValueError, match="x is empty"):
        small().fit(x[:0], y[:0], OPTIMIZERS["sgd"]())
    with pytest.raises(ValueError, match="labels must lie in 0 to 1"):
        small().fit(x, y + 1, OPTIMIZERS["sgd"]())


def test_import_is_light():
    heavy = {"tensorflow", "keras", "matplotlib", "scipy"}
    script = f"import models.from_scratch, sys; print(*{heavy!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, [])
