import copy
import math

import keras
import numpy as np
import pytest

from callbacks import IterationLoss, recorder
from callbacks.iteration_loss import _RecordingTracker

SCENARIOS = {
    "plain": {},
    "sample_weight": {"weighted": True},
    "l2": {"l2": 0.05},
    "dropout": {"dropout": 0.4},
    "partial_batch": {"n": 38},
    "epochs": {"epochs": 3},
    "second_fit": {},
    "early_stop": {},
    "everything": {"n": 38, "epochs": 3, "weighted": True, "l2": 0.05, "dropout": 0.4},
}
FITS = {"second_fit": 2, "everything": 2}
CLOSE = {"rtol": 3e-5, "atol": 1e-6}


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("steps_per_execution", [1, 7, 10])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_loss_equals_a_training_in_numpy(
    Case, StopAt, scenario, steps_per_execution, jit_compile
):
    case = Case(**SCENARIOS[scenario])
    model = case.model(steps_per_execution=steps_per_execution, jit_compile=jit_compile)
    *expected, weights = case.numpy_training(jit_compile, fits=FITS.get(scenario, 1))
    losses = IterationLoss()
    for fit, (values, _) in enumerate(expected):
        # The last fit of "everything" is stopped in its second epoch.
        last_epoch = {"early_stop": 0, "everything": 1}.get(scenario)
        stops = last_epoch is not None and fit == len(expected) - 1
        case.fit(model, [losses, StopAt(5, last_epoch)] if stops else [losses])
        if stops:
            in_last_epoch = min(math.ceil(5 / steps_per_execution) * steps_per_execution, 10)
            values = values[: last_epoch * 10 + in_last_epoch]
        assert losses.values.dtype == np.float32
        assert losses.values.shape == values.shape
        np.testing.assert_allclose(losses.values, values, **CLOSE)
    if not stops:
        for weight, expected_weight in zip(model.get_weights(), weights, strict=False):
            np.testing.assert_allclose(weight, expected_weight, rtol=1e-4, atol=1e-5)


def test_keras_17167_tf_keras_393_the_usual_history_is_a_running_mean(Case):
    class LossHistory(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.values = []

        def on_train_batch_end(self, batch, logs=None):
            self.values.append(logs["loss"])

    case = Case()
    usual, exact = LossHistory(), IterationLoss()
    case.fit(case.model(), [usual, exact])
    running_mean = np.cumsum(exact.values, dtype=float) / np.arange(1, 11)
    np.testing.assert_allclose(usual.values, running_mean, rtol=1e-5)
    assert np.abs(usual.values - exact.values).max() > 0.1


@pytest.mark.parametrize(
    ("steps_per_execution", "jit_compile"), [(1, False), (7, False), (7, True)]
)
def test_training_is_the_same_with_and_without(Case, steps_per_execution, jit_compile):
    case = Case(n=38, epochs=2, weighted=True, l2=0.05, dropout=0.4)
    validation = Case(n=12).data()[:2]

    def train(callbacks):
        model = case.model(
            metrics=["accuracy"], steps_per_execution=steps_per_execution, jit_compile=jit_compile
        )
        history = case.fit(model, callbacks, validation_data=validation).history
        return history, model.get_weights(), model.get_metrics_result()

    without, with_it = train([]), train([IterationLoss()])
    assert list(without[0]) == list(with_it[0]) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert without[0] == with_it[0]
    for a, b in zip(without[1], with_it[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_model_is_given_back_as_it_was(Case):
    case = Case()
    model = case.model()
    tracker = model._loss_tracker
    case.fit(model, [], validation_data=case.data()[:2])
    before = set(vars(model))
    case.fit(model, [IterationLoss()], validation_data=case.data()[:2])
    assert set(vars(model)) == before
    assert model._loss_tracker is tracker
    assert [m.name for m in model.metrics] == ["loss"]
    assert len(model.metrics_variables) == 2


class EvaluateAt(keras.callbacks.Callback):
    """Evaluate the model inside an epoch and at its end."""

    def __init__(self, x, y, batch):
        super().__init__()
        self.x, self.y, self.batch, self.results = x, y, batch, []

    def _evaluate(self):
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        self.results.append(self.model.evaluate(self.x, self.y, verbose=0))

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            self._evaluate()

    def on_epoch_end(self, epoch, logs=None):
        self._evaluate()


@pytest.mark.parametrize("steps_per_execution", [1, 7])
@pytest.mark.parametrize("recorder_first", [False, True])
def test_evaluation_is_not_recorded(Case, steps_per_execution, recorder_first):
    case = Case(epochs=2)
    x, y, _ = case.data()
    losses, evaluate = IterationLoss(), EvaluateAt(x[:7], y[:7], batch=6)
    callbacks = [losses, evaluate] if recorder_first else [evaluate, losses]
    model = case.model(steps_per_execution=steps_per_execution)
    case.fit(model, callbacks, validation_data=(x[:9], y[:9]))
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected, **CLOSE)
    assert len(evaluate.results) == 4
    np.testing.assert_allclose(evaluate.results[-1], model.evaluate(x[:7], y[:7], verbose=0))


def test_evaluate_and_predict_with_the_callback_leave_model_and_values_alone(Case):
    case = Case()
    model, losses = case.model(), IterationLoss()
    case.fit(model, [losses])
    before, tracker = losses.values, model._loss_tracker
    x, y, _ = case.data()
    model.evaluate(x, y, verbose=0, callbacks=[losses])
    model.predict(x, verbose=0, callbacks=[losses])
    assert model._loss_tracker is tracker
    np.testing.assert_array_equal(losses.values, before)


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return len(self.x) // self.batch_size

    def __getitem__(self, i):
        batch = slice(i * self.batch_size, (i + 1) * self.batch_size)
        return self.x[batch], self.y[batch]


def python_generator(x, y, repeat=1):
    for _ in range(repeat):
        for i in range(0, len(x), 4):
            yield x[i : i + 4], y[i : i + 4]


def tf_data_of_unknown_length(x, y):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    return dataset.filter(lambda x, y: True)


SOURCES = {
    "tf_data": lambda x, y: (tf_data_of_unknown_length(x, y), {"epochs": 3}),
    "py_dataset": lambda x, y: (Batches(x, y, 4), {"epochs": 3}),
    "generator": lambda x, y: (python_generator(x, y), {}),
    "generator_with_steps": lambda x, y: (
        python_generator(x, y, repeat=3),
        {"epochs": 3, "steps_per_epoch": 10},
    ),
}


@pytest.mark.filterwarnings("ignore:.*input ran out of data")
@pytest.mark.parametrize("steps_per_execution", [1, 7])
@pytest.mark.parametrize("source", SOURCES)
def test_sources_of_batches(Case, source, steps_per_execution):
    case = Case(epochs=1 if source == "generator" else 3)
    x, y, _ = case.data()
    batches, arguments = SOURCES[source](x, y)
    losses = IterationLoss()
    model = case.model(steps_per_execution=steps_per_execution)
    model.fit(batches, callbacks=[losses], verbose=0, shuffle=False, **arguments)
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected, **CLOSE)


def linear_regression(power, loss_weights=(1.0,), n=20, learning_rate=0.01):
    """Full-batch descent on sum_k w_k mean((x a_k - y_k)^power) in NumPy, five iterations."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(n, 3))
    targets = [rng.normal(size=(n, 1)) for _ in loss_weights]
    coefficients = [np.ones((3, 1)) for _ in loss_weights]
    losses = []
    for _ in range(5):
        errors = [x @ a - y for a, y in zip(coefficients, targets, strict=True)]
        losses.append(sum(w * np.mean(e**power) for w, e in zip(loss_weights, errors, strict=True)))
        coefficients = [
            a - learning_rate * w * x.T @ (power * e ** (power - 1)) / n
            for a, w, e in zip(coefficients, loss_weights, errors, strict=True)
        ]
    return x.astype("float32"), [y.astype("float32") for y in targets], np.array(losses)


def test_model_with_two_outputs(Case):
    x, y, expected = linear_regression(power=2, loss_weights=(1.0, 3.0))
    inputs = keras.Input((3,))
    heads = [
        keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name)(inputs)
        for name in ("a", "b")
    ]
    model = keras.Model(inputs, heads)
    model.compile(keras.optimizers.SGD(0.01), ["mse", "mse"], loss_weights=[1.0, 3.0])
    losses = IterationLoss()
    history = model.fit(x, y, batch_size=20, epochs=5, verbose=0, callbacks=[losses])
    np.testing.assert_allclose(losses.values, expected, **CLOSE)
    assert set(history.history) == {"loss", "a_loss", "b_loss"}


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_custom_compute_loss_and_eager_execution(run_eagerly):
    class FourthPower(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return keras.ops.mean((y - y_pred) ** 4)

    x, (y,), expected = linear_regression(power=4)
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = FourthPower([keras.Input((3,)), layer])
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=run_eagerly)
    losses = IterationLoss()
    model.fit(x, y, batch_size=20, epochs=5, verbose=0, callbacks=[losses])
    np.testing.assert_allclose(losses.values, expected, **CLOSE)


def test_resumed_fit_records_its_own_epochs(Case):
    case, losses = Case(epochs=3), IterationLoss()
    model = case.model()
    case.fit(model, [], epochs=1)
    case.fit(model, [losses], epochs=3, initial_epoch=1)
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected[10:], **CLOSE)


def test_mixed_precision_records_the_unscaled_loss(Case):
    case, losses = Case(), IterationLoss()
    model = case.model(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.3)))
    case.fit(model, [losses])
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected, **CLOSE)


def test_copies_are_independent(Case):
    case, losses = Case(), IterationLoss()
    duplicate = copy.deepcopy(losses)
    case.fit(case.model(), [losses])
    assert losses.values.shape == (10,)
    assert duplicate.values.shape == (0,)


def test_values_can_be_read_while_training(Case):
    case, losses, seen = Case(), IterationLoss(), []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(len(losses.values))

    case.fit(case.model(), [losses, Look()])
    assert seen == list(range(1, 11))


def test_tracker_computes_the_mean_of_keras():
    own = keras.metrics.Mean(name="loss")
    tracker = _RecordingTracker(recorder.DeviceBuffer(5, 1), own.dtype)
    for metric in (own, tracker):
        metric.update_state(keras.ops.convert_to_tensor(2.0), sample_weight=3)
        metric.update_state(keras.ops.convert_to_tensor(5.0), sample_weight=1)
    assert float(tracker.result()) == float(own.result()) == 2.75
    assert (tracker.name, tracker.dtype) == (own.name, own.dtype)
