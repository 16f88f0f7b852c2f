"""Batches that are computed in chunks, against the same batches at once."""

import keras
import numpy as np
import pytest

import training.loop.fitting
from models import cnn_classifier, dense_classifier
from training import OPTIMIZERS, fit
from training.loop.backends import chunks

N = 40


def images(n=N):
    rng = np.random.default_rng([0])
    return rng.integers(256, size=(n, 6, 6), dtype=np.uint8), rng.integers(4, size=n)


def build(kind="dense", optimizer="sgd", l2=0.0, loss=None):
    options = {"hidden": (8,), "classes": 4, "scaling": 1 / 255, "seed": 0}
    if kind == "dense":
        model = dense_classifier((6, 6), **options)
    else:
        model = cnn_classifier((6, 6), filters=(3,), **options)
    if l2:
        for layer in model.layers:
            if hasattr(layer, "kernel_regularizer"):
                layer.kernel_regularizer = keras.regularizers.L2(l2)
    model.compile(
        OPTIMIZERS[optimizer].build(0.1),
        loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def train(model, chunk_size, batch_size=N, n=N, epochs=4, **options):
    history = fit(
        model,
        *images(n),
        batch_size=batch_size,
        epochs=epochs,
        chunk_size=chunk_size,
        jit_compile=False,
        **options,
    )
    return history, model.get_weights()


def assert_same(one, other):
    np.testing.assert_allclose(one[0].iteration_loss, other[0].iteration_loss, rtol=1e-5)
    assert one[0].epochs.keys() == other[0].epochs.keys()
    for name, values in one[0].epochs.items():
        np.testing.assert_allclose(values, other[0].epochs[name], rtol=1e-5)
    for a, b in zip(one[1], other[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "chunk_size"),
    [("dense", 1), ("dense", 10), ("dense", 17), ("cnn", 10), ("cnn", 39)],
)
def test_chunks_give_the_gradient_of_the_whole_batch(kind, chunk_size):
    assert_same(train(build(kind), chunk_size), train(build(kind), N))


@pytest.mark.parametrize(
    ("how", "weighted", "chunk_size"),
    [
        ({"optimizer": "momentum"}, False, 8),
        ({"optimizer": "adam"}, False, 15),
        ({"l2": 0.1}, False, 15),
        ({}, True, 15),
        ({"l2": 0.1, "optimizer": "nesterov"}, True, 8),
    ],
)
def test_chunks_with_regularisation_weights_and_momentum(how, weighted, chunk_size):
    weight = np.random.default_rng([1]).uniform(0, 3, N).astype("float32") if weighted else None
    ours = train(build(**how), chunk_size, sample_weight=weight)
    assert_same(ours, train(build(**how), N, sample_weight=weight))


@pytest.mark.parametrize("chunk_size", [7, 15])
def test_chunks_of_several_batches_and_a_partial_one(chunk_size):
    # 40 = 16 + 16 + 8: the last batch holds fewer than one chunk of 15.
    assert_same(train(build(), chunk_size, batch_size=16), train(build(), 16, batch_size=16))


def test_chunks_larger_than_the_batch_are_not_chunks():
    one, other = train(build(), 1000), train(build(), None)
    np.testing.assert_array_equal(one[0].iteration_loss, other[0].iteration_loss)


def test_chunk_size_follows_the_activations(monkeypatch):
    # flatten 36, hidden 8, logits 4; the input and the scaling hold 36 each: 120 floats.
    model = build()
    size = 120 * 4 * 2
    assert chunks.chunk_size_for(model, 10**5) == 10**5
    monkeypatch.setattr(chunks, "ACTIVATION_LIMIT", 50 * size)
    monkeypatch.setattr(chunks, "CHUNK_ACTIVATIONS", 8 * size + 1)
    assert chunks.chunk_size_for(model, 50) == 50
    assert chunks.chunk_size_for(model, 51) == 8
    monkeypatch.setattr(chunks, "CHUNK_ACTIVATIONS", 1)
    assert chunks.chunk_size_for(model, 51) == 1


def test_model_that_does_not_tell_its_shapes_is_computed_at_once(monkeypatch):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.logits = keras.layers.Dense(2)

    monkeypatch.setattr(chunks, "ACTIVATION_LIMIT", 0)
    recurrent = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    sequence = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])
    for model in Net(), sequence:
        assert chunks.chunk_size_for(model, 70) == 70
    assert chunks.chunk_size_for(recurrent, 2**30) < 2**30


def test_fit_accumulates_where_the_activations_are_too_many(monkeypatch):
    plain = train(build(), None)
    used = []
    loop = training.loop.fitting.TrainingLoop
    monkeypatch.setattr(chunks, "ACTIVATION_LIMIT", 20 * 960)
    monkeypatch.setattr(chunks, "CHUNK_ACTIVATIONS", 12 * 960)
    monkeypatch.setattr(
        training.loop.fitting,
        "TrainingLoop",
        lambda *arguments: used.append(arguments[3]) or loop(*arguments),
    )
    assert_same(train(build(), None), plain)
    assert used == [12]


def test_default_limits_suit_the_default_networks():
    dense, cnn = dense_classifier((28, 28)), cnn_classifier((28, 28))
    assert chunks.chunk_size_for(dense, 60_000) == 60_000
    assert chunks.chunk_size_for(cnn, 150) == 150
    assert 100 < chunks.chunk_size_for(cnn, 60_000) < 2000
