"""The exact loss of every iteration, from any Keras model's own `fit`."""

import functools

import keras
from keras import ops

from .recorder import CAPACITY, DeviceBuffer, Recorder, replace

__all__ = ["CAPACITY", "IterationLoss"]


class IterationLoss(Recorder):
    """Record the loss of each batch, before the update made from it.

    Keras hands its callbacks the mean over the epoch so far, and with `steps_per_execution=k`
    only after every k-th batch. This callback lets the model's loss tracker also write each value
    into a buffer on the device, which is read once an epoch (and whenever it is nearly full). The
    recorded value is what the optimizer minimises on that batch: sample weights, regularisation
    and dropout included.

    Works in any `model.fit` whose `train_step` updates Keras's loss tracker once a batch, as
    Keras's own does; for any `steps_per_execution`, with and without `jit_compile`, on the
    TensorFlow, JAX and PyTorch backends; on one device or, with JAX, a `keras.distribution`.
    Metrics, logs and weights are those of a fit without it. The training step is traced anew in
    each fit that records, and after it.

    As with `keras.callbacks.History`, a new call of `fit` starts a new recording. What was
    recorded before an exception stays readable.

    Example:
        >>> losses = IterationLoss()                                          # doctest: +SKIP
        >>> model.fit(x, y, batch_size=150, epochs=3, callbacks=[losses])     # doctest: +SKIP
        >>> losses.values.shape                                               # doctest: +SKIP
        (1200,)

    Raises:
        RuntimeError: in `fit`, when a second `IterationLoss` is passed with this one, when
            `tf.distribute` trains on several devices, when the model's own `train_step` never
            updates the loss tracker, or when more losses were written than the buffer holds.
    """

    @property
    def values(self):
        """Losses so far, one for each iteration, float32, shape (iterations,)."""
        return self._column(0)

    def _install(self, model):
        if self._buffer is None:
            self._buffer = DeviceBuffer(self._capacity, width=1)
            self._tracker = _RecordingTracker(self._buffer, dtype=model._loss_tracker.dtype)
        return [
            replace(model, "_loss_tracker", self._tracker),
            replace(model, "test_step", _without_recording(model.test_step, self._tracker)),
        ]


class _RecordingTracker(keras.metrics.Mean):
    """A loss tracker as Keras's own that writes each value into a buffer as well."""

    def __init__(self, buffer, dtype):
        super().__init__(name="loss", dtype=dtype)
        self._buffer = buffer
        self.recording = True

    def update_state(self, values, sample_weight=None):
        super().update_state(values, sample_weight)
        if self.recording:
            self._buffer.update_state(ops.reshape(ops.stop_gradient(values), (1,)))


def _without_recording(test_step, tracker):
    """Keep evaluation, which runs through the same tracker, out of the buffer."""

    @functools.wraps(test_step)
    def step(*args, **kwargs):
        tracker.recording = False
        try:
            return test_step(*args, **kwargs)
        finally:
            tracker.recording = True

    return step
