"""One line that shows the progress of a long training."""

import shutil
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

import keras


class ProgressLine(keras.callbacks.Callback):
    """Show epoch, iteration, loss and time on one line; pass `verbose=0` to `fit` with it.

    On a terminal the line is refreshed a few times a second. Anywhere else, such as in a log file,
    a new line is printed after each interval and at the end. The loss is Keras's running mean over
    the epoch so far, not that of one batch (`IterationLoss` records those).

    Args:
        stream: `TextIO` or None, where to write. Defaults to None, which is standard error.
        interval: float, seconds between two lines if the stream is not a terminal, at least 0.
            Defaults to 30.0.
        refresh: float, seconds between two refreshes on a terminal, at least 0. Defaults to 0.25.

    Raises:
        ValueError: if `interval` or `refresh` is negative.
    """

    def __init__(
        self, stream: TextIO | None = None, interval: float = 30.0, refresh: float = 0.25
    ) -> None:
        super().__init__()
        for name, value in (("interval", interval), ("refresh", refresh)):
            if not value >= 0:
                raise ValueError(f"`{name}` must be at least 0 seconds, not {value!r}")
        self._stream = stream
        self._interval = interval
        self._refresh = refresh

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start the clock."""
        self._out = self._stream or sys.stderr
        self._is_terminal = self._out.isatty()
        self._wait = self._refresh if self._is_terminal else self._interval
        self._started = self._shown = time.monotonic()
        self._first_epoch: int | None = None
        self._steps: int | None = self.params.get("steps")
        self._logs: Mapping[str, Any] = {}

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Remember the epoch."""
        self._epoch, self._iteration = epoch, 0
        if self._first_epoch is None:
            self._first_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Show the line if it is due."""
        self._iteration = min(batch + 1, self._steps or batch + 1)
        self._update(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Show the epoch's numbers if the line is due."""
        self._steps = self._steps or self._iteration  # a generator's length, once known
        self._iteration = self._iteration or self._steps  # if batches are not announced
        self._update(logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Show the last numbers and end the line."""
        if self._first_epoch is not None:
            self._show()
            self._out.write("\n" if self._is_terminal else "")
            self._out.flush()

    def _update(self, logs: Mapping[str, Any] | None) -> None:
        self._logs = logs or {}
        if time.monotonic() - self._shown >= self._wait:
            self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r\x1b[K{self._line()[:width]}")
        else:
            self._out.write(f"{self._line()}\n")
        self._out.flush()

    def _line(self) -> str:
        epochs = self.params["epochs"]
        parts = [
            f"epoch {self._epoch + 1}/{epochs}",
            f"iteration {self._iteration}/{self._steps or '?'}",
        ]
        if "loss" in self._logs:
            parts.append(f"mean loss {self._logs['loss']:.4g}")
        elapsed = self._shown - self._started
        parts.append(f"{_clock(elapsed)} elapsed")
        if self._steps and self._first_epoch is not None and not self.model.stop_training:
            done = self._epoch - self._first_epoch + self._iteration / self._steps
            to_do = epochs - self._first_epoch - done
            if done > 0:
                parts.append(f"{_clock(elapsed * to_do / done)} to go")
        return "  ".join(parts)


def _clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss.

    >>> _clock(75.2), _clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
