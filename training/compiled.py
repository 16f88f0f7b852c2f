"""A loop over batches as one TensorFlow program, compiled the way that suits the model."""

import math
import time

import keras
import tensorflow as tf

ACTIVATION_LIMIT = 2 * 2**30
"""Bytes of activations up to which a batch is computed at once."""

CHUNK_ACTIVATIONS = 256 * 2**20
"""Bytes of activations of one chunk of a batch that is too large to be computed at once."""

MEAN = "sum_over_batch_size"
"""What Keras calls the mean over a batch."""


def on_device(*arrays):
    """The arrays as tensors, put on the device once; a None among them is left out."""
    return tuple(tf.constant(array) for array in arrays if array is not None)


class BatchLoop:
    """Runs `step` on the batches of an epoch, inside one program.

    Building the loop traces and compiles it, without running a single step; `compile_seconds` is
    the time that took.

    Args:
        step: function of a tuple (x, y) or (x, y, sample_weight), such as `model.train_step`.
        arrays: such a tuple of whole arrays, equally long, as `on_device` leaves them; the loop
            keeps their shapes alone.
        batch_size: examples of a step; what is left over makes a smaller last batch.
        jit_compile: compile with XLA or not.
    """

    def __init__(self, step, arrays, batch_size, jit_compile):
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


def chunk_size_for(model, batch_size):
    """Examples of a batch to compute at once: all, while their activations fit in memory.

    All, too, where the model does not tell its layers' shapes, as a subclass of `keras.Model`.
    """
    try:
        activations = sum(math.prod(layer.output.shape[1:]) for layer in model.layers)
    except (AttributeError, TypeError):
        return batch_size
    bytes_per_example = 8 * activations  # 4 for the float, as much again for its gradient
    if bytes_per_example * batch_size <= ACTIVATION_LIMIT:
        return batch_size
    return max(1, CHUNK_ACTIVATIONS // bytes_per_example)


def accumulating_step(model, chunk_size):
    """`keras.Model.train_step` with the gradient summed over chunks of the batch.

    Keras's losses divide by the number of examples, so the batch's loss is the mean of the chunks'
    losses, weighted by their sizes; so is its gradient. The regularisation, part of each chunk's
    loss, comes out once, as those weights sum to 1. To be compiled without XLA, which copies the
    whole batch for each chunk.

    Raises:
        ValueError: when a loss is not the mean over the batch, `reduction="sum_over_batch_size"`.
    """
    for loss in tf.nest.flatten(model.loss):
        if getattr(loss, "reduction", MEAN) != MEAN:
            raise ValueError(
                f"a batch is accumulated over chunks for losses with reduction {MEAN!r} alone, not "
                f"{loss.reduction!r}; change it, or give fit a chunk_size of the whole batch"
            )

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
