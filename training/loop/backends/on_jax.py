"""Training on JAX: the batches of an epoch in one `lax.scan`, compiled by XLA."""

import itertools
import time

import jax
import jax.numpy as jnp
import keras
import numpy as np

from callbacks.recorder import replaced
from training.loop.backends.chunks import check_losses_are_means
from training.loop.backends.jax_convolutions import convolutions_as_products


def on_device(*arrays):
    """The arrays as JAX's; see `training.loop.backends`."""
    return tuple(jnp.asarray(array) for array in arrays if array is not None)


class TrainingLoop:
    """A `lax.scan` of `model.train_step` over the batches of an epoch; see the package.

    It is compiled when it first meets so many batches of such a size, the whole epoch's for
    instance, and the smaller last batch by itself. The state, weights and losses included, goes
    into the program and comes out; nothing is donated, so that an interrupted run leaves the model
    its old state.

    Args:
        model: as in `training.fit`, and so is `chunk_size`.
        arrays: the loop keeps nothing of them.
        batch_size: examples of a step; what is left over makes a smaller last batch.
        chunk_size: as large as a batch or larger, nothing is computed in chunks.
        jit_compile: is without effect: all of it is compiled.
    """

    def __init__(self, model, arrays, batch_size, chunk_size, jit_compile=None):
        self._model = model
        self._batch_size = batch_size
        self._chunk_size = chunk_size
        self._full_batches = len(arrays[0]) // batch_size
        self._programs = {}
        self.compile_seconds = 0.0
        if chunk_size < batch_size:
            check_losses_are_means(model)

    def __call__(self, arrays, order, first, stop):
        """Run the batches `first` to `stop` (exclusive) of the epoch with this `order`."""
        full, size = min(stop, self._full_batches), self._batch_size
        if first < full:
            self._run(arrays, order[first * size : full * size].reshape(-1, size))
        if stop > self._full_batches:
            self._run(arrays, order[None, self._full_batches * size :])

    def _run(self, arrays, batches):
        """Run the batches of these rows, shape (batches, batch size), and update the model."""
        model = self._model
        variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        program = self._programs.get(batches.shape)
        if program is None:
            program = self._programs[batches.shape] = self._compiled(variables, arrays, batches)
        _assign(variables, program(_values(variables), arrays, batches))

    def _compiled(self, *arguments):
        started = time.perf_counter()
        variables, arrays, batches = arguments
        step = self._model.train_step

        def epoch(state, arrays, batches):
            def body(state, rows):
                return step(state, tuple(array[rows] for array in arrays))[1], None

            return jax.lax.scan(body, state, batches)[0]

        with convolutions_as_products(self._model), in_chunks(self._model, self._chunk_size):
            traced = jax.jit(epoch).lower(_values(variables), arrays, batches)
        program = traced.compile()
        self.compile_seconds += time.perf_counter() - started
        return program


def in_chunks(model, chunk_size):
    """While a training step is traced, let it compute larger batches in chunks.

    The outputs of the layers are kept of one chunk at a time, and computed again for the gradient.

    Returns:
        A context manager.
    """
    compute_all = model.compute_loss_and_updates

    def compute(
        weights, others, metrics, x, y, sample_weight, training=False, optimizer_variables=None
    ):
        batch = (x, y, sample_weight)
        size = len(x)
        if size <= chunk_size:
            return compute_all(weights, others, metrics, *batch, training, optimizer_variables)

        @jax.checkpoint
        def add_chunk(sums, chunk):
            (scaled, loss), others, metrics = sums
            of_chunk = compute_all(weights, others, metrics, *chunk, training, optimizer_variables)
            scaled_part, (part, outputs, others, metrics) = of_chunk
            share = len(chunk[0]) / size
            return ((scaled + share * scaled_part, loss + share * part), others, metrics), outputs

        whole = size - size % chunk_size
        chunks = jax.tree.map(
            lambda array: array[:whole].reshape(-1, chunk_size, *array.shape[1:]), batch
        )
        zero = jnp.zeros(())
        sums, outputs = jax.lax.scan(add_chunk, ((zero, zero), others, metrics), chunks)
        outputs = jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:]), outputs)
        if whole < size:
            sums, rest = add_chunk(sums, jax.tree.map(lambda array: array[whole:], batch))
            outputs = jax.tree.map(lambda *parts: jnp.concatenate(parts), outputs, rest)
        (scaled, loss), others, metrics = sums
        return scaled, (loss, outputs, others, metrics)

    return replaced(model, "compute_loss_and_updates", compute)


class EvaluationLoop:
    """`model.test_step`, compiled for one batch at a time."""

    def __init__(self, model, batch_size):
        self._model = model
        self._batch_size = batch_size
        self._step = jax.jit(lambda state, batch: model.test_step(state, batch)[1])

    def __call__(self, arrays):
        """Run `model.test_step` on all batches."""
        model, size = self._model, self._batch_size
        model._symbolic_build(data_batch=arrays)
        variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
        )
        state = _values(variables)
        for first in range(0, len(arrays[0]), size):
            state = self._step(state, tuple(array[first : first + size] for array in arrays))
        _assign(variables, state)


def value_and_gradients(loss):
    """See `training.loop.gradients`."""
    compiled = jax.jit(jax.value_and_grad(lambda weights, arrays: loss(weights, *arrays)))

    def evaluate(weights, *arrays):
        value, gradients = compiled(list(weights), arrays)
        return float(value), [np.asarray(gradient) for gradient in gradients]

    return evaluate


def descend(optimizer, rates, function, points, updates):
    """See `training.loop.descent`; all updates are one compiled loop."""
    with jax.enable_x64(True):
        variable = keras.Variable(points, dtype="float64")
        optimizer = optimizer.build(lambda: jnp.asarray(rates))
        optimizer.build([variable])
        # The gradient of the sum over all points has each point's own gradient in its place.
        gradient = jax.grad(lambda points: jnp.sum(function(*jnp.moveaxis(points, -1, 0))))

        def update(state, _):
            points, variables = state
            [points], variables = optimizer.stateless_apply(variables, [gradient(points)], [points])
            return (points, variables), points

        state = variable.value, [v.value for v in optimizer.variables]
        scan = jax.jit(lambda state: jax.lax.scan(update, state, length=updates)[1])
        return np.concatenate([[points], np.asarray(scan(state))])


def _values(variables):
    return tuple([variable.value for variable in group] for group in variables)


def _assign(variables, values):
    for variable, value in zip(itertools.chain(*variables), itertools.chain(*values), strict=True):
        variable.assign(value)
