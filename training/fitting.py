"""`fit`: whole epochs as one compiled program, with the loss of every iteration."""

import contextlib
import dataclasses
import time

import keras
import numpy as np
import tensorflow as tf

from callbacks import IterationLoss
from callbacks.iteration_loss import CAPACITY
from training.batch_normalisation import fused_batch_normalisation
from training.batches import epoch_order
from training.compiled import BatchLoop, accumulating_step, chunk_size_for, suits_xla


@dataclasses.dataclass(frozen=True)
class History:
    """What `fit` recorded.

    Attributes:
        iteration_loss: loss of each batch before its update, float32, shape (iterations,).
        epochs: metric name → list with one number for each epoch, as in
            `keras.callbacks.History.history`; training metrics are means over the epoch, while
            the weights moved.
        seconds: spent in the iterations, without compilation, validation and callbacks.
        compile_seconds: spent tracing and compiling the training program.
    """

    iteration_loss: np.ndarray
    epochs: dict
    seconds: float
    compile_seconds: float


def fit(
    model,
    x,
    y,
    *,
    batch_size=32,
    epochs=None,
    iterations=None,
    sample_weight=None,
    validation_data=None,
    evaluate_training=False,
    callbacks=(),
    seed=0,
    jit_compile=None,
    chunk_size=None,
):
    """Train a compiled Keras model as `model.fit` does, each epoch inside one program.

    The data stay on the device, an epoch's batches come from `epoch_order`, and a loop over
    `model.train_step` runs inside one `tf.function`. Losses and weights are those of `model.fit`
    on the same batches. Callbacks are called as by `model.fit` with `steps_per_execution` of a
    whole epoch.

    Args:
        model: a built and compiled `keras.Model`.
        x: examples, shape (n, ...); uint8 stays uint8 until the model casts it.
        y: targets, shape (n, ...).
        batch_size: examples of one iteration; the last batch of an epoch may be smaller.
        epochs: passes over the data; 1 if neither `epochs` nor `iterations` is given.
        iterations: number of updates, instead of `epochs`; the last epoch may be cut short.
        sample_weight: shape (n,), or None.
        validation_data: (x, y), evaluated after each epoch.
        evaluate_training: also evaluate (x, y) itself after each epoch, without dropout, as
            "evaluated_NAME" in the logs: the training metrics to hold against those of
            validation, which are measured at the same weights (keras#6977). A whole number
            evaluates so many of the first examples alone.
        callbacks: Keras callbacks.
        seed: of the permutations, a whole number of at least 0.
        jit_compile: compile with XLA or not; None chooses by `suits_xla`.
        chunk_size: examples computed at once where a batch is accumulated over chunks; None
            chooses by the size of the model's activations, so that a batch of any size fits in
            memory. The gradient is the batch's true one (but batch normalisation takes each
            chunk's own statistics).

    Returns:
        A `History`.

    Raises:
        ValueError: when a size is not positive, lengths differ, or both `epochs` and
            `iterations` are given.
    """
    n = len(x)
    _check(n, y, sample_weight, batch_size, chunk_size, epochs, iterations)
    batch_size = min(int(batch_size), n)
    iterations_per_epoch = -(-n // batch_size)
    if iterations is None:
        iterations = int(epochs or 1) * iterations_per_epoch
    epochs = -(-int(iterations) // iterations_per_epoch)
    chunk_size = int(chunk_size or chunk_size_for(model, batch_size))
    accumulates = chunk_size < batch_size
    if jit_compile is None:
        jit_compile = suits_xla(model) and not accumulates

    callbacks = list(callbacks or ())
    losses = next((c for c in callbacks if isinstance(c, IterationLoss)), None)
    if losses is None:
        losses = IterationLoss()
        callbacks.append(losses)
    callbacks = keras.callbacks.CallbackList(
        callbacks, add_history=True, model=model, epochs=epochs, steps=iterations_per_epoch
    )
    model.stop_training = False
    callbacks.on_train_begin()
    step = accumulating_step(model, chunk_size) if accumulates else model.train_step
    with contextlib.nullcontext() if jit_compile else fused_batch_normalisation(model):
        loop = BatchLoop(step, (x, y, sample_weight), batch_size, jit_compile)
    evaluations = {}
    if validation_data:
        evaluations["val"] = Evaluation(model, *validation_data)
    if evaluate_training:
        first = n if evaluate_training is True else evaluate_training
        evaluations["evaluated"] = Evaluation(model, x[:first], y[:first])
    seconds = 0.0
    for epoch in range(epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        order = tf.constant(epoch_order(n, seed, epoch))
        stop = min(iterations_per_epoch, iterations - epoch * iterations_per_epoch)
        seconds += _run_epoch(model, loop, order, stop, callbacks)
        logs = _metrics(model)
        for prefix, evaluate in evaluations.items():
            callbacks.on_test_begin()
            metrics = evaluate()
            callbacks.on_test_end(metrics)
            logs |= {f"{prefix}_{name}": value for name, value in metrics.items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs)
    return History(losses.values, model.history.history, seconds, loop.compile_seconds)


class Evaluation:
    """The metrics of a compiled model on fixed data, computed in one program.

    Calling it gives what `model.evaluate(x, y, return_dict=True)` gives, for the weights of that
    moment. XLA would take longer to compile it than it saves.
    """

    BATCH_SIZE = 1000

    def __init__(self, model, x, y):
        self._model = model
        batch_size = min(self.BATCH_SIZE, len(x))
        self._loop = BatchLoop(model.test_step, (x, y), batch_size, jit_compile=False)
        self._order = tf.range(len(x), dtype=tf.int32)
        self._batches = -(-len(x) // batch_size)

    def __call__(self):
        """Metric name → number."""
        self._model.reset_metrics()
        self._loop(self._order, 0, self._batches)
        return _metrics(self._model)


def _run_epoch(model, loop, order, stop, callbacks):
    """Run the epoch's iterations up to `stop`; no more at once than the loss buffer holds.

    Returns:
        The seconds spent in the iterations.
    """
    seconds = 0.0
    for first in range(0, stop, CAPACITY):
        callbacks.on_train_batch_begin(first)
        started = time.perf_counter()
        loop(order, first, min(first + CAPACITY, stop))
        logs = _metrics(model)
        seconds += time.perf_counter() - started
        callbacks.on_train_batch_end(min(first + CAPACITY, stop) - 1, logs)
        if model.stop_training:
            break
    return seconds


def _metrics(model):
    return {name: float(value) for name, value in model.get_metrics_result().items()}


def _check(n, y, sample_weight, batch_size, chunk_size, epochs, iterations):
    if n == 0:
        raise ValueError("x is empty; fit needs at least one example")
    for name, array in (("y", y), ("sample_weight", sample_weight)):
        if array is not None and len(array) != n:
            raise ValueError(f"x has {n} examples but {name} has {len(array)}; they must be equal")
    if epochs is not None and iterations is not None:
        raise ValueError("give epochs or iterations, not both")
    for name, size in (
        ("batch_size", batch_size),
        ("chunk_size", 1 if chunk_size is None else chunk_size),
        ("epochs", 1 if epochs is None else epochs),
        ("iterations", 1 if iterations is None else iterations),
    ):
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {size!r}")
