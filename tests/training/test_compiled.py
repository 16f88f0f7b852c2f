"""The loop over batches, and batches accumulated over chunks."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import cnn_classifier, dense_classifier
from training import OPTIMIZERS, compiled, fit
from training.provenance import ROOT

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


def test_gradient_of_chunks_is_the_true_one():
    """One step of gradient descent shows the gradient; here it is computed at once."""
    x, y = images()
    model = build("cnn", l2=0.1)
    before = [w.numpy() for w in model.trainable_weights]
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, tf.constant(y), model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    history, after = train(model, 7, epochs=1)
    assert history.iteration_loss[0] == pytest.approx(float(loss), rel=1e-5)
    for start, end, gradient in zip(before, after, gradients, strict=True):
        np.testing.assert_allclose((start - end) / 0.1, gradient, rtol=1e-3, atol=1e-5)


def test_chunk_size_follows_the_activations(monkeypatch):
    # flatten 36, hidden 8, logits 4; the input and the scaling hold 36 each: 120 floats.
    model = build()
    size = 120 * 4 * 2
    assert compiled.chunk_size_for(model, 10**5) == 10**5
    monkeypatch.setattr(compiled, "ACTIVATION_LIMIT", 50 * size)
    monkeypatch.setattr(compiled, "CHUNK_ACTIVATIONS", 8 * size + 1)
    assert compiled.chunk_size_for(model, 50) == 50
    assert compiled.chunk_size_for(model, 51) == 8
    monkeypatch.setattr(compiled, "CHUNK_ACTIVATIONS", 1)
    assert compiled.chunk_size_for(model, 51) == 1


def test_model_that_does_not_tell_its_shapes_is_computed_at_once(monkeypatch):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.logits = keras.layers.Dense(2)

    monkeypatch.setattr(compiled, "ACTIVATION_LIMIT", 0)
    recurrent = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    sequence = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])
    for model in Net(), sequence:
        assert compiled.chunk_size_for(model, 70) == 70
    assert compiled.chunk_size_for(recurrent, 2**30) < 2**30


def test_fit_accumulates_where_the_activations_are_too_many(monkeypatch):
    plain = train(build(), None)
    used = []
    step = compiled.accumulating_step
    monkeypatch.setattr(compiled, "ACTIVATION_LIMIT", 20 * 960)
    monkeypatch.setattr(compiled, "CHUNK_ACTIVATIONS", 12 * 960)
    monkeypatch.setattr(
        "training.fitting.accumulating_step",
        lambda model, chunk_size: used.append(chunk_size) or step(model, chunk_size),
    )
    assert_same(train(build(), None), plain)
    assert used == [12]


def test_default_limits_suit_the_default_networks():
    dense, cnn = dense_classifier((28, 28)), cnn_classifier((28, 28))
    assert compiled.chunk_size_for(dense, 60_000) == 60_000
    assert compiled.chunk_size_for(cnn, 150) == 150
    assert 100 < compiled.chunk_size_for(cnn, 60_000) < 2000


def test_xla_suits_dense_networks_and_no_convolutions(monkeypatch):
    dense, cnn = dense_classifier((6, 6)), cnn_classifier((6, 6), filters=(2,))
    nested = keras.Sequential([keras.Input((6, 6)), cnn, keras.layers.Dense(3)])
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert compiled.suits_xla(dense)
    assert not compiled.suits_xla(cnn)
    assert not compiled.suits_xla(nested)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a GPU"])
    assert compiled.suits_xla(cnn)


@pytest.mark.parametrize("devices", [[], ["a GPU"]])
def test_xla_suits_no_layer_that_it_cannot_compile(monkeypatch, devices):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: devices)
    model = dense_classifier((6, 6))
    nested = keras.Sequential([keras.Input((6, 6)), model, keras.layers.Dense(3)])
    assert compiled.suits_xla(nested)
    model.get_layer("hidden_1").supports_jit = False
    assert not compiled.suits_xla(model)
    assert not compiled.suits_xla(nested)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_loop_runs_the_batches_asked_for(jit_compile):
    seen = tf.Variable(tf.zeros(10, tf.int32))
    count = tf.Variable(0)

    def step(batch):
        (x,) = batch
        count.assign_add(1)
        seen.assign(seen + tf.reduce_sum(tf.one_hot(x, 10, dtype=tf.int32), axis=0) * count)

    arrays = compiled.on_device(np.arange(10), None)
    loop = compiled.BatchLoop(step, arrays, 4, jit_compile)
    order = tf.constant([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    assert count.numpy() == 0  # building it runs no step
    assert loop.compile_seconds > 0
    loop(arrays, order, 1, 3)
    assert seen.numpy().tolist() == [2, 2, 1, 1, 1, 1, 0, 0, 0, 0]
    loop(arrays, order, 0, 1)
    assert seen.numpy().tolist() == [2, 2, 1, 1, 1, 1, 3, 3, 3, 3]


@pytest.mark.slow
def test_full_batch_of_a_convolutional_network_fits_in_memory():
    script = """
import resource

import keras
import numpy as np

from models import cnn_classifier
from training import fit

rng = np.random.default_rng([0])
x = rng.integers(256, size=(60_000, 28, 28), dtype=np.uint8)
y = rng.integers(10, size=60_000)
model = cnn_classifier((28, 28), scaling=1 / 255, seed=0)
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
before = model.evaluate(x, y, batch_size=500, verbose=0)
losses = fit(model, x, y, batch_size=60_000, iterations=1).iteration_loss
np.testing.assert_allclose(losses, [before], rtol=1e-4)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kibibytes = int(done.stdout.split()[-1])
    assert kibibytes < 4 * 2**20
