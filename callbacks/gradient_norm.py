"""The norm of the gradient at every iteration, and stopping by it."""

import keras
import numpy as np
from keras import ops

from .recorder import DeviceBuffer, Recorder, replace


class GradientNorm(Recorder):
    r"""Record the 2-norm of each batch's gradient, of the whole model and of each layer.

    .. math:: \|g\| = \sqrt{\sum_{layers} \|g_{layer}\|^2},\quad
        \|g_{layer}\|^2 = \sum_{w \in layer} (\partial loss / \partial w)^2

    The gradient is the one handed to the optimizer: of the loss with its regularisation, before
    clipping, weight decay and gradient accumulation, and without the factor by which mixed
    precision scales the loss. Norms are computed in float32.

    Works in any `model.fit` whose `train_step` hands the gradient to `model.optimizer` once a
    batch; for any `steps_per_execution`, with and without `jit_compile`, on the TensorFlow, JAX
    and PyTorch backends, without a transfer to the host at each iteration. As with
    `keras.callbacks.History`, a new call of `fit` starts a new recording.

    Example:
        >>> norms = GradientNorm()                                            # doctest: +SKIP
        >>> model.fit(x, y, batch_size=150, epochs=3, callbacks=[norms])      # doctest: +SKIP
        >>> norms.values.shape, list(norms.per_layer)                         # doctest: +SKIP
        ((1200,), ['dense', 'dense_1'])

    Raises:
        RuntimeError: in `fit`, when a second `GradientNorm` is passed with this one, when
            `tf.distribute` trains on several devices, when the model's own `train_step` never
            uses `model.optimizer`, or when more norms were written than the buffer holds.
    """

    def __init__(self):
        super().__init__()
        self._layers = []

    @property
    def values(self):
        """Norms of the whole gradient so far, float32, shape (iterations,)."""
        return self._column(0)

    @property
    def per_layer(self):
        """Layer name → norms of its gradient so far, float32, shape (iterations,).

        The layers are those of `model.layers` that are trained, nested ones within them; weights
        that the model holds itself go by the model's name.
        """
        return {name: self._column(1 + i) for i, name in enumerate(self._layers)}

    def _install(self, model):
        if keras.backend.backend() == "jax":
            return self._install_in_state(model)
        optimizer = model.optimizer
        apply = optimizer.apply

        def recording_apply(grads, trainable_variables=None):
            grads = list(grads)
            variables = list(trainable_variables or model.trainable_variables)
            self._name_layers(model, variables)  # now: the first training step may build the model
            self._buffer.update_state(self._norms(optimizer, grads))
            return apply(grads, variables)

        return [replace(optimizer, "apply", recording_apply)]

    def _install_in_state(self, model):
        """On JAX a training step is a function of its state, of which the metrics are a part."""
        optimizer = model.optimizer
        stateless_apply, train_step = optimizer.stateless_apply, model.train_step
        self._name_layers(model, model.trainable_variables)
        buffer = self._buffer
        norms = []

        def recording_apply(optimizer_variables, grads, trainable_variables):
            state = zip(optimizer.variables, optimizer_variables, strict=True)
            with keras.StatelessScope(state_mapping=list(state)):
                norms.append(self._norms(optimizer, grads))
            return stateless_apply(optimizer_variables, grads, trainable_variables)

        def recording_step(state, data):
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

    def _name_layers(self, model, variables):
        """Find each variable's layer, and make the buffer as wide as there are layers."""
        names = {id(v): layer.name for layer in model.layers for v in layer.trainable_variables}
        self._layer_of = [names.get(id(v), model.name) for v in variables]
        self._layers = list(dict.fromkeys(self._layer_of))
        width = 1 + len(self._layers)
        if self._buffer is None or self._buffer.width != width:
            self._buffer = DeviceBuffer(self._capacity, width)

    def _norms(self, optimizer, grads):
        """Norm of the whole gradient, then of each layer's, shape (1 + layers,)."""
        scale = optimizer.scale_loss(ops.ones(()))
        squares = dict.fromkeys(self._layers, ops.zeros(()))
        for layer, grad in zip(self._layer_of, grads, strict=True):
            if grad is not None:
                # The division makes an embedding's gradient dense: TensorFlow lists a row as often
                # as it was used, and the norm is that of the sum.
                square = ops.sum(ops.square(ops.cast(grad, "float32") / scale))
                squares[layer] = squares[layer] + square
        return ops.sqrt(ops.stack([sum(squares.values()), *squares.values()]))


class StopOnGradientNorm(GradientNorm):
    """Stop training at the first iteration whose gradient is small enough.

    Course A, section 3.3: the number of iterations can be chosen by a tolerance with respect to
    the gradient's norm, ‖g‖ ≤ tolerance. The norm is that of the batch, so with mini-batches it
    seldom falls far; with the full batch it vanishes at a minimum.

    Keras can stop after an execution, so with `steps_per_execution=k` up to k - 1 iterations
    follow the one that met the tolerance; they are recorded too. Where batches are not announced
    to callbacks, the norms are looked at after each epoch. Each look reads the buffer.

    Attributes:
        stopped_iteration: the iteration whose gradient met the tolerance, counted from 1, None
            while none has.

    Args:
        tolerance: largest norm to stop at, greater than 0.

    Raises:
        ValueError: when the tolerance is not greater than 0.
    """

    def __init__(self, tolerance):
        super().__init__()
        if not tolerance > 0:
            raise ValueError(f"`tolerance` must be a number greater than 0, not {tolerance!r}")
        self.tolerance = tolerance
        self.stopped_iteration = None

    def on_train_begin(self, logs=None):
        """Attach to the model and forget an earlier stop."""
        super().on_train_begin(logs)
        self.stopped_iteration = None
        self._parts_seen = self._iterations_seen = 0

    def on_train_batch_end(self, batch, logs=None):
        """Look at the norms of the execution."""
        self._read()
        self._look()

    def on_epoch_end(self, epoch, logs=None):
        """Look at the norms of the epoch."""
        super().on_epoch_end(epoch, logs)
        self._look()

    def _look(self):
        for part in self._parts[self._parts_seen :]:
            small = np.flatnonzero(part[:, 0] <= self.tolerance)
            if small.size and self.stopped_iteration is None:
                self.stopped_iteration = self._iterations_seen + int(small[0]) + 1
                self.model.stop_training = True
            self._iterations_seen += len(part)
        self._parts_seen = len(self._parts)
