"""The same runs in Keras, in NumPy and in plain loops."""

import dataclasses

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training import BackendError, ConfigError, RunConfig
from training.config import ENGINES as NAMES
from training.config import NUMPY_ACTIVATIONS
from training.single_run.engines import _ACTIVATIONS, ENGINES, _network, build, network_of
from training.single_run.train import train, trained

BACKEND = keras.backend.backend()


@pytest.fixture
def small(small_sets, monkeypatch):
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(small_sets))

    def config(**fields):
        sizes = {"train_size": 50, "batch_size": 16, "epochs": 2, "dataset": "mnist"}
        return RunConfig(**{"data": "stand-in", "backend": BACKEND, **sizes, **fields})

    return config


def test_names_agree():
    assert tuple(ENGINES) == NAMES
    assert tuple(_ACTIVATIONS) == NUMPY_ACTIVATIONS


@pytest.mark.parametrize(
    "fields",
    [
        {"hidden": (8, 5), "activation": "tanh", "optimizer": "momentum"},
        {"model": "cnn", "filters": (3, 4), "hidden": (6,), "optimizer": "adam"},
        {"model": "cnn", "filters": (3,), "padding": "same", "activation": "sigmoid"},
        {"model": "tanh_network", "hidden": (7,), "learning_rate": 0.1},
        {"model": "numpy_cnn", "optimizer": "adam", "learning_rate": 0.001},
        {"hidden": (4,), "scaling": "none", "learning_rate": 1e-5, "optimizer": "rmsprop"},
        {"hidden": (4,), "validation_size": 30, "optimizer": "nesterov"},
        {"hidden": (4,), "batch_size": 80, "optimizer": "adagrad"},
    ],
)
def test_numpy_follows_keras(small, fields):
    ours, theirs = (train(small(engine=engine, **fields)) for engine in ("numpy", "keras"))
    np.testing.assert_allclose(ours.iteration_loss, theirs.iteration_loss, rtol=2e-4)
    assert ours.iteration_loss.dtype == np.float32
    assert ours.parameters == theirs.parameters
    assert ours.epochs.keys() == theirs.epochs.keys()
    for name, values in ours.epochs.items():
        np.testing.assert_allclose(values, theirs.epochs[name], rtol=2e-3)
    assert ours.final == pytest.approx(theirs.final, rel=2e-3)


def test_plain_loops_follow_numpy(small):
    fields = {"model": "numpy_cnn", "optimizer": "adam", "learning_rate": 0.001, "batch_size": 3}
    configs = [
        small(engine=engine, train_size=5, epochs=None, iterations=3, **fields)
        for engine in ("loops", "numpy")
    ]
    loops, vectorised = (train(config) for config in configs)
    np.testing.assert_allclose(loops.iteration_loss, vectorised.iteration_loss, rtol=1e-4)
    assert loops.final == pytest.approx(vectorised.final, rel=1e-3)
    assert loops.seconds > vectorised.seconds


def test_numpy_keeps_what_keras_keeps(small):
    keep = ("predictions", "weights")
    records = [
        train(small(engine=engine, model="tanh_network", hidden=(5,), keep=keep))
        for engine in ("numpy", "keras")
    ]
    ours, theirs = (record.kept for record in records)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        assert array.dtype == theirs[name].dtype
        np.testing.assert_allclose(array, theirs[name], rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("update", [0, 5])
def test_gradient_norms_are_those_of_every_layer_and_update(small, update):
    """Plain SGD moves each weight by the rate times its gradient."""

    def run(updates, *keep):
        fields = {"hidden": (5, 4), "learning_rate": 0.5, "epochs": None}
        return small(iterations=updates, keep=keep, **fields)

    def weights_after(updates):
        return [*train(run(updates, "weights")).weights.values()] if updates else start

    start = build(run(1)).get_weights()
    norms = train(run(7, "gradient norms")).kept["gradient_norms"]
    assert (norms.shape, norms.dtype) == ((7, 3), np.float32)
    pairs = zip(weights_after(update + 1), weights_after(update), strict=True)
    squares = [np.sum((after - before) ** 2 / 0.25) for after, before in pairs]
    moved = np.sqrt(np.reshape(squares, (3, 2)).sum(axis=1))  # kernel and bias of each layer
    np.testing.assert_allclose(norms[update], moved, rtol=1e-3)


def test_gradient_norms_change_nothing_else(small):
    fields = {"hidden": (5,), "optimizer": "adam", "validation_size": 20}
    kept, plain = (train(small(keep=keep, **fields)) for keep in (("gradient norms",), ()))
    np.testing.assert_array_equal(kept.iteration_loss, plain.iteration_loss)
    assert kept.final == plain.final
    assert kept.kept["gradient_norms"].shape == (8, 2)


@settings(deadline=None, max_examples=8)
@given(
    hidden=st.lists(st.integers(1, 6), max_size=2),
    filters=st.lists(st.integers(1, 4), max_size=2),
    padding=st.sampled_from(["valid", "same"]),
    seed=st.integers(0, 9),
)
def test_outputs_are_those_of_the_keras_model(hidden, filters, padding, seed):
    config = RunConfig(
        model="cnn",
        hidden=hidden,
        filters=filters,
        padding=padding,
        epochs=1,
        seed=seed,
        backend=BACKEND,
    )
    model = build(config)
    network = network_of(model)
    network.set_weights(model.get_weights())
    x = np.random.default_rng([seed]).integers(256, size=(3, 28, 28), dtype=np.uint8)
    outputs = network.forward(x[..., None] / np.float32(255))
    np.testing.assert_allclose(outputs, model.predict_on_batch(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"engine": "torch"}, "unknown engine 'torch'; choose from keras, numpy, loops"),
        ({"engine": "numpy", "schedule": "cosine"}, "schedule needs engine 'keras', not 'numpy'"),
        (
            {"engine": "numpy", "patience": 2, "validation_size": 5},
            "patience needs engine 'keras', not 'numpy'",
        ),
        ({"engine": "numpy", "optimizer": "nadam"}, "unknown optimizer of engine 'numpy' 'nadam'"),
        ({"engine": "numpy", "activation": "gelu"}, "unknown activation of engine 'numpy' 'gelu'"),
        ({"engine": "numpy", "keep": ("evaluations",)}, "keep 'evaluations' needs engine 'keras'"),
        ({"engine": "loops"}, "engine 'loops' trains model 'numpy_cnn' only, not 'dense'"),
    ],
)
def test_what_numpy_has_not(fields, message):
    with pytest.raises(ConfigError) as error:
        RunConfig(epochs=1, **fields)
    assert str(error.value).startswith(message)


def test_a_config_of_another_backend():
    other = "jax" if BACKEND == "tensorflow" else "tensorflow"
    with pytest.raises(BackendError) as error:
        build(RunConfig(epochs=1, backend=other))
    assert str(error.value) == (
        f"this run needs the backend {other}, but Keras runs on {BACKEND}; set "
        f"KERAS_BACKEND={other}, or give the config backend='{BACKEND}'"
    )


def test_a_trained_model_of_any_backend_can_be_had(small):
    config = small(hidden=(4,), keep=("weights",))
    record = train(config)
    other = config.replace(backend="torch" if BACKEND == "jax" else "jax")
    ours, theirs = (trained(dataclasses.replace(record, config=c)) for c in (config, other))
    for one, another in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


# --- programs that outlast a run ------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {
            "hidden": (8,),
            "dropout": 0.5,
            "optimizer": "adam",
            "keep": ("gradient norms", "weights"),
        },
        {
            "model": "cnn",
            "filters": (3,),
            "augmentation": ("crop", "flip", "affine"),
            "batch_normalisation": True,
            "block_dropout": 0.3,
            "optimizer": "momentum",
            "validation_size": 20,
        },
        {"hidden": (8,), "validation_size": 20, "patience": 0, "keep": ("evaluations",)},
    ],
)
def test_programs_of_an_earlier_run_give_the_same_bits(small, fields, assert_same):
    config = small(seed=0, learning_rate=0.01, **fields)
    other = config.replace(seed=3, learning_rate=0.3, epochs=3)
    _network.cache_clear()
    first, second, again = train(config), train(other), train(config)
    assert second.compile_seconds == again.compile_seconds == 0
    assert (first.compile_seconds > 0) == (BACKEND != "torch")
    _network.cache_clear()
    assert_same(train(other), second, timed=False)
    assert_same(again, first, timed=False)
    for name, array in first.kept.items():
        np.testing.assert_array_equal(array, again.kept[name])
    assert not np.array_equal(first.iteration_loss[0], second.iteration_loss[0])


def test_other_data_of_the_same_sizes_are_trained_on(small):
    config = small(hidden=(8,))
    _network.cache_clear()
    rng = np.random.default_rng([0])
    losses = []
    for _ in range(2):
        engine = ENGINES["keras"](config)
        x = rng.integers(256, size=(50, 28, 28), dtype=np.uint8)
        losses.append(engine.fit(x, np.arange(50) % 10, None).iteration_loss)
    assert not np.array_equal(*losses)


@pytest.mark.skipif(BACKEND == "torch", reason="PyTorch compiles nothing")
@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": "cosine", "learning_rate": 0.02},
        {"schedule": "cosine", "epochs": 3},
        {"hidden": (9,)},
        {"batch_size": 17},
        {"l2": 0.1},
        {"keep": ("gradient norms",)},
    ],
)
def test_what_a_program_depends_on_is_compiled_anew(small, changes):
    schedule = {"schedule": changes.get("schedule", "constant")}
    config = small(hidden=(8,), learning_rate=0.01, **schedule)
    _network.cache_clear()
    train(config)
    assert train(config.replace(**changes)).compile_seconds > 0
