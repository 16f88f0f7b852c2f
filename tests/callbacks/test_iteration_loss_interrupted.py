import types

import keras
import numpy as np
import pytest

from callbacks import IterationLoss, recorder

CLOSE = {"rtol": 3e-5, "atol": 1e-6}


class Fail(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch >= 5:
            raise KeyboardInterrupt


class FailAtOnce(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise KeyboardInterrupt


@pytest.mark.parametrize("steps_per_execution", [1, 7])
def test_interrupted_fit_keeps_its_values_and_the_next_fit_works(Case, steps_per_execution):
    case = Case()
    model, losses = case.model(steps_per_execution=steps_per_execution), IterationLoss()
    case.fit(model, [])
    model.set_weights(case.initial_weights())
    tracker, before = model._loss_tracker, set(vars(model))
    with pytest.raises(KeyboardInterrupt):
        case.fit(model, [losses, Fail()])
    (expected, _), _ = case.numpy_training()
    done = 7 if steps_per_execution == 7 else 6
    read_early = losses.values
    np.testing.assert_allclose(read_early, expected[:done], **CLOSE)

    case.fit(model, [])
    assert model._loss_tracker is tracker
    assert set(vars(model)) == before
    np.testing.assert_array_equal(losses.values, read_early)

    for callback in (losses, IterationLoss()):  # the same again, and another
        model.set_weights(case.initial_weights())
        case.fit(model, [callback])
        np.testing.assert_allclose(callback.values, expected, **CLOSE)


def test_interrupted_fit_whose_values_are_read_after_another_fit(Case):
    case = Case()
    model, losses, other = case.model(), IterationLoss(), IterationLoss()
    with pytest.raises(KeyboardInterrupt):
        case.fit(model, [losses, Fail()])
    case.fit(model, [other])
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected[:6], **CLOSE)
    assert other.values.shape == (10,)


def test_interrupted_fit_then_another_model(Case):
    case = Case()
    first, second, losses = case.model(), case.model(), IterationLoss()
    tracker = first._loss_tracker
    with pytest.raises(KeyboardInterrupt):
        case.fit(first, [losses, Fail()])
    case.fit(second, [losses])
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected, **CLOSE)
    assert first._loss_tracker is tracker


def test_fit_interrupted_before_its_first_batch(Case):
    case, losses = Case(), IterationLoss()
    model = case.model()
    with pytest.raises(KeyboardInterrupt):
        case.fit(model, [IterationLoss(), FailAtOnce()])
    case.fit(model, [losses])
    assert losses.values.shape == (10,)


def test_reused_for_another_model(Case):
    case, losses = Case(), IterationLoss()
    (expected, _), _ = case.numpy_training()
    for _ in range(2):
        case.fit(case.model(), [losses])
        np.testing.assert_allclose(losses.values, expected, **CLOSE)


def test_two_in_one_fit_are_refused_and_the_model_stays_usable(Case):
    case, losses = Case(), IterationLoss()
    model = case.model()
    tracker = model._loss_tracker
    with pytest.raises(RuntimeError, match="record the same values; pass only one"):
        case.fit(model, [IterationLoss(), IterationLoss()])
    assert model._loss_tracker is tracker
    case.fit(model, [losses])
    assert losses.values.shape == (10,)


@pytest.mark.parametrize("steps_per_execution", [1, 2, 7])
def test_buffer_smaller_than_an_epoch_is_read_in_time(Case, monkeypatch, steps_per_execution):
    monkeypatch.setattr(recorder, "CAPACITY", 3)
    case, losses = Case(epochs=2), IterationLoss()
    case.fit(case.model(steps_per_execution=steps_per_execution), [losses])
    (expected, _), _ = case.numpy_training()
    np.testing.assert_allclose(losses.values, expected, **CLOSE)


def test_buffer_overrun_is_an_error(tensorflow_only, Case, monkeypatch):
    monkeypatch.setattr(recorder, "CAPACITY", 4)
    case, losses = Case(), IterationLoss()
    model = case.model()

    class GrowExecutions(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.steps_per_execution = 10
            self.model.make_train_function(force=True)

    with pytest.raises(RuntimeError, match="10 iterations were written to a buffer of 4"):
        case.fit(model, [losses, GrowExecutions()])
    model.steps_per_execution = 1
    case.fit(model, [])


def test_a_train_step_that_never_updates_the_tracker_is_an_error(tensorflow_only, Case):
    class Silent(keras.Sequential):
        def train_step(self, data):
            return {"loss": keras.ops.zeros(())}

    model = Silent([keras.Input((5,)), keras.layers.Dense(3)])
    model.compile("sgd", "mse", jit_compile=False)
    with pytest.raises(RuntimeError, match="recorded nothing"):
        Case().fit(model, [IterationLoss()])


def test_fit_of_the_same_model_inside_a_fit_is_an_error(Case):
    case = Case()
    x, y, _ = case.data()

    class FitAgain(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.fit(x, y, verbose=0)

    with pytest.raises(RuntimeError, match="was detached from its fit"):
        case.fit(case.model(), [FitAgain(), IterationLoss()])


def test_several_devices_are_refused(Case):
    model = Case().model()
    strategy = types.SimpleNamespace(num_replicas_in_sync=2)
    losses = IterationLoss()
    losses.set_model(types.SimpleNamespace(distribute_strategy=strategy))
    with pytest.raises(RuntimeError, match=r"tf\.distribute trains on 2"):
        losses.on_train_begin()
    Case().fit(model, [losses])
    assert losses.values.shape == (10,)
