"""Training on PyTorch: the step of `model.fit`, batch by batch.

There is no compiled epoch: Keras runs its layers, losses and optimizers operation by operation on
PyTorch, so each iteration pays for some hundred calls from Python, whatever the network's size.
"""

import functools

import keras
import numpy as np
import torch

from training.loop.backends.chunks import check_losses_are_means


def on_device(*arrays):
    """The arrays as tensors; see `training.loop.backends`."""
    return tuple(keras.ops.convert_to_tensor(array) for array in arrays if array is not None)


class TrainingLoop:
    """`model.train_step` on one batch after the other; see `training.loop.backends`.

    Args:
        model: as in `training.fit`, and so is `chunk_size`.
        arrays: the loop keeps nothing of them.
        batch_size: examples of a step; what is left over makes a smaller last batch.
        chunk_size: as large as a batch or larger, nothing is accumulated.
        jit_compile: is without effect: nothing is compiled.
    """

    compile_seconds = 0.0

    def __init__(self, model, arrays, batch_size, chunk_size, jit_compile=None):
        self._model = model
        self._batch_size = batch_size
        self._step = model.train_step
        if chunk_size < batch_size:
            check_losses_are_means(model)
            self._step = functools.partial(accumulating_step, model, chunk_size)

    def __call__(self, arrays, order, first, stop):
        """Run the batches `first` to `stop` (exclusive) of the epoch with this `order`."""
        order = torch.from_numpy(order).to(arrays[0].device)
        self._model.train()
        for rows in order.split(self._batch_size)[first:stop]:
            self._step(tuple(array[rows] for array in arrays))
        self._model.eval()


def accumulating_step(model, chunk_size, batch):
    """`keras.Model.train_step` with the gradient summed over chunks of the batch."""
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
    """`model.test_step` on one batch after the other."""

    def __init__(self, model, batch_size):
        self._model = model
        self._batch_size = batch_size

    @torch.no_grad()
    def __call__(self, arrays):
        """Run `model.test_step` on all batches."""
        self._model.eval()
        for batch in zip(*(array.split(self._batch_size) for array in arrays), strict=True):
            self._model.test_step(batch)


def value_and_gradients(loss):
    """See `training.loop.gradients`."""

    def evaluate(weights, *arrays):
        weights = [torch.tensor(weight, requires_grad=True) for weight in weights]
        value = loss(weights, *map(torch.as_tensor, arrays))
        return float(value), [part.numpy() for part in torch.autograd.grad(value, weights)]

    return evaluate


def descend(optimizer, rates, function, points, updates):
    """See `training.loop.descent`."""
    variable = keras.Variable(points, dtype="float64")
    rates = keras.ops.convert_to_tensor(rates, dtype="float64")
    of_all_backends = getattr(keras.optimizers, optimizer.keras_class)
    optimizer = optimizer.build(lambda: rates)
    optimizer.build([variable])
    # Keras's way for PyTorch takes one number as the rate.
    optimizer._backend_update_step = functools.partial(
        of_all_backends._backend_update_step, optimizer
    )
    path = [points]
    for _ in range(updates):
        # The gradient of the sum over all points has each point's own gradient in its place.
        total = function(*variable.value.unbind(-1)).sum()
        [gradient] = torch.autograd.grad(total, [variable.value])
        with torch.no_grad():
            optimizer.apply([gradient])
        path.append(variable.numpy().copy())
    return np.array(path)
