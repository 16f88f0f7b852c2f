"""`fit` against `model.fit` on the same batches, and against gradient descent in NumPy."""

import csv

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import callbacks as our_callbacks
import training.loop.fitting
from callbacks import GradientNorm, IterationLoss
from models import cnn_classifier, dense_classifier
from training import OPTIMIZERS
from training.loop.backends import to_device
from training.loop.batches import epoch_order

BACKEND = keras.backend.backend()
CLASSES = 4
SETTLED = {"rtol": 2e-5, "atol": 1e-6}
"""The tolerance for float32 sums in another order."""


def fit(*arguments, **options):
    """`training.fit` without XLA, whose compilation takes longer than training these networks."""
    return training.fit(*arguments, **{"jit_compile": False, **options})


def images(n, seed=0):
    rng = np.random.default_rng([seed])
    x = rng.integers(256, size=(n, 6, 6), dtype=np.uint8)
    return x, rng.integers(CLASSES, size=n, dtype=np.uint8)


def compiled(model, optimizer="sgd", rate=0.05, jit_compile=False):
    model.compile(
        optimizer=OPTIMIZERS[optimizer].build(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=jit_compile if BACKEND == "tensorflow" else "auto",
    )
    return model


def dense(hidden=(8,), dropout=0.0, seed=0, **how):
    options = {"dropout": dropout, "classes": CLASSES, "scaling": 1 / 255, "seed": seed}
    return compiled(dense_classifier((6, 6), hidden, **options), **how)


def cnn(dropout=0.0, seed=0, **how):
    options = {"dropout": dropout, "classes": CLASSES, "scaling": 1 / 255, "seed": seed}
    return compiled(cnn_classifier((6, 6), filters=(4,), hidden=(8,), **options), **how)


def regularised(seed=0, **how):
    inputs = keras.Input((6, 6))
    outputs = keras.layers.Rescaling(1 / 255)(inputs)
    outputs = keras.layers.Flatten()(outputs)
    for neurons, activation in ((8, "tanh"), (CLASSES, None)):
        outputs = keras.layers.Dense(
            neurons,
            activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed + neurons),
            kernel_regularizer=keras.regularizers.L2(0.05),
        )(outputs)
    return compiled(keras.Model(inputs, outputs), **how)


def model_fit(model, x, y, *, batch_size, epochs, sample_weight=None, seed=0, callbacks=(), **rest):
    """`model.fit` on the batches that `fit` takes, and the losses of its iterations."""
    arrays = [array for array in (x, y, sample_weight) if array is not None]

    def batches():
        for epoch in range(epochs):
            order = epoch_order(len(x), seed, epoch)
            for first in range(0, len(x), batch_size):
                yield tuple(array[order[first : first + batch_size]] for array in arrays)

    losses = IterationLoss()
    history = model.fit(
        batches(),
        steps_per_epoch=-(-len(x) // batch_size),
        epochs=epochs,
        callbacks=[*callbacks, losses],
        verbose=0,
        **rest,
    )
    return losses.values, history.history


def assert_trained_alike(ours, theirs, exactly=False):
    """Compare (model, losses) with (model, losses)."""
    tolerance = {"rtol": 0, "atol": 0} if exactly else SETTLED
    np.testing.assert_allclose(ours[1], theirs[1], **tolerance)
    for one, other in zip(ours[0].get_weights(), theirs[0].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def assert_equals_model_fit(build, n, batch_size, epochs, sample_weight=None, exactly=False, **how):
    x, y = images(n)
    ours, theirs = build(**how), build(**how)
    history = fit(
        ours,
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        sample_weight=sample_weight,
        jit_compile=how.get("jit_compile", False),
    )
    losses, epoch_history = model_fit(
        theirs,
        x,
        y,
        batch_size=min(batch_size, n),
        epochs=epochs,
        sample_weight=sample_weight,
    )
    assert len(losses) == epochs * -(-n // batch_size)
    assert_trained_alike((ours, history.iteration_loss), (theirs, losses), exactly)
    assert history.epochs.keys() == epoch_history.keys()
    for name, values in epoch_history.items():
        np.testing.assert_allclose(history.epochs[name], values, rtol=1e-5)
    assert len(set(losses)) > 1 or len(losses) == 1


# --- the same as model.fit ------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_equals_model_fit_for_each_optimizer(optimizer):
    assert_equals_model_fit(dense, 48, 16, 2, optimizer=optimizer, rate=0.01)


@pytest.mark.parametrize("optimizer", ["nesterov", "adam"])
def test_equals_model_fit_for_a_convolutional_network(optimizer):
    assert_equals_model_fit(cnn, 50, 16, 2, optimizer=optimizer, rate=0.01)


@pytest.mark.parametrize(
    ("build", "how"),
    [
        (dense, {"dropout": 0.5}),
        (regularised, {"optimizer": "momentum"}),
    ],
)
def test_equals_model_fit_to_the_bit_under_xla(build, how):
    assert_equals_model_fit(build, 50, 16, 2, exactly=True, jit_compile=True, **how)


@pytest.mark.slow
def test_equals_model_fit_for_a_convolutional_network_under_xla():
    assert_equals_model_fit(cnn, 50, 16, 2, dropout=0.3, jit_compile=True)


@pytest.mark.parametrize("build", [dense, cnn])
def test_equals_model_fit_with_dropout(build):
    assert_equals_model_fit(build, 50, 16, 3, dropout=0.5)


def test_equals_model_fit_with_regularisation_and_weights():
    weight = np.random.default_rng([5]).uniform(0, 3, 45).astype("float32")
    assert_equals_model_fit(regularised, 45, 10, 2, weight, optimizer="momentum")


def test_equals_one_call_of_model_fit_for_each_epoch():
    x, y = images(45)
    ours, theirs = dense(), dense()
    history = fit(ours, x, y, batch_size=20, epochs=3, seed=4)
    losses = []
    for epoch in range(3):
        order = epoch_order(45, 4, epoch)
        recorder = IterationLoss()
        theirs.fit(
            x[order], y[order], batch_size=20, shuffle=False, verbose=0, callbacks=[recorder]
        )
        losses.append(recorder.values)
    assert_trained_alike((ours, history.iteration_loss), (theirs, np.concatenate(losses)))


@settings(deadline=None, max_examples=5, derandomize=True)
@given(
    n=st.integers(1, 40),
    batch_size=st.integers(1, 50),
    epochs=st.integers(1, 3),
    hidden=st.lists(st.integers(1, 9), max_size=2).map(tuple),
)
def test_equals_model_fit_for_any_sizes(n, batch_size, epochs, hidden):
    def build(**how):
        return dense(hidden, **how)

    assert_equals_model_fit(build, n, batch_size, epochs)


def test_iterations_cut_the_last_epoch_short():
    x, y = images(50)
    whole = fit(dense(), x, y, batch_size=16, epochs=2)
    assert len(whole.iteration_loss) == 8
    for iterations in (1, 4, 6):
        cut = fit(dense(), x, y, batch_size=16, iterations=iterations)
        np.testing.assert_array_equal(cut.iteration_loss, whole.iteration_loss[:iterations])
        assert len(cut.epochs["loss"]) == -(-iterations // 4)


def test_cut_epoch_leaves_the_weights_of_its_last_iteration():
    x, y = images(50)
    cut, more = dense(), dense()
    fit(cut, x, y, batch_size=16, iterations=6)
    history = fit(more, x, y, batch_size=16, iterations=7)
    rows = epoch_order(50, 0, 1)[32:48]  # those of iteration 7
    loss = cut.evaluate(x[rows], y[rows], verbose=0)[0]
    assert loss == pytest.approx(history.iteration_loss[6], rel=1e-5)


def test_one_epoch_where_nothing_is_said():
    assert len(fit(dense(), *images(70)).iteration_loss) == 3  # of 32, 32 and 6


def test_batch_larger_than_the_data_is_the_full_batch():
    x, y = images(30)
    one, other = dense(), dense()
    large = fit(one, x, y, batch_size=1000, epochs=3)
    full = fit(other, x, y, batch_size=30, epochs=3)
    assert len(large.iteration_loss) == 3
    assert_trained_alike((one, large.iteration_loss), (other, full.iteration_loss), exactly=True)


# --- the same as NumPy ----------------------------------------------------------------------


def numpy_descent(weights, x, y, batch_size, epochs, rate, momentum, seed):
    """Losses and weights of a tanh network (or softmax regression) in float64."""
    weights = [w.astype(float) for w in weights]
    velocity = [np.zeros_like(w) for w in weights]
    x = x.reshape(len(x), -1) / 255
    losses = []
    for epoch in range(epochs):
        order = epoch_order(len(x), seed, epoch)
        for first in range(0, len(x), batch_size):
            rows = order[first : first + batch_size]
            activations = [x[rows]]
            for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
                activations.append(np.tanh(activations[-1] @ w + b))
            logits = activations[-1] @ weights[-2] + weights[-1]
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            correct = np.arange(len(rows)), y[rows]
            losses.append(-np.log(p[correct]).mean())
            delta = p.copy()
            delta[correct] -= 1
            delta /= len(rows)
            gradients = []
            for layer in reversed(range(len(activations))):
                gradients = [activations[layer].T @ delta, delta.sum(axis=0), *gradients]
                delta = delta @ weights[2 * layer].T * (1 - activations[layer] ** 2)
            for w, v, g in zip(weights, velocity, gradients, strict=True):
                v *= momentum
                v -= rate * g
                w += v
    return losses, weights


@pytest.mark.parametrize("hidden", [(), (7, 5)])
@pytest.mark.parametrize(("optimizer", "momentum"), [("sgd", 0.0), ("momentum", 0.9)])
def test_equals_gradient_descent_in_numpy(hidden, optimizer, momentum):
    x, y = images(50)
    model = dense_classifier((6, 6), hidden, 0.0, "tanh", CLASSES, 1 / 255, seed=3)
    compiled(model, optimizer, rate=0.1)
    losses, weights = numpy_descent(model.get_weights(), x, y, 16, 5, 0.1, momentum, seed=2)
    history = fit(model, x, y, batch_size=16, epochs=5, seed=2)
    np.testing.assert_allclose(history.iteration_loss, losses, rtol=1e-5)
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


# --- what is recorded -----------------------------------------------------------------------


def test_losses_are_those_before_the_update():
    x, y = images(48)
    model = dense()
    rows = epoch_order(48, 0, 0)[:16]
    before = model.evaluate(x[rows], y[rows], verbose=0)[0]
    history = fit(model, x, y, batch_size=16, epochs=1)
    after = model.evaluate(x[rows], y[rows], verbose=0)[0]
    assert history.iteration_loss[0] == pytest.approx(before, rel=1e-5)
    assert after < before


def test_history():
    x, y = images(50)
    history = fit(dense(), x, y, batch_size=16, epochs=3, validation_data=images(9, seed=1))
    assert history.iteration_loss.dtype == np.float32
    assert history.iteration_loss.shape == (12,)
    assert list(history.epochs) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    for values in history.epochs.values():
        assert len(values) == 3
        assert all(type(value) is float for value in values)
    # The epoch's loss is the mean over its examples, while the weights moved.
    np.testing.assert_allclose(
        history.epochs["loss"],
        np.average(history.iteration_loss.reshape(3, 4), axis=1, weights=[16, 16, 16, 2]),
        rtol=1e-5,
    )
    assert 0 < history.seconds < 60
    assert (0 < history.compile_seconds < 60) == (BACKEND != "torch")


def test_same_seed_gives_the_same_bits():
    x, y = images(50)
    one, other = (dense(dropout=0.5) for _ in range(2))
    histories = [fit(m, x, y, batch_size=16, epochs=2, seed=0) for m in (one, other)]
    assert_trained_alike(
        (one, histories[0].iteration_loss), (other, histories[1].iteration_loss), exactly=True
    )


def test_seed_zero_is_a_seed():
    x, y = images(50)
    losses = [
        fit(dense(), x, y, batch_size=16, epochs=1, seed=seed).iteration_loss for seed in (0, 1)
    ]
    assert not np.allclose(*losses, rtol=1e-4)


def test_global_seeds_do_not_matter():
    x, y = images(50)
    losses = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = dense(dropout=0.5)
        losses.append(fit(model, x, y, batch_size=16, epochs=1).iteration_loss)
    np.testing.assert_array_equal(*losses)


def test_second_fit_goes_on_from_the_weights_and_the_state_of_the_optimizer():
    x, y = images(32)
    apart, at_once = dense(optimizer="momentum"), dense(optimizer="momentum")
    first = fit(apart, x, y, batch_size=32, epochs=2)
    # A full batch holds the same examples in any order.
    second = fit(apart, x, y, batch_size=32, epochs=2, seed=9)
    whole = fit(at_once, x, y, batch_size=32, epochs=4)
    both = np.concatenate([first.iteration_loss, second.iteration_loss])
    assert_trained_alike((apart, both), (at_once, whole.iteration_loss))
    assert len(second.epochs["loss"]) == 2


def test_model_is_given_back_as_it_was():
    x, y = images(40)
    ours, theirs = dense(), dense()
    for model in ours, theirs:
        fit(model, x, y, batch_size=20, epochs=1)
    order = {"batch_size": 20, "epochs": 2, "shuffle": False, "verbose": 0}
    ours.fit(x, y, **order)
    history = theirs.fit(x, y, callbacks=[IterationLoss()], **order)
    assert ours.history.history == history.history
    assert "train_step" not in vars(ours)


def test_slices_of_a_long_epoch_give_the_same(monkeypatch):
    x, y = images(50)
    ours, theirs = dense(), dense()
    whole = fit(theirs, x, y, batch_size=4, epochs=2)
    monkeypatch.setattr(training.loop.fitting, "CAPACITY", 5)
    monkeypatch.setattr(our_callbacks.recorder, "CAPACITY", 5)
    slices = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: slices.append(batch),
        on_train_batch_end=lambda batch, logs: slices.append(batch),
    )
    sliced = fit(ours, x, y, batch_size=4, epochs=2, callbacks=[note])
    assert slices == [0, 4, 5, 9, 10, 12] * 2
    assert len(sliced.iteration_loss) == 26
    assert_trained_alike(
        (ours, sliced.iteration_loss), (theirs, whole.iteration_loss), exactly=True
    )
    assert sliced.epochs == whole.epochs


# --- validation -----------------------------------------------------------------------------


def test_validation_equals_evaluate():
    x, y = images(50)
    x_validation, y_validation = images(33, seed=1)
    model = regularised()
    seen = []

    def evaluate(epoch, logs):
        seen.append(model.evaluate(x_validation, y_validation, verbose=0, return_dict=True))

    history = fit(
        model,
        x,
        y,
        batch_size=16,
        epochs=3,
        validation_data=(x_validation, y_validation),
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=evaluate)],
    )
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(
            history.epochs[f"val_{name}"], [metrics[name] for metrics in seen], rtol=1e-5
        )


def test_validation_of_several_batches_equals_evaluate(monkeypatch):
    monkeypatch.setattr(training.loop.fitting.Evaluation, "BATCH_SIZE", 8)
    x, y = images(21)
    model = dense()
    ours = training.loop.fitting.Evaluation(model)(to_device(x, y))
    theirs = model.evaluate(x, y, verbose=0, return_dict=True)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_validation_changes_neither_losses_nor_weights():
    x, y = images(50)
    ours, theirs = dense(dropout=0.5), dense(dropout=0.5)
    validated = fit(ours, x, y, batch_size=16, epochs=2, validation_data=images(20, seed=1))
    plain = fit(theirs, x, y, batch_size=16, epochs=2)
    assert_trained_alike(
        (ours, validated.iteration_loss), (theirs, plain.iteration_loss), exactly=True
    )
    for name, values in plain.epochs.items():
        assert validated.epochs[name] == values


# --- callbacks ------------------------------------------------------------------------------


def test_learning_rate_scheduler():
    x, y = images(50)
    ours, theirs = dense(), dense()

    def schedule():
        return keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))

    how = {"batch_size": 16, "epochs": 3}
    history = fit(ours, x, y, callbacks=[schedule()], **how)
    losses, epochs = model_fit(theirs, x, y, callbacks=[schedule()], **how)
    assert_trained_alike((ours, history.iteration_loss), (theirs, losses))
    np.testing.assert_allclose(history.epochs["learning_rate"], [0.1, 0.05, 0.1 / 3], rtol=1e-6)
    np.testing.assert_allclose(epochs["learning_rate"], history.epochs["learning_rate"])


def test_early_stopping():
    x, y = images(50)
    stop = keras.callbacks.EarlyStopping(
        "val_loss", patience=1, min_delta=1e6, restore_best_weights=True
    )
    model, one_epoch = dense(), dense()
    history = fit(model, x, y, batch_size=16, epochs=9, validation_data=images(9), callbacks=[stop])
    assert stop.stopped_epoch == 1
    assert len(history.epochs["loss"]) == 2
    assert len(history.iteration_loss) == 8
    fit(one_epoch, x, y, batch_size=16, epochs=1)
    for ours, best in zip(model.get_weights(), one_epoch.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, best)


def test_stop_training_in_mid_epoch(monkeypatch):
    monkeypatch.setattr(training.loop.fitting, "CAPACITY", 5)
    model = dense()

    def stop(batch, logs):
        model.stop_training = batch == 9

    history = fit(
        model,
        *images(50),
        batch_size=4,
        epochs=3,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=stop)],
    )
    assert len(history.iteration_loss) == 10
    assert len(history.epochs["loss"]) == 1


def test_stopped_model_trains_again():
    model = dense()
    model.stop_training = True
    assert len(fit(model, *images(20), batch_size=10, epochs=3).iteration_loss) == 6


def test_terminate_on_nan():
    x, y = images(50)
    model = dense(rate=1e30)
    history = fit(
        model, x, y, batch_size=16, epochs=5, callbacks=[keras.callbacks.TerminateOnNaN()]
    )
    assert len(history.epochs["loss"]) < 5
    assert not np.isfinite(history.iteration_loss[-1])


def test_logger_and_checkpoint(tmp_path):
    model = dense()
    history = fit(
        model,
        *images(50),
        batch_size=16,
        epochs=2,
        callbacks=[
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
            keras.callbacks.ModelCheckpoint(tmp_path / "epoch_{epoch}.keras"),
        ],
    )
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert [float(row["loss"]) for row in rows] == history.epochs["loss"]
    loaded = keras.saving.load_model(tmp_path / "epoch_2.keras")
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_tensorboard(tmp_path):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tensorboard")
    board = keras.callbacks.TensorBoard(tmp_path)
    history = fit(dense(), *images(50), batch_size=16, epochs=3, callbacks=[board])
    values = []
    for file in tmp_path.glob("train/events*"):
        for raw in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(raw.numpy())
            values += [
                float(tf.make_ndarray(value.tensor))
                for value in event.summary.value
                if value.tag == "epoch_loss"
            ]
    np.testing.assert_allclose(values, history.epochs["loss"], rtol=1e-6)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras runs one step an execution on PyTorch")
def test_order_of_calls_is_that_of_model_fit():
    class Calls(keras.callbacks.Callback):
        """Records its calls, except those of evaluation."""

        def __init__(self):
            super().__init__()
            self.seen = []

    for name in ("train_begin", "train_end"):
        setattr(Calls, f"on_{name}", lambda self, logs=None, name=name: self.seen.append(name))
    for name in ("epoch_begin", "epoch_end", "train_batch_begin", "train_batch_end"):
        setattr(
            Calls,
            f"on_{name}",
            lambda self, index, logs=None, name=name: self.seen.append((name, index, bool(logs))),
        )
    x, y = images(50)
    ours, theirs = Calls(), Calls()
    fit(dense(), x, y, batch_size=16, epochs=2, callbacks=[ours])
    model = dense()
    model.steps_per_execution = 4
    model.fit(x, y, batch_size=16, epochs=2, callbacks=[theirs], verbose=0)
    assert ours.seen == theirs.seen


def test_own_iteration_loss_is_used():
    losses = IterationLoss()
    history = fit(dense(), *images(50), batch_size=16, epochs=2, callbacks=[losses])
    np.testing.assert_array_equal(losses.values, history.iteration_loss)
    assert len(losses.values) == 8


def test_gradient_norm():
    x, y = images(50)
    how = {"batch_size": 16, "epochs": 2}
    ours, theirs = GradientNorm(), GradientNorm()
    fit(regularised(), x, y, callbacks=[ours], **how)
    model_fit(regularised(), x, y, callbacks=[theirs], **how)
    assert len(ours.values) == 8
    np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-5)


def test_callback_that_raises_leaves_a_model_that_trains():
    x, y = images(50)

    def interrupt(epoch, logs):
        raise KeyboardInterrupt

    model, plain = dense(), dense()
    with pytest.raises(KeyboardInterrupt):
        fit(
            model,
            x,
            y,
            batch_size=16,
            epochs=3,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=interrupt)],
        )
    fit(plain, x, y, batch_size=16, epochs=1)
    ours = fit(model, x, y, batch_size=16, epochs=1, seed=1)
    theirs = fit(plain, x, y, batch_size=16, epochs=1, seed=1)
    assert_trained_alike((model, ours.iteration_loss), (plain, theirs.iteration_loss))


# --- models of other kinds ------------------------------------------------------------------


def test_subclassed_model():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.flatten = keras.layers.Flatten()
            self.logits = keras.layers.Dense(CLASSES, kernel_initializer="zeros")

        def call(self, x):
            return self.logits(self.flatten(keras.ops.cast(x, "float32") / 255))

    x, y = images(50)
    ours, theirs = compiled(Net()), compiled(Net())
    for model in ours, theirs:
        model(x[:1])
    history = fit(ours, x, y, batch_size=16, epochs=2)
    losses, _ = model_fit(theirs, x, y, batch_size=16, epochs=2)
    assert_trained_alike((ours, history.iteration_loss), (theirs, losses))


def test_averaged_weights_are_taken_at_the_end():
    x, y = images(40)
    ours, theirs = dense(), dense()
    for model in ours, theirs:
        average = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
        model.compile(average, model.loss, jit_compile=False)
    history = fit(ours, x, y, batch_size=16, epochs=2)
    losses, _ = model_fit(theirs, x, y, batch_size=16, epochs=2)
    assert_trained_alike((ours, history.iteration_loss), (theirs, losses))


def test_regression():
    rng = np.random.default_rng([0])
    x, y = rng.normal(size=(40, 3)).astype("float32"), rng.normal(size=(40, 1)).astype("float32")

    def build():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.set_weights([np.ones((3, 1)), np.zeros(1)])
        model.compile("sgd", "mse")
        return model

    ours, theirs = build(), build()
    history = fit(ours, x, y, batch_size=16, epochs=2)
    losses, _ = model_fit(theirs, x, y, batch_size=16, epochs=2)
    assert_trained_alike((ours, history.iteration_loss), (theirs, losses))


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 2, "iterations": 5}, "pass epochs or iterations, not both"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ({"batch_size": -3}, "batch_size must be a whole number of at least 1, not -3"),
        ({"batch_size": 8.0}, "batch_size must be a whole number of at least 1, not 8.0"),
        ({"batch_size": True}, "batch_size must be a whole number of at least 1, not True"),
        ({"batch_size": "8"}, "batch_size must be a whole number of at least 1, not '8'"),
        ({"batch_size": None}, "batch_size must be a whole number of at least 1, not None"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"epochs": 2.5}, "epochs must be a whole number of at least 1, not 2.5"),
        ({"epochs": float("nan")}, "epochs must be a whole number of at least 1, not nan"),
        ({"iterations": 0}, "iterations must be a whole number of at least 1, not 0"),
        ({"iterations": 1e3}, "iterations must be a whole number of at least 1, not 1000.0"),
        ({"chunk_size": 0}, "chunk_size must be a whole number of at least 1, not 0"),
        ({"chunk_size": False}, "chunk_size must be a whole number of at least 1, not False"),
        (
            {"sample_weight": np.ones(19)},
            "x has 20 examples but sample_weight has 19; they must be equal",
        ),
    ],
)
def test_argument_out_of_range(options, message):
    model = dense()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"^.*$") as error:
        fit(model, *images(20), **options)
    assert str(error.value) == message
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_lengths_that_differ():
    x, y = images(20)
    with pytest.raises(ValueError, match=r"^x has 20 examples but y has 18; they must be equal$"):
        fit(dense(), x, y[:18])


def test_no_examples():
    with pytest.raises(ValueError, match=r"^x is empty; fit needs at least one example$"):
        fit(dense(), *images(0))


def test_sizes_of_numpy_are_sizes():
    sizes = {"batch_size": np.int64(16), "epochs": np.int32(2), "chunk_size": np.uint8(20)}
    assert len(fit(dense(), *images(50), **sizes).iteration_loss) == 8
