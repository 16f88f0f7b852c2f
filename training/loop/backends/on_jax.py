"""Training on JAX: the batches of an epoch in one `lax.scan`, compiled by XLA."""

import contextlib
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from callbacks.recorder import replaced
from training.loop.backends.chunks import check_losses_are_means
from training.loop.backends.jax_convolutions import convolutions_as_products
from training.optimizers import Optimizer


def to_device(*arrays: ArrayLike | None) -> tuple[Any, ...]:
    """The arrays as JAX arrays; see `training.loop.backends`."""
    return tuple(jnp.asarray(array) for array in arrays if array is not None)


class TrainingLoop:
    """A `lax.scan` of `model.train_step` over the batches of an epoch; see the package.

    A program is compiled for each new combination of batch count and batch size: one for the full
    batches of an epoch, one for the smaller last batch. The state, including weights and losses, is
    an argument and a result of the program. It is not donated, so an interrupted run leaves the
    model in its old state.

    Args:
        model: built and compiled `keras.Model`.
        arrays: tuple of tensors; only their length is used.
        batch_size: int, examples per step; the remainder makes a smaller last batch.
        chunk_size: int, examples per chunk; if it is at least `batch_size`, batches are not
            divided.
        jit_compile: no effect, since everything is compiled. Defaults to None.
    """

    def __init__(
        self,
        model: keras.Model,
        arrays: tuple[Any, ...],
        batch_size: int,
        chunk_size: int,
        jit_compile: bool | None = None,
    ) -> None:
        self._model = model
        self._batch_size = batch_size
        self._chunk_size = chunk_size
        self._full_batches = len(arrays[0]) // batch_size
        self._programs: dict[tuple[int, ...], Callable[..., Any]] = {}
        self.compile_seconds = 0.0
        if chunk_size < batch_size:
            check_losses_are_means(model)

    def __call__(
        self, arrays: tuple[Any, ...], order: NDArray[np.int32], first: int, stop: int
    ) -> None:
        """Run the batches `first` to `stop` (exclusive) of the epoch with this `order`."""
        full, size = min(stop, self._full_batches), self._batch_size
        if first < full:
            self._run(arrays, order[first * size : full * size].reshape(-1, size))
        if stop > self._full_batches:
            self._run(arrays, order[None, self._full_batches * size :])

    def _run(self, arrays: tuple[Any, ...], batches: NDArray[np.int32]) -> None:
        """Run batches given as row indices, shape (batches, batch size), and update the model."""
        model = self._model
        variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        program = self._programs.get(batches.shape)
        if program is None:
            program = self._programs[batches.shape] = self._compile(variables, arrays, batches)
        _assign(variables, program(_values(variables), arrays, batches))

    def _compile(
        self,
        variables: tuple[Sequence[Any], ...],
        arrays: tuple[Any, ...],
        batches: NDArray[np.int32],
    ) -> Callable[..., Any]:
        started = time.perf_counter()
        step = self._model.train_step

        def epoch(state: Any, arrays: Any, batches: Any) -> Any:
            def body(state: Any, rows: Any) -> tuple[Any, None]:
                return step(state, tuple(array[rows] for array in arrays))[1], None

            return jax.lax.scan(body, state, batches)[0]

        with convolutions_as_products(self._model), in_chunks(self._model, self._chunk_size):
            traced = jax.jit(epoch).lower(_values(variables), arrays, batches)
        program = traced.compile()
        self.compile_seconds += time.perf_counter() - started
        return program


def in_chunks(model: keras.Model, chunk_size: int) -> contextlib.AbstractContextManager[None]:
    """Make a training step compute larger batches in chunks while it is traced.

    Only the layer outputs of one chunk are in memory at a time; they are recomputed for the
    gradient.

    Args:
        model: built and compiled `keras.Model`.
        chunk_size: int, examples per chunk.

    Returns:
        A context manager.
    """
    compute_all = model.compute_loss_and_updates

    def compute(
        weights: Any,
        others: Any,
        metrics: Any,
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: Any = None,
    ) -> Any:
        batch = (x, y, sample_weight)
        size = len(x)
        if size <= chunk_size:
            return compute_all(weights, others, metrics, *batch, training, optimizer_variables)

        @jax.checkpoint
        def add_chunk(sums: Any, chunk: Any) -> Any:
            (scaled, loss), others, metrics = sums
            results = compute_all(weights, others, metrics, *chunk, training, optimizer_variables)
            scaled_part, (part, outputs, others, metrics) = results
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
    """`model.test_step`, compiled for one batch at a time.

    Args:
        model: built and compiled `keras.Model`.
        batch_size: int, examples per batch.
    """

    def __init__(self, model: keras.Model, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size
        self._step = jax.jit(lambda state, batch: model.test_step(state, batch)[1])

    def __call__(self, arrays: tuple[Any, ...]) -> None:
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


def value_and_gradients(loss: Callable[..., Any]) -> Callable[..., tuple[float, list[Any]]]:
    """See `training.loop.gradients`."""
    compiled = jax.jit(jax.value_and_grad(lambda weights, arrays: loss(weights, *arrays)))

    def evaluate(weights: list[Any], *arrays: Any) -> tuple[float, list[Any]]:
        value, gradients = compiled(list(weights), arrays)
        return float(value), [np.asarray(gradient) for gradient in gradients]

    return evaluate


def descend(
    optimizer: Optimizer,
    rates: NDArray[np.float64],
    function: Callable[..., Any],
    points: NDArray[np.float64],
    updates: int,
) -> NDArray[np.float64]:
    """See `training.loop.optimizer_paths`; all updates are one compiled loop."""
    with jax.enable_x64(True):
        variable = keras.Variable(points, dtype="float64")
        built = optimizer.build(lambda: jnp.asarray(rates))
        built.build([variable])
        # In the gradient of the sum over all points, each point's entry is its own gradient.
        gradient = jax.grad(lambda points: jnp.sum(function(*jnp.moveaxis(points, -1, 0))))

        def update(state: Any, _: None) -> Any:
            points, variables = state
            [points], variables = built.stateless_apply(variables, [gradient(points)], [points])
            return (points, variables), points

        state = variable.value, [v.value for v in built.variables]
        scan = jax.jit(lambda state: jax.lax.scan(update, state, length=updates)[1])
        return np.concatenate([[points], np.asarray(scan(state))])


def _values(variables: tuple[Sequence[Any], ...]) -> tuple[list[Any], ...]:
    return tuple([variable.value for variable in group] for group in variables)


def _assign(variables: tuple[Sequence[Any], ...], values: Sequence[Sequence[Any]]) -> None:
    for variable, value in zip(itertools.chain(*variables), itertools.chain(*values), strict=True):
        variable.assign(value)
