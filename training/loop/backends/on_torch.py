"""Training on PyTorch: the step of `model.fit`, batch by batch.

There is no compiled epoch: Keras runs its layers, losses and optimizers operation by operation on
PyTorch, so each iteration costs some hundred calls from Python, whatever the network's size.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from training.loop.backends.chunks import check_losses_are_means
from training.optimizers import Optimizer


def to_device(*arrays: ArrayLike | None) -> tuple[Any, ...]:
    """The arrays as tensors; see `training.loop.backends`."""
    return tuple(keras.ops.convert_to_tensor(array) for array in arrays if array is not None)


class TrainingLoop:
    """`model.train_step` on one batch after another; see `training.loop.backends`.

    Args:
        model: built and compiled `keras.Model`.
        arrays: tuple of tensors; unused.
        batch_size: int, examples per step; the remainder makes a smaller last batch.
        chunk_size: int, examples per chunk; if it is at least `batch_size`, nothing is accumulated.
        jit_compile: no effect, since nothing is compiled. Defaults to None.
    """

    compile_seconds = 0.0

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
        self._step = model.train_step
        if chunk_size < batch_size:
            check_losses_are_means(model)
            self._step = functools.partial(accumulating_step, model, chunk_size)

    def __call__(
        self, arrays: tuple[Any, ...], order: NDArray[np.int32], first: int, stop: int
    ) -> None:
        """Run the batches `first` to `stop` (exclusive) of the epoch with this `order`."""
        indices = torch.from_numpy(order).to(arrays[0].device)
        self._model.train()
        for rows in indices.split(self._batch_size)[first:stop]:
            self._step(tuple(array[rows] for array in arrays))
        self._model.eval()


def accumulating_step(model: keras.Model, chunk_size: int, batch: tuple[Any, ...]) -> None:
    """`keras.Model.train_step` with the gradient summed over chunks of the batch.

    Args:
        model: built and compiled `keras.Model`.
        chunk_size: int, examples per chunk.
        batch: tuple of tensors (x, y) or (x, y, sample_weight).
    """
    size = len(batch[0])
    model.zero_grad()
    total = 0.0
    for chunk in zip(*(array.split(chunk_size) for array in batch), strict=True):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(chunk)
        outputs = model(x, training=True)
        loss = model._compute_loss(x, y, outputs, sample_weight, training=True)
        loss = loss * (len(x) / size)
        model.optimizer.scale_loss(loss).backward()
        model.compute_metrics(x, y, outputs, sample_weight)
        total = total + loss.detach()
    model._loss_tracker.update_state(total, sample_weight=size)
    weights = model.trainable_weights
    with torch.no_grad():
        model.optimizer.apply([weight.value.grad for weight in weights], weights)


class EvaluationLoop:
    """`model.test_step` on one batch after another.

    Args:
        model: built and compiled `keras.Model`.
        batch_size: int, examples per batch.
    """

    def __init__(self, model: keras.Model, batch_size: int) -> None:
        self._model = model
        self._batch_size = batch_size

    @torch.no_grad()
    def __call__(self, arrays: tuple[Any, ...]) -> None:
        """Run `model.test_step` on all batches."""
        self._model.eval()
        for batch in zip(*(array.split(self._batch_size) for array in arrays), strict=True):
            self._model.test_step(batch)


def value_and_gradients(loss: Callable[..., Any]) -> Callable[..., tuple[float, list[Any]]]:
    """See `training.loop.gradients`."""

    def evaluate(weights: list[Any], *arrays: Any) -> tuple[float, list[Any]]:
        tensors = [torch.tensor(weight, requires_grad=True) for weight in weights]
        value = loss(tensors, *map(torch.as_tensor, arrays))
        return float(value), [part.numpy() for part in torch.autograd.grad(value, tensors)]

    return evaluate


def descend(
    optimizer: Optimizer,
    rates: NDArray[np.float64],
    function: Callable[..., Any],
    points: NDArray[np.float64],
    updates: int,
) -> NDArray[np.float64]:
    """See `training.loop.optimizer_paths`."""
    variable = keras.Variable(points, dtype="float64")
    rate_tensor = keras.ops.convert_to_tensor(rates, dtype="float64")
    built = optimizer.build(lambda: rate_tensor)
    built.build([variable])
    # Keras's own update step for PyTorch takes a single number as the rate, that of the class for
    # all backends an array.
    backend_independent = getattr(keras.optimizers, optimizer.keras_class)
    built._backend_update_step = functools.partial(backend_independent._backend_update_step, built)
    path = [points]
    for _ in range(updates):
        # In the gradient of the sum over all points, each point's entry is its own gradient.
        total = function(*variable.value.unbind(-1)).sum()
        [gradient] = torch.autograd.grad(total, [variable.value])
        with torch.no_grad():
            built.apply([gradient])
        path.append(variable.numpy().copy())
    return np.array(path)
