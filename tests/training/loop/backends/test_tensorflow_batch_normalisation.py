"""The fused operation against Keras's own layer."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import cnn_classifier
from training import fit
from training.loop.backends import tensorflow_batch_normalisation as batch_normalisation
from training.loop.backends.tensorflow_batch_normalisation import fused_batch_normalisation

N, BATCH_SIZE = 43, 8  # the last batch of an epoch holds 3


@pytest.fixture
def fused_calls(monkeypatch):
    """Shapes of the inputs that the fused operation was traced with."""
    shapes = []
    operation = tf.compat.v1.nn.fused_batch_norm

    def counted(inputs, *arguments, **options):
        shapes.append(inputs.shape)
        return operation(inputs, *arguments, **options)

    monkeypatch.setattr(tf.compat.v1.nn, "fused_batch_norm", counted)
    return shapes


def images(n=N):
    rng = np.random.default_rng([0])
    return rng.integers(256, size=(n, 8, 8), dtype=np.uint8), rng.integers(4, size=n)


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss, metrics=["accuracy"])
    return model


def cnn():
    return compiled(
        cnn_classifier(
            (8, 8),
            filters=(3, 4),
            padding="same",
            batch_normalisation=True,
            hidden=(5,),
            classes=4,
            scaling=1 / 255,
            seed=0,
        )
    )


class Own(keras.layers.BatchNormalization):
    """A subclass may compute anything."""


def around(layer, shape=(8, 8)):
    """A model with one layer between a convolution and the logits."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Reshape((8, 8, 1)),
            keras.layers.Conv2D(3, 3),
            layer,
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    return compiled(model)


def trained(build, monkeypatch, fused):
    """Losses, epoch metrics and all weights after two epochs."""
    if not fused:
        monkeypatch.setattr(
            "training.loop.backends.on_tensorflow.fused_batch_normalisation",
            lambda model: contextlib.nullcontext(),
        )
    model = build()
    history = fit(
        model,
        *images(),
        batch_size=BATCH_SIZE,
        epochs=2,
        validation_data=images(10),
        jit_compile=False,
    )
    return history, {weight.path: weight.numpy() for weight in model.weights}


def assert_equal_to_keras(build, monkeypatch):
    (ours, our_weights), (theirs, their_weights) = (
        trained(build, monkeypatch, fused) for fused in (True, False)
    )
    np.testing.assert_allclose(ours.iteration_loss, theirs.iteration_loss, rtol=1e-4)
    for name, values in theirs.epochs.items():
        np.testing.assert_allclose(ours.epochs[name], values, rtol=1e-3)
    for ours, theirs in zip(our_weights.values(), their_weights.values(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_a_network_trains_as_with_keras_layers(monkeypatch, fused_calls):
    assert_equal_to_keras(cnn, monkeypatch)
    # Two layers, in full batches and in the partial one.
    shapes = {tuple(shape) for shape in fused_calls}
    assert shapes == {(size, side, side, c) for size in (8, 3) for side, c in ((8, 3), (4, 4))}


def test_a_layer_with_settings_of_its_own(monkeypatch, fused_calls):
    def build():
        return around(
            keras.layers.BatchNormalization(
                momentum=0.7,
                epsilon=0.1,
                beta_initializer=keras.initializers.RandomNormal(seed=1),
                gamma_initializer=keras.initializers.RandomNormal(1, seed=2),
                moving_mean_initializer="ones",
            )
        )

    assert_equal_to_keras(build, monkeypatch)
    assert fused_calls


def test_moving_statistics_by_hand(fused_calls):
    """m ← 0.9·m + 0.1·μ from 0, and 0.9·v + 0.1·σ² from 1, with σ² divided by the count."""
    layer = keras.layers.BatchNormalization(momentum=0.9)
    model = around(layer)
    x, y = images(BATCH_SIZE)
    outputs = keras.Model(model.inputs, layer.input)(x).numpy()
    fit(model, x, y, batch_size=BATCH_SIZE, iterations=1, jit_compile=False)
    np.testing.assert_allclose(
        layer.moving_mean, 0.1 * outputs.mean(axis=(0, 1, 2)), rtol=1e-4, atol=1e-6
    )
    variance = outputs.var(axis=(0, 1, 2))
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, rtol=1e-5)
    assert fused_calls


def frozen():
    layer = keras.layers.BatchNormalization()
    layer.trainable = False
    return layer


OTHERS = {
    "another axis": lambda: keras.layers.BatchNormalization(axis=1),
    "no scale": lambda: keras.layers.BatchNormalization(scale=False),
    "no centre": lambda: keras.layers.BatchNormalization(center=False),
    "renormalised": lambda: keras.layers.BatchNormalization(renorm=True),
    "synchronised": lambda: keras.layers.BatchNormalization(synchronized=True),
    "half precision": lambda: keras.layers.BatchNormalization(dtype="mixed_float16"),
    "frozen": frozen,
    "a subclass": Own,
}


@pytest.mark.parametrize("build", OTHERS.values(), ids=OTHERS)
def test_other_layers_are_left_alone(build, fused_calls):
    layer = build()
    model = around(layer)
    call = layer.call
    with fused_batch_normalisation(model):
        assert layer.call == call
    fit(model, *images(), batch_size=BATCH_SIZE, iterations=1, jit_compile=False)
    assert not fused_calls


def test_dense_outputs_are_left_alone(fused_calls):
    layer = keras.layers.BatchNormalization()
    model = compiled(
        keras.Sequential(
            [keras.Input((8, 8)), keras.layers.Flatten(), layer, keras.layers.Dense(4)]
        )
    )
    fit(model, *images(), batch_size=BATCH_SIZE, iterations=1, jit_compile=False)
    assert not fused_calls


def test_xla_compiles_keras_layers(fused_calls):
    fit(cnn(), *images(), batch_size=BATCH_SIZE, iterations=1, jit_compile=True)
    assert not fused_calls


def test_the_model_is_given_back_as_it_was(fused_calls):
    model = cnn()
    normalisations = [
        layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    before = [set(vars(layer)) for layer in normalisations]
    with contextlib.suppress(RuntimeError), fused_batch_normalisation(model):
        assert all("call" in vars(layer) for layer in normalisations)
        raise RuntimeError
    assert [set(vars(layer)) for layer in normalisations] == before
    model(images()[0], training=True)
    assert not fused_calls


def test_evaluation_takes_the_moving_statistics(fused_calls):
    model = cnn()
    x, _ = images()
    before = model(x).numpy()
    with fused_batch_normalisation(model):
        np.testing.assert_array_equal(model(x, training=False), before)
        assert not fused_calls
        model(x, training=True)
    assert len(fused_calls) == 2


def test_the_plainest_layer_is_plain():
    """Otherwise the tests of layers that are not replaced would pass trivially."""
    layer = keras.layers.BatchNormalization()
    around(layer)
    assert batch_normalisation._is_plain(layer)
