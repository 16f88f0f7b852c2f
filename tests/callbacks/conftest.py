"""An independent reference: a small network trained in NumPy, float64."""

import dataclasses
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest

BACKEND = keras.backend.backend()
FEATURES, HIDDEN, CLASSES = 5, 6, 3
DROPOUT_SEED = 11


@dataclasses.dataclass(frozen=True)
class Case:
    """A small classification problem with one configuration of model and training."""

    n: int = 40
    batch_size: int = 4
    epochs: int = 1
    weighted: bool = False
    l2: float = 0.0
    dropout: float = 0.0
    clipnorm: float | None = None
    learning_rate: float = 0.3

    def data(self):
        rng = np.random.default_rng([3, self.n])
        x = rng.normal(size=(self.n, FEATURES)).astype("float32")
        y = rng.integers(0, CLASSES, self.n)
        weight = rng.uniform(0, 3, self.n).astype("float32") if self.weighted else None
        return x, y, weight

    def initial_weights(self):
        rng = np.random.default_rng(4)
        shapes = (FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, CLASSES), (CLASSES,)
        return [rng.normal(size=shape).astype("float32") for shape in shapes]

    def model(self, optimizer=None, **compile_arguments):
        l2 = keras.regularizers.L2(self.l2)
        hidden = keras.layers.Dense(HIDDEN, "tanh", kernel_regularizer=l2, name="hidden")
        output = keras.layers.Dense(CLASSES, kernel_regularizer=l2, name="output")
        layers = [keras.Input((FEATURES,)), hidden, output]
        if self.dropout:
            layers.insert(2, keras.layers.Dropout(self.dropout, seed=DROPOUT_SEED))
        model = keras.Sequential(layers)
        model.set_weights(self.initial_weights() + model.get_weights()[4:])  # dropout's seed
        sgd = keras.optimizers.SGD(self.learning_rate, clipnorm=self.clipnorm)
        compile_arguments.setdefault("jit_compile", False)
        model.compile(
            optimizer or sgd,
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            **compile_arguments,
        )
        return model

    def fit(self, model, callbacks, **arguments):
        x, y, weight = self.data()
        arguments = {"epochs": self.epochs, "batch_size": self.batch_size} | arguments
        return model.fit(
            x, y, sample_weight=weight, shuffle=False, verbose=0, callbacks=callbacks, **arguments
        )

    def masks(self, jit_compile):
        """The factors of the model's dropout, drawn by a second layer with the same seed."""
        layer = keras.layers.Dropout(self.dropout, seed=DROPOUT_SEED)

        def draw(ones):
            return layer(ones, training=True)

        if BACKEND == "tensorflow":
            import tensorflow as tf

            draw = tf.function(draw, jit_compile=jit_compile)
        while True:
            for first in range(0, self.n, self.batch_size):
                size = min(self.batch_size, self.n - first)
                yield keras.ops.convert_to_numpy(draw(np.ones((size, HIDDEN), "float32")))

    def numpy_training(self, jit_compile=False, fits=1):
        """Train in NumPy.

        Returns:
            For each fit: losses, shape (iterations,), and gradient norms of the hidden and the
            output layer, shape (iterations, 2), each of the batch before its update; and last the
            final weights.
        """
        x, y, weight = self.data()
        parameters = [p.astype(float) for p in self.initial_weights()]
        masks = self.masks(jit_compile) if self.dropout else None
        results = []
        for _ in range(fits):
            losses, norms = [], []
            for _ in range(self.epochs):
                for first in range(0, self.n, self.batch_size):
                    batch = slice(first, first + self.batch_size)
                    loss, gradient = self.loss_and_gradient(
                        parameters,
                        x[batch].astype(float),
                        y[batch],
                        1.0 if weight is None else weight[batch].astype(float),
                        next(masks) if masks else 1.0,
                    )
                    losses.append(loss)
                    norms.append(
                        [np.sqrt(sum(np.sum(g**2) for g in gradient[i : i + 2])) for i in (0, 2)]
                    )
                    parameters = [
                        p - self.learning_rate * self._clip(g)
                        for p, g in zip(parameters, gradient, strict=True)
                    ]
            results.append((np.array(losses), np.array(norms)))
        return *results, parameters

    def loss_and_gradient(self, parameters, x, y, weight, mask):
        W1, b1, W2, b2 = parameters
        n = len(x)
        activation = np.tanh(x @ W1 + b1)
        dropped = activation * mask
        logits = dropped @ W2 + b2
        logits -= logits.max(axis=1, keepdims=True)
        probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss = np.sum(-np.log(probability[np.arange(n), y]) * weight) / n
        loss += self.l2 * (np.sum(W1**2) + np.sum(W2**2))
        d_logits = (probability - np.eye(CLASSES)[y]) * np.broadcast_to(weight, n)[:, None] / n
        d_hidden = d_logits @ W2.T * mask * (1 - activation**2)
        gradient = [
            x.T @ d_hidden + 2 * self.l2 * W1,
            d_hidden.sum(axis=0),
            dropped.T @ d_logits + 2 * self.l2 * W2,
            d_logits.sum(axis=0),
        ]
        return loss, gradient

    def _clip(self, gradient):
        norm = np.linalg.norm(gradient)
        return gradient if self.clipnorm is None else gradient * min(1, self.clipnorm / norm)


@pytest.fixture(name="Case")
def case_class():
    return Case


class StopAt(keras.callbacks.Callback):
    """Stop at the first execution that reaches a given iteration of an epoch."""

    def __init__(self, iteration, epoch=0):
        super().__init__()
        self.iteration, self.epoch = iteration, epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epoch and batch + 1 >= self.iteration:
            self.model.stop_training = True


@pytest.fixture(name="StopAt")
def stop_at_class():
    return StopAt


def pytest_collection_modifyitems(items):
    """Skip several steps per execution and XLA on PyTorch, which supports neither."""
    for item in items:
        arguments = item.callspec.params if hasattr(item, "callspec") else {}
        if BACKEND == "torch" and (
            arguments.get("steps_per_execution", 1) != 1 or arguments.get("jit_compile")
        ):
            item.add_marker(pytest.mark.skip(reason="not on PyTorch"))
        if BACKEND != "tensorflow" and "tensorflow_only" in item.fixturenames:
            item.add_marker(pytest.mark.skip(reason="TensorFlow only"))


@pytest.fixture
def tensorflow_only():
    """Skip a test that needs the TensorFlow backend on others."""
