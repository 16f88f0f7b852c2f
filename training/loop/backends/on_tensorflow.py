"""Training on TensorFlow: the loop over batches as one program, with or without XLA."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from training.loop.backends.chunks import check_losses_are_means
from training.loop.backends.tensorflow_batch_normalisation import fused_batch_normalisation
from training.optimizers import Optimizer


def to_device(*arrays: ArrayLike | None) -> tuple[Any, ...]:
    """The arrays as tensors; see `training.loop.backends`."""
    return tuple(tf.constant(array) for array in arrays if array is not None)


class TrainingLoop:
    """The batches of an epoch in a `tf.while_loop`; see `training.loop.backends`.

    Building it traces and compiles, without running a single step.

    Args:
        model: built and compiled `keras.Model`.
        arrays: tuple of tensors; the loop keeps only their shapes.
        batch_size: int, examples per step; the remainder makes a smaller last batch.
        chunk_size: int, examples per chunk; if it is at least `batch_size`, nothing is accumulated.
        jit_compile: bool or None, whether to compile with XLA; None decides by `suits_xla`.
    """

    def __init__(
        self,
        model: keras.Model,
        arrays: tuple[Any, ...],
        batch_size: int,
        chunk_size: int,
        jit_compile: bool | None,
    ) -> None:
        accumulates = chunk_size < batch_size
        step = accumulating_step(model, chunk_size) if accumulates else model.train_step
        if jit_compile is None:
            jit_compile = suits_xla(model) and not accumulates
        with contextlib.nullcontext() if jit_compile else fused_batch_normalisation(model):
            self._trace(step, arrays, batch_size, jit_compile)

    def _trace(
        self,
        step: Callable[[tuple[Any, ...]], Any],
        arrays: tuple[Any, ...],
        batch_size: int,
        jit_compile: bool,
    ) -> None:
        n = len(arrays[0])
        self._full_batches = n // batch_size

        # The arrays are arguments of the programs rather than captured by them: TensorFlow never
        # frees a graph with a custom gradient, nor anything that it captured.
        def run_step(rows: Any, arrays: Any) -> None:
            step(tuple(tf.gather(array, rows) for array in arrays))

        def run_full_batches(arrays: Any, order: Any, first: Any, stop: Any) -> None:
            def body(i: Any) -> list[Any]:
                run_step(tf.slice(order, [i * batch_size], [batch_size]), arrays)
                return [i + 1]

            tf.while_loop(lambda i: i < stop, body, [first], parallel_iterations=1)

        def run_partial_batch(arrays: Any, order: Any) -> None:
            run_step(order[self._full_batches * batch_size :], arrays)

        def compiled(function: Callable[..., None], *arguments: Any) -> Callable[..., Any]:
            traced = tf.function(function, jit_compile=jit_compile, autograph=False)
            return traced.get_concrete_function(arrays, *arguments)

        started = time.perf_counter()
        order, zero = tf.range(n, dtype=tf.int32), tf.constant(0)
        if self._full_batches:
            self._run_full_batches = compiled(run_full_batches, order, zero, zero)
            # This runs no batch, but makes XLA compile.
            self._run_full_batches(arrays, order, zero, zero)
        if n % batch_size:
            self._run_partial_batch = compiled(run_partial_batch, order)
        self.compile_seconds = time.perf_counter() - started

    def __call__(
        self, arrays: tuple[Any, ...], order: NDArray[np.int32], first: int, stop: int
    ) -> None:
        """Run the batches `first` to `stop` (exclusive) of the epoch with this `order`."""
        indices = tf.constant(order)
        full = min(stop, self._full_batches)
        if first < full:
            self._run_full_batches(arrays, indices, tf.constant(first), tf.constant(full))
        if stop > self._full_batches:
            self._run_partial_batch(arrays, indices)


def suits_xla(model: keras.Model) -> bool:
    """Whether a model is faster when compiled with XLA on this machine.

    On a GPU it is. On a CPU dense networks are, but XLA's convolutions are many times slower than
    TensorFlow's own, and so are layers that draw random numbers, such as dropout: XLA draws the
    numbers again wherever they are used. Some layers cannot be compiled by XLA at all.

    Args:
        model: built `keras.Model`.

    Returns:
        bool.
    """
    if not all(layer.supports_jit for layer in model._flatten_layers()):
        return False
    if tf.config.list_physical_devices("GPU"):
        return True
    return not any(
        isinstance(layer, keras.layers.Conv1D | keras.layers.Conv2D | keras.layers.Conv3D)
        or layer._seed_generators
        for layer in model._flatten_layers()
    )


def accumulating_step(model: keras.Model, chunk_size: int) -> Callable[[tuple[Any, ...]], None]:
    """`keras.Model.train_step` with the gradient summed over chunks of the batch.

    Compile it without XLA, which copies the whole batch for each chunk.

    Args:
        model: built and compiled `keras.Model`.
        chunk_size: int, examples per chunk.

    Returns:
        Callable that takes a batch, (x, y) or (x, y, sample_weight).

    Raises:
        ValueError: see `check_losses_are_means`.
    """
    check_losses_are_means(model)

    def chunk_gradients(batch: Any, start: Any, length: int, size: int) -> tuple[Any, list[Any]]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(
            tuple(array[start : start + length] for array in batch)
        )
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = model.compute_loss(x, y, outputs, sample_weight, training=True)
            loss = loss * (length / size)
            scaled_loss = model.optimizer.scale_loss(loss)
        model.compute_metrics(x, y, outputs, sample_weight)
        return loss, tape.gradient(scaled_loss, model.trainable_weights)

    def step(batch: tuple[Any, ...]) -> None:
        size = batch[0].shape[0]
        rest = size % chunk_size

        def add_chunk(
            start: Any, loss: Any, gradients: Any, length: int = chunk_size
        ) -> tuple[Any, Any, Any]:
            chunk = chunk_gradients(batch, start, length, size)
            loss, gradients = tf.nest.map_structure(tf.add, (loss, gradients), chunk)
            return start + length, loss, gradients

        sums = 0, tf.constant(0.0), [tf.zeros_like(weight) for weight in model.trainable_weights]
        sums = tf.while_loop(
            lambda start, *_: start + chunk_size <= size, add_chunk, sums, parallel_iterations=1
        )
        _, loss, gradients = sums
        if rest:
            _, loss, gradients = add_chunk(size - rest, loss, gradients, length=rest)
        model._loss_tracker.update_state(loss, sample_weight=size)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))

    return step


class EvaluationLoop:
    """The batches in a `tf.while_loop`, without XLA, whose compilation costs more than it saves.

    Args:
        model: built and compiled `keras.Model`.
        batch_size: int, examples per batch.
    """

    def __init__(self, model: keras.Model, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self._run = tf.function(self._test_steps, autograph=False)

    def __call__(self, arrays: tuple[Any, ...]) -> None:
        """Run `model.test_step` on all batches."""
        # One program for any number of examples.
        specs = tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays)
        self._run.get_concrete_function(specs)(arrays)

    def _test_steps(self, arrays: tuple[Any, ...]) -> None:
        def body(first: Any) -> list[Any]:
            self._model.test_step(tuple(a[first : first + self._batch_size] for a in arrays))
            return [first + self._batch_size]

        n = tf.shape(arrays[0])[0]
        tf.while_loop(lambda first: first < n, body, [0], parallel_iterations=1)


def value_and_gradients(loss: Callable[..., Any]) -> Callable[..., tuple[float, list[Any]]]:
    """See `training.loop.gradients`."""

    @tf.function(autograph=False)
    def compiled(weights: list[Any], arrays: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights, *arrays)
        return value, tape.gradient(value, weights)

    def evaluate(weights: list[Any], *arrays: Any) -> tuple[float, list[Any]]:
        value, gradients = compiled(list(weights), arrays)
        return float(value), [gradient.numpy() for gradient in gradients]

    return evaluate


def descend(
    optimizer: Optimizer,
    rates: NDArray[np.float64],
    function: Callable[..., Any],
    points: NDArray[np.float64],
    updates: int,
) -> NDArray[np.float64]:
    """See `training.loop.optimizer_paths`; all updates are one compiled loop."""
    variable = keras.Variable(points, dtype="float64")
    built = optimizer.build(lambda: tf.constant(rates))
    built.build([variable])

    def run() -> Any:
        def update(k: Any, path: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                tape.watch(variable.value)
                values = function(*tf.unstack(variable.value, axis=-1))
            # In the gradient of the sum over all points, each point's entry is its own gradient.
            built.apply([tape.gradient(values, variable.value)])
            return k + 1, path.write(k, variable.value)

        path = tf.TensorArray(tf.float64, updates + 1, element_shape=variable.shape)
        loop = [tf.constant(1), path.write(0, variable.value)]
        _, path = tf.while_loop(lambda k, _: k <= updates, update, loop, parallel_iterations=1)
        return path.stack()

    return np.asarray(tf.function(run, autograph=False).get_concrete_function()())
