"""Training on TensorFlow: a loop over batches as one program, compiled as suits the model."""

import contextlib
import time

import keras
import numpy as np
import tensorflow as tf

from training.loop.backends.chunks import check_losses_are_means
from training.loop.backends.tensorflow_batch_normalisation import fused_batch_normalisation


def on_device(*arrays):
    """The arrays as tensors; see `training.loop.backends`."""
    return tuple(tf.constant(array) for array in arrays if array is not None)


class TrainingLoop:
    """The batches of an epoch in a `tf.while_loop`; see `training.loop.backends`.

    Building it traces and compiles, without running a single step.

    Args:
        model: as in `training.fit`, and so are `chunk_size` and `jit_compile`.
        arrays: the loop keeps their shapes alone.
        batch_size: examples of a step; what is left over makes a smaller last batch.
        chunk_size: as large as a batch or larger, nothing is accumulated.
        jit_compile: compile with XLA or not; None chooses by `suits_xla`.
    """

    def __init__(self, model, arrays, batch_size, chunk_size, jit_compile):
        accumulates = chunk_size < batch_size
        step = accumulating_step(model, chunk_size) if accumulates else model.train_step
        if jit_compile is None:
            jit_compile = suits_xla(model) and not accumulates
        with contextlib.nullcontext() if jit_compile else fused_batch_normalisation(model):
            self._trace(step, arrays, batch_size, jit_compile)

    def _trace(self, step, arrays, batch_size, jit_compile):
        n = len(arrays[0])
        self._full_batches = n // batch_size

        # The arrays are arguments of the programs, not captured by them: TensorFlow never lets go
        # of a graph with a custom gradient, nor of what it captured.
        def run_step(rows, arrays):
            step(tuple(tf.gather(array, rows) for array in arrays))

        def run_full_batches(arrays, order, first, stop):
            def body(i):
                run_step(tf.slice(order, [i * batch_size], [batch_size]), arrays)
                return [i + 1]

            tf.while_loop(lambda i: i < stop, body, [first], parallel_iterations=1)

        def run_partial_batch(arrays, order):
            run_step(order[self._full_batches * batch_size :], arrays)

        def compiled(function, *arguments):
            traced = tf.function(function, jit_compile=jit_compile, autograph=False)
            return traced.get_concrete_function(arrays, *arguments)

        started = time.perf_counter()
        order, zero = tf.range(n, dtype=tf.int32), tf.constant(0)
        if self._full_batches:
            self._run_full_batches = compiled(run_full_batches, order, zero, zero)
            # No batch, but XLA compiles now.
            self._run_full_batches(arrays, order, zero, zero)
        if n % batch_size:
            self._run_partial_batch = compiled(run_partial_batch, order)
        self.compile_seconds = time.perf_counter() - started

    def __call__(self, arrays, order, first, stop):
        """Run the batches `first` to `stop` (exclusive) of the epoch with this `order`."""
        order = tf.constant(order)
        full = min(stop, self._full_batches)
        if first < full:
            self._run_full_batches(arrays, order, tf.constant(first), tf.constant(full))
        if stop > self._full_batches:
            self._run_partial_batch(arrays, order)


def suits_xla(model):
    """Whether XLA is the faster way to compile a model on this machine.

    On a GPU it is. On a CPU it is for dense networks, while XLA's convolutions are many times
    slower than TensorFlow's own, and so is what draws random numbers, such as dropout: XLA draws
    each again wherever it is used. Some layers cannot be compiled by XLA at all.
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


def accumulating_step(model, chunk_size):
    """`keras.Model.train_step` with the gradient summed over chunks of the batch.

    To be compiled without XLA, which copies the whole batch for each chunk.

    Raises:
        ValueError: as `check_losses_are_means`.
    """
    check_losses_are_means(model)

    def chunk_gradients(batch, start, length, size):
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

    def step(batch):
        size = batch[0].shape[0]
        rest = size % chunk_size

        def add_chunk(start, loss, gradients, length=chunk_size):
            batch_share = chunk_gradients(batch, start, length, size)
            loss, gradients = tf.nest.map_structure(tf.add, (loss, gradients), batch_share)
            return start + length, loss, gradients

        sums = 0, tf.constant(0.0), [tf.zeros_like(weight) for weight in model.trainable_weights]
        sums = tf.while_loop(
            lambda start, *_: start + chunk_size <= size, add_chunk, sums, parallel_iterations=1
        )
        if rest:
            sums = add_chunk(size - rest, *sums[1:], length=rest)
        _, loss, gradients = sums
        model._loss_tracker.update_state(loss, sample_weight=size)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))

    return step


class EvaluationLoop:
    """The batches in a `tf.while_loop`; XLA would take longer to compile it than it saves."""

    def __init__(self, model, batch_size):
        self._model = model
        self._batch_size = batch_size
        self._run = tf.function(self._test_steps, autograph=False)

    def __call__(self, arrays):
        """Run `model.test_step` on all batches."""
        # One program for any number of examples.
        specs = tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays)
        self._run.get_concrete_function(specs)(arrays)

    def _test_steps(self, arrays):
        def body(first):
            self._model.test_step(tuple(a[first : first + self._batch_size] for a in arrays))
            return [first + self._batch_size]

        n = tf.shape(arrays[0])[0]
        tf.while_loop(lambda first: first < n, body, [0], parallel_iterations=1)


def value_and_gradients(loss):
    """See `training.loop.gradients`."""

    @tf.function(autograph=False)
    def compiled(weights, arrays):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights, *arrays)
        return value, tape.gradient(value, weights)

    def evaluate(weights, *arrays):
        value, gradients = compiled(list(weights), arrays)
        return float(value), [gradient.numpy() for gradient in gradients]

    return evaluate


def descend(optimizer, rates, function, points, updates):
    """See `training.loop.descent`; all updates are one compiled loop."""
    points = keras.Variable(points, dtype="float64")
    optimizer = optimizer.build(lambda: tf.constant(rates))
    optimizer.build([points])

    def run():
        def update(k, path):
            with tf.GradientTape() as tape:
                tape.watch(points.value)
                values = function(*tf.unstack(points.value, axis=-1))
            # The gradient of the sum over all points has each point's own gradient in its place.
            optimizer.apply([tape.gradient(values, points.value)])
            return k + 1, path.write(k, points.value)

        path = tf.TensorArray(tf.float64, updates + 1, element_shape=points.shape)
        loop = [tf.constant(1), path.write(0, points.value)]
        _, path = tf.while_loop(lambda k, _: k <= updates, update, loop, parallel_iterations=1)
        return path.stack()

    return np.asarray(tf.function(run, autograph=False).get_concrete_function()())
