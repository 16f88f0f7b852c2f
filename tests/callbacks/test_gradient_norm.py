import keras
import numpy as np
import pytest

from callbacks import GradientNorm, IterationLoss, StopOnGradientNorm, recorder

CLOSE = {"rtol": 3e-5, "atol": 1e-6}


def norms_in_numpy(case):
    (_, layers), _ = case.numpy_training()
    return np.sqrt(np.sum(layers**2, axis=1))


SCENARIOS = {
    "plain": {"epochs": 2},
    "weighted_l2_partial_batch": {"n": 38, "weighted": True, "l2": 0.05},
    "dropout": {"n": 38, "dropout": 0.4},
    "clipped": {"clipnorm": 0.1},
}


@pytest.mark.parametrize(
    ("scenario", "steps_per_execution", "jit_compile"),
    [("plain", steps, jit) for steps in (1, 7, 10) for jit in (False, True)]
    + [(name, *way) for name in list(SCENARIOS)[1:] for way in ((1, False), (7, True))],
)
def test_each_norm_equals_a_training_in_numpy(Case, scenario, steps_per_execution, jit_compile):
    case = Case(**SCENARIOS[scenario])
    model = case.model(steps_per_execution=steps_per_execution, jit_compile=jit_compile)
    (losses, layers), weights = case.numpy_training(jit_compile)
    norms, recorded_losses = GradientNorm(), IterationLoss()
    case.fit(model, [norms, recorded_losses])
    assert norms.values.dtype == np.float32
    np.testing.assert_allclose(norms.values, np.sqrt(np.sum(layers**2, axis=1)), **CLOSE)
    assert list(norms.per_layer) == ["hidden", "output"]
    np.testing.assert_allclose(norms.per_layer["hidden"], layers[:, 0], **CLOSE)
    np.testing.assert_allclose(norms.per_layer["output"], layers[:, 1], **CLOSE)
    np.testing.assert_allclose(recorded_losses.values, losses, **CLOSE)
    for weight, expected in zip(model.get_weights(), weights, strict=False):
        np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("optimizer", ["loss_scale", "loss_scale_factor"])
def test_norm_is_of_the_unscaled_gradient(Case, optimizer, jit_compile):
    case = Case()
    sgd = keras.optimizers.SGD
    optimizer = {
        "loss_scale": keras.optimizers.LossScaleOptimizer(sgd(0.3)),
        "loss_scale_factor": sgd(0.3, loss_scale_factor=64.0),
    }[optimizer]
    norms = GradientNorm()
    case.fit(case.model(optimizer, jit_compile=jit_compile), [norms])
    np.testing.assert_allclose(norms.values, norms_in_numpy(case), **CLOSE)


@pytest.mark.parametrize("steps_per_execution", [1, 7])
@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam, keras.optimizers.SGD])
def test_training_and_optimizer_are_the_same_with_and_without(Case, optimizer, steps_per_execution):
    case = Case(epochs=2, dropout=0.4)

    def train(callbacks):
        model = case.model(optimizer(0.01), steps_per_execution=steps_per_execution)
        history = case.fit(model, callbacks, validation_data=case.data()[:2]).history
        return model, history

    (without, history), (with_it, history_with) = train([]), train([GradientNorm()])
    assert history == history_with
    for a, b in zip(without.get_weights(), with_it.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert set(vars(without)) == set(vars(with_it))
    assert set(vars(without.optimizer)) == set(vars(with_it.optimizer))
    assert len(without.metrics_variables) == len(with_it.metrics_variables)
    for a, b in zip(without.optimizer.variables, with_it.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_checkpoints_written_while_recording_are_those_of_the_model(Case, tmp_path):
    case = Case()
    path = tmp_path / "model.keras"
    model = case.model(keras.optimizers.Adam(0.01))
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    case.fit(model, [GradientNorm(), IterationLoss(), checkpoint])
    loaded = keras.models.load_model(path)
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for a, b in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_layers_of_a_nested_model_frozen_layers_and_weights_of_the_model_itself():
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__(name="scaled")
            self.frozen = keras.layers.Dense(4, trainable=False, name="frozen")
            inner = [keras.layers.Dense(3), keras.layers.Dense(2)]
            self.inner = keras.Sequential(inner, name="inner")
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, x):
            return self.scale * self.inner(self.frozen(x))

    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(20, 3)).astype("float32"), rng.normal(size=(20, 2)).astype("float32")
    model, norms = Scaled(), GradientNorm()
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.fit(x, y, batch_size=4, verbose=0, callbacks=[norms])
    assert set(norms.per_layer) == {"inner", "scaled"}
    squares = [norm**2 for norm in norms.per_layer.values()]
    assert min(map(np.min, squares)) > 0
    np.testing.assert_allclose(norms.values, np.sqrt(sum(squares)), rtol=1e-5)


def test_a_model_built_by_its_first_step_with_several_steps_in_an_execution():
    x = np.random.default_rng(2).normal(size=(20, 3)).astype("float32")
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="only")
    model, norms = keras.Sequential([layer]), GradientNorm()
    arguments = {} if keras.backend.backend() == "torch" else {"steps_per_execution": 5}
    model.compile(keras.optimizers.SGD(0.0), "mse", **arguments)
    model.fit(x, np.zeros((20, 1)), batch_size=4, verbose=0, shuffle=False, callbacks=[norms])
    expected = [np.linalg.norm(2 * b.T @ b.sum(axis=1)) / 4 for b in np.split(x, 5)]
    np.testing.assert_allclose(norms.per_layer["only"], expected, rtol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_embedding_whose_rows_repeat(jit_compile):
    """A row's gradient is the sum over its uses, which TensorFlow lists one by one."""
    table = keras.layers.Embedding(5, 1, embeddings_initializer="ones", name="table")
    model, norms = keras.Sequential([keras.Input((3,)), table, keras.layers.Flatten()]), None
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit_compile)
    norms = GradientNorm()
    model.fit(np.array([[1, 1, 2]]), np.zeros((1, 3)), verbose=0, callbacks=[norms])
    np.testing.assert_allclose(norms.values, [np.hypot(2 * 2 / 3, 2 / 3)], rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_a_layer_that_the_loss_does_not_use_has_norm_zero(tensorflow_only):
    inputs = keras.Input((3,))
    used, unused = (keras.layers.Dense(1, name=name)(inputs) for name in ("used", "unused"))
    model = keras.Model(inputs, [used, unused])
    model.compile("sgd", ["mse", None])
    norms, x = GradientNorm(), np.ones((4, 3))
    model.fit(x, [np.zeros((4, 1)), np.zeros((4, 1))], verbose=0, callbacks=[norms])
    np.testing.assert_array_equal(norms.per_layer["unused"], [0])
    assert norms.per_layer["used"][0] > 0


def test_a_layer_frozen_since_the_last_fit_is_left_out(Case):
    case = Case()
    model = case.model()
    norms = GradientNorm()
    case.fit(model, [norms])
    both = norms.per_layer
    model.get_layer("hidden").trainable = False
    model.compile(keras.optimizers.SGD(0.1), model.loss)
    case.fit(model, [norms])
    assert list(both) == ["hidden", "output"]
    assert list(norms.per_layer) == ["output"]
    np.testing.assert_allclose(norms.values, norms.per_layer["output"], rtol=1e-6)


def test_two_in_one_fit_are_refused(Case):
    case = Case()
    model = case.model()
    with pytest.raises(RuntimeError, match="GradientNorm and StopOnGradientNorm"):
        case.fit(model, [GradientNorm(), StopOnGradientNorm(1.0)])
    assert "apply" not in vars(model.optimizer)


class Fail(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 5:
            raise KeyboardInterrupt


def test_interrupted_fit_keeps_its_values_and_gives_the_model_back_at_the_next(Case):
    case, norms, losses = Case(), GradientNorm(), IterationLoss()
    model = case.model()
    case.fit(model, [])
    model.set_weights(case.initial_weights())
    before = set(vars(model)), set(vars(model.optimizer))
    with pytest.raises(KeyboardInterrupt):
        case.fit(model, [norms, losses, Fail()])
    case.fit(model, [])
    assert (set(vars(model)), set(vars(model.optimizer))) == before
    np.testing.assert_allclose(norms.values, norms_in_numpy(case)[:6], **CLOSE)
    assert losses.values.shape == (6,)
    case.fit(model, [norms])
    assert norms.values.shape == norms.per_layer["hidden"].shape == (10,)


def test_nothing_recorded_yet():
    norms = GradientNorm()
    assert norms.values.shape == (0,)
    assert norms.per_layer == {}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_inside_training_fit(tensorflow_only, Case, jit_compile):
    """One batch per epoch, so that the order of the examples does not matter."""
    from training import fit

    case = Case(batch_size=40, epochs=12)
    x, y, _ = case.data()
    norms = GradientNorm()
    model = case.model()
    fit(model, x, y, batch_size=40, epochs=12, callbacks=[norms], jit_compile=jit_compile)
    np.testing.assert_allclose(norms.values, norms_in_numpy(case), **CLOSE)
    assert "apply" not in vars(model.optimizer)


def test_reading_one_recorder_reads_all_of_the_model(Case, monkeypatch):
    """A loop that reads the losses in time needs no knowledge of the norms."""
    monkeypatch.setattr(recorder, "CAPACITY", 6)
    case, norms, losses = Case(), GradientNorm(), IterationLoss()
    monkeypatch.setattr(recorder.Recorder, "on_train_batch_begin", lambda *_, **__: None)

    class ReadLosses(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 5:
                assert losses.values.shape == (6,)

    case.fit(case.model(), [norms, losses, ReadLosses()])
    assert norms.values.shape == (10,)


@pytest.mark.parametrize("steps_per_execution", [1, 7, 10])
def test_stops_at_the_first_small_gradient(Case, steps_per_execution):
    case = Case(n=400, batch_size=40, epochs=4)
    norms = norms_in_numpy(case)
    lowest_before = np.minimum.accumulate(norms)
    first = next(i for i in range(12, 40) if norms[i] < 0.95 * lowest_before[i - 1])
    stop = StopOnGradientNorm(norms[first] * 1.01)
    case.fit(case.model(steps_per_execution=steps_per_execution), [stop])
    assert stop.stopped_iteration == 1 + first
    epoch, iteration = divmod(first, 10)
    executions = iteration // steps_per_execution + 1
    executed = epoch * 10 + min(executions * steps_per_execution, 10)
    np.testing.assert_allclose(stop.values, norms[:executed], **CLOSE)


def test_fit_goes_on_while_no_gradient_is_small(Case):
    case, stop = Case(), StopOnGradientNorm(1e-9)
    case.fit(case.model(), [stop])
    assert stop.stopped_iteration is None
    assert stop.values.shape == (10,)


def test_a_stop_is_forgotten_by_the_next_fit(Case):
    case, stop = Case(), StopOnGradientNorm(100.0)
    case.fit(case.model(), [stop])
    assert stop.stopped_iteration == 1
    stop.tolerance = 1e-9
    case.fit(case.model(), [stop])
    assert stop.stopped_iteration is None
    assert stop.values.shape == (10,)


def test_stops_after_the_epoch_where_batches_are_not_announced(Case, monkeypatch):
    monkeypatch.delattr(StopOnGradientNorm, "on_train_batch_end")
    case, stop = Case(epochs=3), StopOnGradientNorm(100.0)
    case.fit(case.model(), [stop])
    assert stop.stopped_iteration == 1
    assert stop.values.shape == (10,)


@pytest.mark.parametrize("tolerance", [0, -1e-3, float("nan")])
def test_tolerance_must_be_positive(tolerance):
    with pytest.raises(ValueError, match="`tolerance` must be a number greater than 0, not"):
        StopOnGradientNorm(tolerance)
