"""The exact loss of every iteration, from any Keras model's own `fit`."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from .recorder import DeviceBuffer, Recorder, replace


class IterationLoss(Recorder):
    """Record the loss of each batch, before the update made from it.

    Keras passes the mean over the epoch so far to its callbacks, and with `steps_per_execution=k`
    only after every k-th batch. With this callback the model's loss tracker also writes each value
    into a buffer on the device, which is read once per epoch (and whenever it is nearly full). The
    recorded value is what the optimizer minimises on that batch, including sample weights,
    regularisation and dropout.

    Works in any `model.fit` whose `train_step` updates Keras's loss tracker once per batch, as
    Keras's own does; for any `steps_per_execution`, with and without `jit_compile`, on the
    TensorFlow, JAX and PyTorch backends; on one device or, with JAX, a `keras.distribution`.
    Metrics, logs and weights are the same as without it. Keras retraces the training step in each
    fit that records, and again in the fit after it.

    As with `keras.callbacks.History`, each call of `fit` starts a new recording. Values recorded
    before an exception remain readable.

    Example:
        >>> losses = IterationLoss()                                          # doctest: +SKIP
        >>> model.fit(x, y, batch_size=150, epochs=3, callbacks=[losses])     # doctest: +SKIP
        >>> losses.values.shape                                               # doctest: +SKIP
        (1200,)

    Raises:
        RuntimeError: in `fit`, if a second `IterationLoss` is passed with this one,
            `tf.distribute` trains on several devices, the model's own `train_step` never updates
            the loss tracker, or more losses were written than the buffer holds.
    """

    @property
    def values(self) -> NDArray[np.float32]:
        """Losses so far, one per iteration, float32, shape (iterations,)."""
        return self._column(0)

    def _install(self, model: keras.Model) -> list[Callable[[], None]]:
        if self._buffer is None:
            self._buffer = DeviceBuffer(self._capacity, width=1)
            self._tracker = _RecordingTracker(self._buffer, dtype=model._loss_tracker.dtype)
        return [
            replace(model, "_loss_tracker", self._tracker),
            replace(model, "test_step", _without_recording(model.test_step, self._tracker)),
        ]


class _RecordingTracker(keras.metrics.Mean):
    """Keras's loss tracker, which also writes each value into a buffer."""

    def __init__(self, buffer: DeviceBuffer, dtype: Any) -> None:
        super().__init__(name="loss", dtype=dtype)
        self._buffer = buffer
        self.recording = True

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        super().update_state(values, sample_weight)
        if self.recording:
            self._buffer.update_state(ops.reshape(ops.stop_gradient(values), (1,)))


def _without_recording(
    test_step: Callable[..., Any], tracker: _RecordingTracker
) -> Callable[..., Any]:
    """Keep evaluation, which updates the same tracker, out of the buffer."""

    @functools.wraps(test_step)
    def step(*args: Any, **kwargs: Any) -> Any:
        tracker.recording = False
        try:
            return test_step(*args, **kwargs)
        finally:
            tracker.recording = True

    return step
