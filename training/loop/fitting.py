"""`fit`: whole epochs as one compiled program, with the loss of every iteration."""

import dataclasses
import math
import time
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from callbacks import IterationLoss
from callbacks.recorder import CAPACITY, Recorder
from training.loop.backends import EvaluationLoop, TrainingLoop, to_device
from training.loop.backends.chunks import chunk_size_for
from training.loop.batches import epoch_order


@dataclasses.dataclass(frozen=True)
class History:
    """The record of a `fit`.

    Attributes:
        iteration_loss: loss of each batch before its update, float32, shape (iterations,).
        epochs: metric name → list of one value per epoch, as in
            `keras.callbacks.History.history`; training metrics are means over the epoch, taken
            while the weights changed.
        seconds: time spent in the iterations, without compilation, validation and callbacks.
        compile_seconds: time spent tracing and compiling the training program.
    """

    iteration_loss: NDArray[np.float32]
    epochs: dict[str, list[float]]
    seconds: float
    compile_seconds: float


def fit(
    model: keras.Model,
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    batch_size: int = 32,
    epochs: int | None = None,
    iterations: int | None = None,
    sample_weight: NDArray[Any] | None = None,
    validation_data: tuple[NDArray[Any], NDArray[Any]] | None = None,
    evaluate_training: bool | int = False,
    callbacks: Iterable[keras.callbacks.Callback] = (),
    seed: int = 0,
    jit_compile: bool | None = None,
    chunk_size: int | None = None,
) -> History:
    """Train a compiled Keras model as `model.fit` does, running each epoch as one program.

    The data stay on the device, an epoch's batches come from `epoch_order`, and a loop over
    `model.train_step` runs inside one `tf.function` or, on JAX, one `lax.scan`. PyTorch has no such
    program: there the steps of `model.fit` run one by one, which is slower for small networks.
    Losses and weights are those of `model.fit` on the same batches. They are the same on every
    backend, up to the order of sums, if the initial weights are equal and nothing is random:
    initial weights and dropout masks come from the backend's own generator. Callbacks are called as
    by `model.fit` with `steps_per_execution` of a whole epoch.

    Args:
        model: built and compiled `keras.Model`.
        x: array of examples, shape (n, ...); uint8 stays uint8 until the model casts it.
        y: array of targets, shape (n, ...).
        batch_size: int, examples per iteration; the last batch of an epoch may be smaller.
            Defaults to 32.
        epochs: int or None, passes over the data. Defaults to None, which is 1 if `iterations` is
            None too.
        iterations: int or None, number of updates, in place of `epochs`; the last epoch may be cut
            short. Defaults to None.
        sample_weight: array of shape (n,) or None. Defaults to None, equal weights.
        validation_data: tuple (x, y) or None, evaluated after each epoch. Defaults to None.
        evaluate_training: bool or int, whether to evaluate (x, y) itself after each epoch too,
            without dropout, logged as "evaluated_NAME". These metrics are comparable with those of
            validation, since both are measured at the same weights (keras#6977). An int evaluates
            only that many examples, the first ones. Defaults to False.
        callbacks: iterable of Keras callbacks. Defaults to ().
        seed: int, at least 0, seed of the permutations. Defaults to 0.
        jit_compile: bool or None, whether TensorFlow compiles with XLA; None chooses what suits the
            model. JAX compiles everything, PyTorch nothing. Defaults to None.
        chunk_size: int or None, examples computed at once if a batch is accumulated over chunks;
            None decides by the size of the model's activations, so that a batch of any size fits
            in memory. The gradient is exactly that of the batch, except that batch normalisation
            uses the statistics of each chunk. Defaults to None.

    Returns:
        A `History`.

    Raises:
        ValueError: if a size is not positive, lengths differ, or both `epochs` and `iterations`
            are given.
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

    The program is traced and compiled in the first call of `fit`, and again only if the recording
    callbacks change: a model that is reset to initial weights trains again without that cost.

    Args:
        model: built and compiled `keras.Model`. For this and the other arguments see the function
            `fit`.
        x: array of examples, shape (n, ...).
        y: array of targets, shape (n, ...).
        batch_size: int, examples per iteration. Defaults to 32.
        sample_weight: array of shape (n,) or None. Defaults to None.
        validation_data: tuple (x, y) or None. Defaults to None.
        evaluate_training: bool or int. Defaults to False.
        jit_compile: bool or None. Defaults to None.
        chunk_size: int or None. Defaults to None.

    Raises:
        ValueError: if a size is not positive or lengths differ.
    """

    def __init__(
        self,
        model: keras.Model,
        x: NDArray[Any],
        y: NDArray[Any],
        *,
        batch_size: int = 32,
        sample_weight: NDArray[Any] | None = None,
        validation_data: tuple[NDArray[Any], NDArray[Any]] | None = None,
        evaluate_training: bool | int = False,
        jit_compile: bool | None = None,
        chunk_size: int | None = None,
    ) -> None:
        self._n = n = len(x)
        _check_arrays(n, y, sample_weight)
        _check_size("batch_size", batch_size)
        if chunk_size is not None:
            _check_size("chunk_size", chunk_size)
        self._model = model
        self._batch_size = min(int(batch_size), n)
        self._chunk_size = int(chunk_size or chunk_size_for(model, self._batch_size))
        self._jit_compile = jit_compile
        self._arrays = to_device(x, y, sample_weight)
        if keras.backend.backend() == "jax":  # the other backends create variables on first use
            model._symbolic_build(data_batch=self._arrays)
        self._evaluation = Evaluation(model)
        self._evaluated: dict[str, tuple[Any, ...]] = {}
        if validation_data:
            self._evaluated["val"] = to_device(*validation_data)
        if evaluate_training:
            first = n if evaluate_training is True else evaluate_training
            self._evaluated["evaluated"] = tuple(array[:first] for array in self._arrays[:2])
        self._losses = IterationLoss()
        self._compiled_for: list[Recorder] | None = None

    def fit(
        self,
        *,
        epochs: int | None = None,
        iterations: int | None = None,
        callbacks: Iterable[keras.callbacks.Callback] = (),
        seed: int = 0,
    ) -> History:
        """Train the model from its current weights, as the function `fit` does.

        Args:
            epochs: int or None, passes over the data. Defaults to None.
            iterations: int or None, number of updates, in place of `epochs`. Defaults to None.
            callbacks: iterable of Keras callbacks. Defaults to ().
            seed: int, at least 0, seed of the permutations. Defaults to 0.

        Returns:
            A `History`.

        Raises:
            ValueError: if a size is not positive, or both `epochs` and `iterations` are given.
        """
        per_epoch = math.ceil(self._n / self._batch_size)
        epochs, iterations = _epochs_and_iterations(epochs, iterations, per_epoch)
        model, given = self._model, list(callbacks or ())
        losses = next((c for c in given if isinstance(c, IterationLoss)), None)
        if losses is None:
            losses = self._losses
            given.append(losses)
        recorders = [c for c in given if isinstance(c, Recorder)]
        callback_list = keras.callbacks.CallbackList(
            given, add_history=True, model=model, epochs=epochs, steps=per_epoch
        )
        model.stop_training = False
        callback_list.on_train_begin()
        compiled_before = self._compile_for(recorders)
        seconds = 0.0
        for epoch in range(epochs):
            model.reset_metrics()
            callback_list.on_epoch_begin(epoch)
            order = epoch_order(self._n, seed, epoch)
            stop = min(per_epoch, iterations - epoch * per_epoch)
            seconds += self._run_epoch(order, stop, callback_list)
            logs = _metrics(model) | self._evaluate(callback_list)
            callback_list.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        model.optimizer.finalize_variable_values(model.trainable_weights)
        callback_list.on_train_end(logs)
        compile_seconds = self._loop.compile_seconds - compiled_before
        return History(losses.values, model.history.history, seconds, compile_seconds)

    def _evaluate(self, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        """The metrics on the validation and training data, as asked for, at the current weights."""
        logs: dict[str, float] = {}
        for prefix, arrays in self._evaluated.items():
            callbacks.on_test_begin()
            metrics = self._evaluation(arrays)
            callbacks.on_test_end(metrics)
            logs |= {f"{prefix}_{name}": value for name, value in metrics.items()}
        return logs

    def _compile_for(self, recorders: list[Recorder]) -> float:
        """Compile a loop for these recorders, unless the present loop was compiled for them.

        Recorders are compared by identity.

        Returns:
            The seconds that the loop had already spent compiling.
        """
        if self._compiled_for != recorders:
            self._loop = TrainingLoop(
                self._model, self._arrays, self._batch_size, self._chunk_size, self._jit_compile
            )
            self._compiled_for = recorders
            return 0.0
        return self._loop.compile_seconds

    def _run_epoch(
        self, order: NDArray[np.int32], stop: int, callbacks: keras.callbacks.CallbackList
    ) -> float:
        """Run the epoch's iterations up to `stop`, at most as many at once as the buffer holds.

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

    Calling it gives the results of `model.evaluate(x, y, return_dict=True)` at the current weights.

    Args:
        model: built and compiled `keras.Model`.
    """

    BATCH_SIZE = 1000

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._run = EvaluationLoop(model, self.BATCH_SIZE)

    def __call__(self, arrays: tuple[Any, ...]) -> dict[str, float]:
        """Compute the metrics.

        Args:
            arrays: tuple (x, y) as returned by `to_device`.

        Returns:
            Metric name → value.
        """
        self._model.reset_metrics()
        self._run(arrays)
        return _metrics(self._model)


def _metrics(model: keras.Model) -> dict[str, float]:
    return {name: float(value) for name, value in model.get_metrics_result().items()}


def _epochs_and_iterations(
    epochs: int | None, iterations: int | None, per_epoch: int
) -> tuple[int, int]:
    """Check the length of a training, and express it in epochs and in iterations."""
    if epochs is not None and iterations is not None:
        raise ValueError("pass epochs or iterations, not both")
    if iterations is None:
        epochs = 1 if epochs is None else epochs
        _check_size("epochs", epochs)
        return int(epochs), int(epochs) * per_epoch
    _check_size("iterations", iterations)
    return math.ceil(iterations / per_epoch), int(iterations)


def _check_arrays(n: int, y: Any, sample_weight: Any) -> None:
    if n == 0:
        raise ValueError("x is empty; fit needs at least one example")
    for name, array in (("y", y), ("sample_weight", sample_weight)):
        if array is not None and len(array) != n:
            raise ValueError(f"x has {n} examples but {name} has {len(array)}; they must be equal")


def _check_size(name: str, size: Any) -> None:
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {size!r}")
