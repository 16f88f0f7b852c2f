"""`fit`: whole epochs as one compiled program, with the loss of every iteration."""

import dataclasses
import time

import keras
import numpy as np

from callbacks import IterationLoss
from callbacks.recorder import CAPACITY, Recorder
from training.loop.backends import EvaluationLoop, TrainingLoop, on_device
from training.loop.backends.chunks import chunk_size_for
from training.loop.batches import epoch_order


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
    `model.train_step` runs inside one `tf.function` or, on JAX, one `lax.scan`. PyTorch has no
    such program: there the steps of `model.fit` are run one by one, which is slower for small
    networks. Losses and weights are those of `model.fit` on the same batches, and the same on every
    backend up to the order of sums, where weights are the same at the start and nothing is drawn at
    random: initial weights and dropout masks come from the backend's own generator. Callbacks are
    called as by `model.fit` with `steps_per_execution` of a whole epoch.

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
        jit_compile: on TensorFlow, compile with XLA or not; None chooses what suits the model. On
            JAX everything is compiled, on PyTorch nothing is.
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
    trainer = Trainer(
        model,
        x,
        y,
        batch_size=batch_size,
        sample_weight=sample_weight,
        validation_data=validation_data,
        evaluate_training=evaluate_training,
        jit_compile=jit_compile,
        chunk_size=chunk_size,
    )
    return trainer.fit(epochs=epochs, iterations=iterations, callbacks=callbacks, seed=seed)


class Trainer:
    """A compiled model, its data on the device, and the program that trains it on them.

    The program is traced and compiled in the first call of `fit`, and again only where other
    callbacks record: a model that is set back to initial weights trains anew at no such cost.

    Args:
        model: as in the function `fit`, and so are the others.
    """

    def __init__(
        self,
        model,
        x,
        y,
        *,
        batch_size=32,
        sample_weight=None,
        validation_data=None,
        evaluate_training=False,
        jit_compile=None,
        chunk_size=None,
    ):
        self._n = n = len(x)
        _check_arrays(n, y, sample_weight)
        _check_size("batch_size", batch_size)
        if chunk_size is not None:
            _check_size("chunk_size", chunk_size)
        self._model = model
        self._batch_size = min(int(batch_size), n)
        self._chunk_size = int(chunk_size or chunk_size_for(model, self._batch_size))
        self._jit_compile = jit_compile
        self._arrays = on_device(x, y, sample_weight)
        if keras.backend.backend() == "jax":  # the others create all variables as they go
            model._symbolic_build(data_batch=self._arrays)
        self._evaluation = Evaluation(model)
        self._evaluated = {}
        if validation_data:
            self._evaluated["val"] = on_device(*validation_data)
        if evaluate_training:
            first = n if evaluate_training is True else evaluate_training
            self._evaluated["evaluated"] = tuple(array[:first] for array in self._arrays[:2])
        self._losses = IterationLoss()
        self._compiled_for = None

    def fit(self, *, epochs=None, iterations=None, callbacks=(), seed=0):
        """Train the model from its present weights, as the function `fit` does."""
        if epochs is not None and iterations is not None:
            raise ValueError("give epochs or iterations, not both")
        per_epoch = -(-self._n // self._batch_size)
        if iterations is None:
            epochs = 1 if epochs is None else epochs
            _check_size("epochs", epochs)
            iterations = int(epochs) * per_epoch
        else:
            _check_size("iterations", iterations)
            iterations = int(iterations)
            epochs = -(-iterations // per_epoch)
        model, callbacks = self._model, list(callbacks or ())
        losses = next((c for c in callbacks if isinstance(c, IterationLoss)), None)
        if losses is None:
            losses = self._losses
            callbacks.append(losses)
        recorders = [c for c in callbacks if isinstance(c, Recorder)]
        callbacks = keras.callbacks.CallbackList(
            callbacks, add_history=True, model=model, epochs=epochs, steps=per_epoch
        )
        model.stop_training = False
        callbacks.on_train_begin()
        compiled_before = self._compile_for(recorders)
        seconds = 0.0
        for epoch in range(epochs):
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            order = epoch_order(self._n, seed, epoch)
            stop = min(per_epoch, iterations - epoch * per_epoch)
            seconds += self._run_epoch(order, stop, callbacks)
            logs = _metrics(model)
            for prefix, arrays in self._evaluated.items():
                callbacks.on_test_begin()
                metrics = self._evaluation(arrays)
                callbacks.on_test_end(metrics)
                logs |= {f"{prefix}_{name}": value for name, value in metrics.items()}
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        model.optimizer.finalize_variable_values(model.trainable_weights)
        callbacks.on_train_end(logs)
        compile_seconds = self._loop.compile_seconds - compiled_before
        return History(losses.values, model.history.history, seconds, compile_seconds)

    def _compile_for(self, recorders):
        """Have a loop that writes to what these record, and tell the seconds that it took before.

        Two recorders are the same where they are one object.
        """
        if self._compiled_for == recorders:
            return self._loop.compile_seconds
        self._loop = TrainingLoop(
            self._model, self._arrays, self._batch_size, self._chunk_size, self._jit_compile
        )
        self._compiled_for = recorders
        return 0.0

    def _run_epoch(self, order, stop, callbacks):
        """Run the epoch's iterations up to `stop`; no more at once than the loss buffer holds.

        Returns:
            The seconds spent in the iterations.
        """
        seconds = 0.0
        for first in range(0, stop, CAPACITY):
            callbacks.on_train_batch_begin(first)
            compiling, started = self._loop.compile_seconds, time.perf_counter()
            self._loop(self._arrays, order, first, min(first + CAPACITY, stop))
            logs = _metrics(self._model)
            compiling = self._loop.compile_seconds - compiling
            seconds += time.perf_counter() - started - compiling
            callbacks.on_train_batch_end(min(first + CAPACITY, stop) - 1, logs)
            if self._model.stop_training:
                break
        return seconds


class Evaluation:
    """The metrics of a compiled model on any data, computed in one program.

    Calling it with arrays (x, y), as `on_device` leaves them, gives what
    `model.evaluate(x, y, return_dict=True)` gives, for the weights of that moment.
    """

    BATCH_SIZE = 1000

    def __init__(self, model):
        self._model = model
        self._run = EvaluationLoop(model, self.BATCH_SIZE)

    def __call__(self, arrays):
        """Metric name → number."""
        self._model.reset_metrics()
        self._run(arrays)
        return _metrics(self._model)


def _metrics(model):
    return {name: float(value) for name, value in model.get_metrics_result().items()}


def _check_arrays(n, y, sample_weight):
    if n == 0:
        raise ValueError("x is empty; fit needs at least one example")
    for name, array in (("y", y), ("sample_weight", sample_weight)):
        if array is not None and len(array) != n:
            raise ValueError(f"x has {n} examples but {name} has {len(array)}; they must be equal")


def _check_size(name, size):
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {size!r}")
