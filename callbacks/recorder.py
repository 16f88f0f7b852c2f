"""Shared by the recording callbacks: a buffer on the device, and when to read it."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

CAPACITY = 4096
"""Iterations that a buffer holds before it is read; more if `steps_per_execution` is larger."""


class DeviceBuffer(keras.metrics.Metric):
    """Rows of numbers, written one at a time inside a compiled training step.

    It is a metric so that Keras carries its variables through the step on every backend. It adds
    nothing to the logs, and `reset_state` keeps its rows: Keras resets the metrics at each epoch
    and each evaluation, which is not when the rows are read.

    Args:
        capacity: int, number of rows.
        width: int, numbers in a row.
    """

    def __init__(self, capacity: int, width: int) -> None:
        super().__init__(name="device_buffer")
        # The first row holds the count (in each of its columns), so that one assignment writes
        # both row and count or, if TensorFlow reaches the end of the data within a step, neither.
        self._capacity = capacity
        self.width = width
        shape = (1 + capacity, width)
        self._rows = self.add_variable(shape, "zeros", dtype="float32", name="rows")

    def update_state(self, row: Any) -> None:
        """Append a row to those written since the last `take`.

        Args:
            row: tensor, shape (width,).
        """
        count = self._rows[0] + 1
        places = ops.stack([ops.zeros((1,)), ops.minimum(count[:1], self._capacity)])
        rows = ops.stack([count, ops.cast(row, "float32")])
        # A scatter writes in place; a slice_update copies on TensorFlow's CPU and takes three
        # times as long.
        self._rows.assign(ops.scatter_update(self._rows, ops.cast(places, "int32"), rows))

    def take(self) -> NDArray[np.float32]:
        """Empty the buffer.

        Returns:
            The rows written since the last call, float32, shape (rows, width).

        Raises:
            RuntimeError: if more rows were written than the buffer holds.
        """
        rows = self._rows.numpy()
        count = int(rows[0, 0])
        self._rows.assign(ops.zeros_like(self._rows.value))
        if count > self._capacity:
            raise RuntimeError(
                f"{count} iterations were written to a buffer of {self._capacity} between two "
                "reads; read the values more often, or set steps_per_execution before fit"
            )
        return rows[1 : 1 + count].copy()

    def reset_state(self) -> None:
        """Keep the rows."""

    def result(self) -> dict[str, Any]:
        """Add nothing to the logs."""
        return {}


class Recorder(keras.callbacks.Callback):
    """Base of the callbacks that record a row of numbers at each iteration.

    Between `on_train_begin` and `on_train_end` it is attached to the model: the subclass's
    `_install` has added code to the model's training step that writes to `self._buffer`. Keras
    does not notify callbacks when an exception ends a fit; such a fit is detected, and the model
    restored, when the next one begins.
    """

    def __init__(self) -> None:
        super().__init__()
        self._attached_to: keras.Model | None = None
        self._buffer: DeviceBuffer | None = None
        self._buffer_of: tuple[keras.Model, int] | None = None
        self._parts: list[NDArray[np.float32]] = []

    def _install(self, model: keras.Model) -> list[Callable[[], None]]:
        """Make the model's training step write to `self._buffer`.

        Returns:
            Functions that undo it.
        """
        raise NotImplementedError

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Attach to the model."""
        self._detach()
        model = self.model
        _detach_interrupted(model)
        self._check(model)
        self._parts, self._last_read = [], 0
        self._capacity = max(CAPACITY, model.steps_per_execution)
        # A program traced in an earlier fit of this model may run again, and it writes to the
        # buffer of that fit.
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

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count iterations from the start of the epoch."""
        self._last_read = 0

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read the buffer if the next execution might overflow it."""
        if batch - self._last_read + self.model.steps_per_execution > self._capacity:
            self._read()
            self._last_read = batch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read the rows of the epoch."""
        if self._attached_to is None:
            raise RuntimeError(
                f"{type(self).__name__} was detached from its fit: a callback called fit on the "
                "same model"
            )
        self._read()
        if not any(map(len, self._parts)):
            raise RuntimeError(
                f"{type(self).__name__} recorded nothing: the model's train_step must use its "
                "loss tracker and its optimizer as Keras's own train_step does"
            )

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Restore the model."""
        self._detach()

    def _column(self, column: int) -> NDArray[np.float32]:
        """One number of each row so far, shape (iterations,)."""
        self._read()
        return np.concatenate([np.zeros(0, np.float32), *(part[:, column] for part in self._parts)])

    def _read(self) -> None:
        """Read the buffers of all recorders of the model, since they fill at the same rate."""
        model = self._attached_to
        if model is None:
            return
        if hasattr(model, "jax_state_sync"):
            model.jax_state_sync()
        for recorder in _recorders(model):
            if recorder._buffer is not None:
                recorder._parts.append(recorder._buffer.take())

    def _check(self, model: keras.Model) -> None:
        replicas = getattr(model, "distribute_strategy", None)
        if replicas is not None and replicas.num_replicas_in_sync > 1:
            raise RuntimeError(
                f"{type(self).__name__} can record one device, but tf.distribute trains on "
                f"{replicas.num_replicas_in_sync}; build the model outside the strategy's scope"
            )
        for other in _recorders(model):
            if isinstance(other, type(self)) or isinstance(self, type(other)):
                _detach_all(model)
                raise RuntimeError(
                    f"fit got {type(other).__name__} and {type(self).__name__}, which record the "
                    "same values; pass only one of them"
                )

    def _detach(self) -> None:
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
            # A traced step would keep writing to the buffer, so make Keras trace its steps again.
            model.train_function = model.test_function = None


def replace(target: object, name: str, value: Any) -> Callable[[], None]:
    """Set an attribute of an object, bypassing Keras's tracking of variables and layers.

    Args:
        target: object whose attribute is set, such as a model or an optimizer.
        name: str, name of the attribute.
        value: its new value.

    Returns:
        A function that restores the attribute, unless it has been replaced again since.
    """
    own = vars(target)
    inherited = name not in own
    before = own.get(name)
    _set(target, name, value)

    def undo() -> None:
        if own.get(name) is not value:
            return
        if inherited:
            del own[name]
        else:
            own[name] = before

    return undo


@contextlib.contextmanager
def replaced(target: object, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute inside a `with` block.

    Args:
        target: object, see `replace`.
        name: str, name of the attribute.
        value: its value inside the block.
    """
    undo = replace(target, name, value)
    try:
        yield
    finally:
        undo()


def _set(target: object, name: str, value: Any) -> None:
    object.__setattr__(target, name, value)


def _recorders(model: keras.Model) -> list[Recorder]:
    return vars(model).get("_recorders", [])


def _make_train_function(model: keras.Model, force: bool = False) -> Any:
    """Replacement for Keras's method, which every fit calls when it begins."""
    _detach_interrupted(model)
    return type(model).make_train_function(model, force)


def _detach_interrupted(model: keras.Model) -> None:
    """Detach the recorders of an earlier fit, found by their `History`, which each fit renews."""
    for recorder in list(_recorders(model)):
        if recorder._history is not model.history:
            recorder._detach()


def _detach_all(model: keras.Model) -> None:
    for recorder in list(_recorders(model)):
        recorder._detach()
