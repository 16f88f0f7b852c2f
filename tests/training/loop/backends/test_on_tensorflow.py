"""The loop over batches, and how it is compiled."""

import functools
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import cnn_classifier, dense_classifier
from training import fit
from training.loop.backends.on_tensorflow import TrainingLoop, suits_xla, to_device
from training.provenance import ROOT


def test_gradient_of_chunks_is_the_true_one():
    """A step of gradient descent reveals its gradient; the expected one is of the whole batch."""
    rng = np.random.default_rng([0])
    x, y = rng.integers(256, size=(40, 6, 6), dtype=np.uint8), rng.integers(4, size=40)
    model = cnn_classifier((6, 6), filters=(3,), hidden=(8,), classes=4, scaling=1 / 255, seed=0)
    model.get_layer("logits").kernel_regularizer = keras.regularizers.L2(0.1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    before = [w.numpy() for w in model.trainable_weights]
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, tf.constant(y), model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    history = fit(model, x, y, batch_size=40, chunk_size=7)
    assert history.iteration_loss[0] == pytest.approx(float(loss), rel=1e-5)
    for start, weight, gradient in zip(before, model.trainable_weights, gradients, strict=True):
        np.testing.assert_allclose((start - weight) / 0.1, gradient, rtol=1e-3, atol=1e-5)


def test_xla_suits_dense_networks_and_no_convolutions(monkeypatch):
    dense, cnn = dense_classifier((6, 6)), cnn_classifier((6, 6), filters=(2,))
    nested = keras.Sequential([keras.Input((6, 6)), cnn, keras.layers.Dense(3)])
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert suits_xla(dense)
    assert not suits_xla(cnn)
    assert not suits_xla(nested)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["a GPU"])
    assert suits_xla(cnn)


@pytest.mark.parametrize(
    ("build", "options", "compiles"),
    [
        (dense_classifier, {}, True),
        (dense_classifier, {"chunk_size": 3}, False),
        (functools.partial(dense_classifier, dropout=0.5), {}, False),
        (functools.partial(cnn_classifier, filters=(2,)), {}, False),
    ],
)
def test_xla_is_chosen_by_the_model(build, options, compiles, monkeypatch):
    chosen = []

    def trace(loop, *arguments):
        chosen.append(arguments[-1])
        whole(loop, *arguments[:-1], False)

    whole = TrainingLoop._trace
    monkeypatch.setattr(TrainingLoop, "_trace", trace)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *kind: [])
    model = build((6, 6), hidden=(8,))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    fit(model, np.zeros((8, 6, 6)), np.zeros(8), batch_size=8, **options)
    assert chosen == [compiles]


@pytest.mark.parametrize("devices", [[], ["a GPU"]])
def test_xla_suits_no_layer_that_it_cannot_compile(monkeypatch, devices):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: devices)
    model = dense_classifier((6, 6))
    nested = keras.Sequential([keras.Input((6, 6)), model, keras.layers.Dense(3)])
    assert suits_xla(nested)
    model.get_layer("hidden_1").supports_jit = False
    assert not suits_xla(model)
    assert not suits_xla(nested)


class Model:
    """The part of a model that `TrainingLoop` needs: a step and no layers."""

    def __init__(self, step):
        self.train_step = step

    def _flatten_layers(self):
        return []


@pytest.mark.parametrize("jit_compile", [False, True])
def test_loop_runs_the_batches_asked_for(jit_compile):
    seen = tf.Variable(tf.zeros(10, tf.int32))
    count = tf.Variable(0)

    def step(batch):
        (x,) = batch
        count.assign_add(1)
        seen.assign(seen + tf.reduce_sum(tf.one_hot(x, 10, dtype=tf.int32), axis=0) * count)

    arrays = to_device(np.arange(10), None)
    loop = TrainingLoop(Model(step), arrays, 4, 4, jit_compile)
    order = np.arange(10, dtype=np.int32)[::-1]
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
