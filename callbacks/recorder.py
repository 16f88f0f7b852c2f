"""What the recording callbacks share: a buffer on the device, and when it is read."""

import contextlib
import functools

import keras
import numpy as np
from keras import ops

CAPACITY = 4096
"""Iterations held on the device before they are read; more if `steps_per_execution` is larger."""


class DeviceBuffer(keras.metrics.Metric):
    """Rows of numbers, written one at a time inside a compiled training step.

    It is a metric so that Keras carries its variables through the step on every backend. It adds
    nothing to the logs, and `reset_state` keeps its rows: Keras resets the metrics at each epoch
    and each evaluation, which are not the moments when the rows are read.

    Args:
        capacity: rows held.
        width: numbers in a row.
    """

    def __init__(self, capacity, width):
        super().__init__(name="device_buffer")
        # The first row holds the count (in each of its columns): one assignment then writes row
        # and count or, where TensorFlow meets the end of the data amid a step, neither.
        self._capacity = capacity
        self.width = width
        shape = (1 + capacity, width)
        self._rows = self.add_variable(shape, "zeros", dtype="float32", name="rows")

    def update_state(self, row):
        """Write a row, shape (width,), after those written since the last `take`."""
        count = self._rows[0] + 1
        places = ops.stack([ops.zeros((1,)), ops.minimum(count[:1], self._capacity)])
        rows = ops.stack([count, ops.cast(row, "float32")])
        # A scatter writes in place; on TensorFlow's CPU a slice_update copies, and takes thrice
        # the time.
        self._rows.assign(ops.scatter_update(self._rows, ops.cast(places, "int32"), rows))

    def take(self):
        """Empty the buffer.

        Returns:
            The rows written since the last time, float32, shape (rows, width).

        Raises:
            RuntimeError: when more rows were written than the buffer holds.
        """
        rows = self._rows.numpy()
        count = int(rows[0, 0])
        self._rows.assign(ops.zeros_like(self._rows.value))
        if count > self._capacity:
            raise RuntimeError(
                f"{count} iterations were written to a buffer of {self._capacity} between two "
                "readings; read the values more often, or set steps_per_execution before fit"
            )
        return rows[1 : 1 + count].copy()

    def reset_state(self):
        """Keep the rows."""

    def result(self):
        """Nothing for the logs."""
        return {}


class Recorder(keras.callbacks.Callback):
    """Base of the callbacks that record a row of numbers at each iteration.

    Between `on_train_begin` and `on_train_end` it is attached to the model: a subclass's
    `_install` has put code into the model's training step that writes to `self._buffer`. Keras
    tells callbacks nothing of a fit that an exception ended; such a fit is noticed, and the model
    restored, when the next one begins.
    """

    def __init__(self):
        super().__init__()
        self._attached_to = self._buffer = self._buffer_of = None
        self._parts = []

    def _install(self, model):
        """Have the model's training step write to `self._buffer`.

        Returns:
            The calls that undo it.
        """
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        """Attach to the model."""
        self._detach()
        model = self.model
        _detach_interrupted(model)
        self._check(model)
        self._parts, self._last_read = [], 0
        self._capacity = max(CAPACITY, model.steps_per_execution)
        # A program that was traced in an earlier fit of this model may run again: it writes to the
        # buffer of then.
        if self._buffer_of != (model, self._capacity):
            self._buffer, self._buffer_of = None, (model, self._capacity)
        self._history = getattr(model, "history", None)
        self._undo = self._install(model)
        self._attached_to = model
        if not _recorders(model):
            _set(model, "_recorders", [])
            _set(model, "make_train_function", functools.partial(_make_train_function, model))
        _recorders(model).append(self)
        type(model).make_train_function(model, force=True)
        model.test_function = None

    def on_epoch_begin(self, epoch, logs=None):
        """Count iterations from the epoch's beginning."""
        self._last_read = 0

    def on_train_batch_begin(self, batch, logs=None):
        """Read the buffer if the coming execution might overrun it."""
        if batch - self._last_read + self.model.steps_per_execution > self._capacity:
            self._read()
            self._last_read = batch

    def on_epoch_end(self, epoch, logs=None):
        """Read what the epoch has written."""
        if self._attached_to is None:
            raise RuntimeError(
                f"{type(self).__name__} lost its fit: a callback has called fit on the same model"
            )
        self._read()
        if not any(map(len, self._parts)):
            raise RuntimeError(
                f"{type(self).__name__} recorded nothing: the model's train_step must use its "
                "loss tracker and its optimizer as Keras's own does"
            )

    def on_train_end(self, logs=None):
        """Give the model back as it was."""
        self._detach()

    def _column(self, column):
        """One number of each row so far, shape (iterations,)."""
        self._read()
        return np.concatenate([np.zeros(0, np.float32), *(part[:, column] for part in self._parts)])

    def _read(self):
        """Read the buffers of all recorders of the model, for they fill at the same pace."""
        model = self._attached_to
        if model is None:
            return
        if hasattr(model, "jax_state_sync"):
            model.jax_state_sync()
        for recorder in _recorders(model):
            if recorder._buffer is not None:
                recorder._parts.append(recorder._buffer.take())

    def _check(self, model):
        replicas = getattr(model, "distribute_strategy", None)
        if replicas is not None and replicas.num_replicas_in_sync > 1:
            raise RuntimeError(
                f"{type(self).__name__} records one device, but tf.distribute trains on "
                f"{replicas.num_replicas_in_sync}; build the model outside the strategy's scope"
            )
        for other in _recorders(model):
            if isinstance(other, type(self)) or isinstance(self, type(other)):
                _detach_all(model)
                raise RuntimeError(
                    f"fit got {type(other).__name__} and {type(self).__name__}, which record the "
                    "same; pass one of them"
                )

    def _detach(self):
        model = self._attached_to
        if model is None:
            return
        try:
            self._read()
        finally:
            self._attached_to = None
            for undo in self._undo:
                undo()
            _recorders(model).remove(self)
            if not _recorders(model):
                del vars(model)["_recorders"], vars(model)["make_train_function"]
            # A traced step goes on writing to the buffer: have Keras trace its steps anew.
            model.train_function = model.test_function = None


def replace(target, name, value):
    """Set an attribute of an object, past Keras's tracking of variables and layers.

    Returns:
        The call that undoes it, unless something else has replaced the attribute since.
    """
    own = vars(target)
    inherited = name not in own
    before = own.get(name)
    _set(target, name, value)

    def undo():
        if own.get(name) is not value:
            return
        if inherited:
            del own[name]
        else:
            own[name] = before

    return undo


@contextlib.contextmanager
def replaced(target, name, value):
    """`replace`, undone at the end of a block."""
    undo = replace(target, name, value)
    try:
        yield
    finally:
        undo()


def _set(target, name, value):
    object.__setattr__(target, name, value)


def _recorders(model):
    return vars(model).get("_recorders", [])


def _make_train_function(model, force=False):
    """Keras's own method, which every fit calls at its beginning."""
    _detach_interrupted(model)
    return type(model).make_train_function(model, force)


def _detach_interrupted(model):
    """Detach the recorders of an earlier fit; each fit gives its model a new `History`."""
    for recorder in list(_recorders(model)):
        if recorder._history is not model.history:
            recorder._detach()


def _detach_all(model):
    for recorder in list(_recorders(model)):
        recorder._detach()
