"""The norm of the gradient at every iteration, and stopping when it is small."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from .recorder import DeviceBuffer, Recorder, replace


class GradientNorm(Recorder):
    r"""Record the 2-norm of each batch's gradient, for the whole model and for each layer.

    .. math:: \|g\| = \sqrt{\sum_{layers} \|g_{layer}\|^2},\quad
        \|g_{layer}\|^2 = \sum_{w \in layer} (\partial loss / \partial w)^2

    The gradient is the one passed to the optimizer: that of the loss with its regularisation,
    before clipping, weight decay and gradient accumulation, and without the factor by which mixed
    precision scales the loss. Norms are computed in float32.

    Works in any `model.fit` whose `train_step` passes the gradient to `model.optimizer` once per
    batch; for any `steps_per_execution`, with and without `jit_compile`, on the TensorFlow, JAX
    and PyTorch backends, without a transfer to the host at each iteration. As with
    `keras.callbacks.History`, each call of `fit` starts a new recording.

    Example:
        >>> norms = GradientNorm()                                            # doctest: +SKIP
        >>> model.fit(x, y, batch_size=150, epochs=3, callbacks=[norms])      # doctest: +SKIP
        >>> norms.values.shape, list(norms.per_layer)                         # doctest: +SKIP
        ((1200,), ['dense', 'dense_1'])

    Raises:
        RuntimeError: in `fit`, if a second `GradientNorm` is passed with this one,
            `tf.distribute` trains on several devices, the model's own `train_step` never uses
            `model.optimizer`, or more norms were written than the buffer holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[str] = []
        self._layer_of: list[str] = []

    @property
    def values(self) -> NDArray[np.float32]:
        """Norms of the whole gradient so far, float32, shape (iterations,)."""
        return self._column(0)

    @property
    def per_layer(self) -> dict[str, NDArray[np.float32]]:
        """Layer name → norms of its gradient so far, float32, shape (iterations,).

        The layers are the trained ones of `model.layers`, each including the layers nested in it;
        weights held by the model itself are listed under the model's name.
        """
        return {name: self._column(1 + i) for i, name in enumerate(self._layers)}

    def _install(self, model: keras.Model) -> list[Callable[[], None]]:
        if keras.backend.backend() == "jax":
            return self._install_in_state(model)
        optimizer = model.optimizer
        apply = optimizer.apply

        def recording_apply(
            grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None
        ) -> Any:
            grads = list(grads)
            variables = list(trainable_variables or model.trainable_variables)
            # Not earlier: the first training step may build the model.
            buffer = self._buffer_for(model, variables)
            buffer.update_state(self._norms(optimizer, grads))
            return apply(grads, variables)

        return [replace(optimizer, "apply", recording_apply)]

    def _install_in_state(self, model: keras.Model) -> list[Callable[[], None]]:
        """Install on JAX, where a step is a function of its state, which includes the metrics."""
        optimizer = model.optimizer
        stateless_apply, train_step = optimizer.stateless_apply, model.train_step
        buffer = self._buffer_for(model, model.trainable_variables)
        norms: list[Any] = []

        def recording_apply(optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
            state = zip(optimizer.variables, optimizer_variables, strict=True)
            with keras.StatelessScope(state_mapping=list(state)):
                norms.append(self._norms(optimizer, grads))
            return stateless_apply(optimizer_variables, grads, trainable_variables)

        def recording_step(state: Any, data: Any) -> Any:
            logs, (*state, metrics) = train_step(state, data)
            mapping = zip(model.metrics_variables, metrics, strict=True)
            with keras.StatelessScope(state_mapping=list(mapping)) as scope:
                buffer.update_state(norms.pop())
            metrics = [scope.get_current_value(v) for v in model.metrics_variables]
            return logs, (*state, metrics)

        return [
            replace(optimizer, "stateless_apply", recording_apply),
            replace(model, "train_step", recording_step),
            replace(model, "_metrics", [*model._metrics, buffer]),
        ]

    def _buffer_for(self, model: keras.Model, variables: Sequence[Any]) -> DeviceBuffer:
        """Find each variable's layer; return a buffer with one column more than layers."""
        names = {id(v): layer.name for layer in model.layers for v in layer.trainable_variables}
        self._layer_of = [names.get(id(v), model.name) for v in variables]
        self._layers = list(dict.fromkeys(self._layer_of))
        width = 1 + len(self._layers)
        if self._buffer is None or self._buffer.width != width:
            self._buffer = DeviceBuffer(self._capacity, width)
        return self._buffer

    def _norms(self, optimizer: keras.Optimizer, grads: Sequence[Any]) -> Any:
        """Norm of the whole gradient, then that of each layer, shape (1 + layers,)."""
        scale = optimizer.scale_loss(ops.ones(()))
        squares = dict.fromkeys(self._layers, ops.zeros(()))
        for layer, grad in zip(self._layer_of, grads, strict=True):
            if grad is not None:
                # The division makes an embedding's gradient dense: TensorFlow lists a row once
                # per use, and the norm needed is that of the sum.
                square = ops.sum(ops.square(ops.cast(grad, "float32") / scale))
                squares[layer] = squares[layer] + square
        return ops.sqrt(ops.stack([sum(squares.values()), *squares.values()]))


class StopOnGradientNorm(GradientNorm):
    """Stop training at the first iteration whose gradient is small enough.

    Source: A 3.3, which chooses the number of iterations by a tolerance on the gradient's norm,
    ‖g‖ ≤ tolerance. The norm is that of one batch: with mini-batches it rarely becomes small, with
    the full batch it vanishes at a minimum.

    Keras can stop only after an execution, so with `steps_per_execution=k` up to k - 1 iterations
    follow the one that met the tolerance; they are recorded too. If callbacks are not notified of
    batches, the norms are checked after each epoch. Each check reads the buffer.

    Args:
        tolerance: float, largest norm at which to stop, greater than 0.

    Attributes:
        stopped_iteration: int or None, the iteration whose gradient met the tolerance, counted
            from 1; None if there was none.

    Raises:
        ValueError: if the tolerance is not greater than 0.
    """

    def __init__(self, tolerance: float) -> None:
        super().__init__()
        if not tolerance > 0:
            raise ValueError(f"`tolerance` must be a number greater than 0, not {tolerance!r}")
        self.tolerance = tolerance
        self.stopped_iteration: int | None = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Attach to the model and forget an earlier stop."""
        super().on_train_begin(logs)
        self.stopped_iteration = None
        self._parts_seen = self._iterations_seen = 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Check the norms of the execution."""
        self._read()
        self._check_norms()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Check the norms of the epoch."""
        super().on_epoch_end(epoch, logs)
        self._check_norms()

    def _check_norms(self) -> None:
        for part in self._parts[self._parts_seen :]:
            small = np.flatnonzero(part[:, 0] <= self.tolerance)
            if small.size and self.stopped_iteration is None:
                self.stopped_iteration = self._iterations_seen + int(small[0]) + 1
                self.model.stop_training = True
            self._iterations_seen += len(part)
        self._parts_seen = len(self._parts)
