"""One line that tells how far a long training is."""

import shutil
import sys
import time

import keras


class ProgressLine(keras.callbacks.Callback):
    """Show epoch, iteration, loss and time on one line; pass `verbose=0` to `fit` with it.

    On a terminal the line is refreshed a few times a second. Elsewhere, in a log file for
    instance, a line is printed once an interval and at the end. The loss is Keras's running mean
    over the epoch so far, not one batch's (`IterationLoss` has those).

    Args:
        stream: where to write; standard error if None.
        interval: seconds between two lines where the stream is not a terminal.
        refresh: seconds between two refreshes on a terminal.

    Raises:
        ValueError: when `interval` or `refresh` is negative.
    """

    def __init__(self, stream=None, interval=30.0, refresh=0.25):
        super().__init__()
        for name, value in (("interval", interval), ("refresh", refresh)):
            if not value >= 0:
                raise ValueError(f"`{name}` must be at least 0 seconds, not {value!r}")
        self._stream = stream
        self._interval = interval
        self._refresh = refresh

    def on_train_begin(self, logs=None):
        """Start the clock."""
        self._out = self._stream or sys.stderr
        self._is_terminal = self._out.isatty()
        self._wait = self._refresh if self._is_terminal else self._interval
        self._started = self._shown = time.monotonic()
        self._first_epoch = None
        self._steps = self.params.get("steps")
        self._logs = {}

    def on_epoch_begin(self, epoch, logs=None):
        """Note the epoch."""
        self._epoch, self._iteration = epoch, 0
        if self._first_epoch is None:
            self._first_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Show the line if it is time."""
        self._iteration = min(batch + 1, self._steps or batch + 1)
        self._update(logs)

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch's numbers if it is time."""
        self._steps = self._steps or self._iteration  # a generator's length, once known
        self._iteration = self._iteration or self._steps  # where batches are not announced
        self._update(logs)

    def on_train_end(self, logs=None):
        """Show the last numbers and end the line."""
        if self._first_epoch is not None:
            self._show()
            self._out.write("\n" if self._is_terminal else "")
            self._out.flush()

    def _update(self, logs):
        self._logs = logs or {}
        if time.monotonic() - self._shown >= self._wait:
            self._show()

    def _show(self):
        self._shown = time.monotonic()
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r\x1b[K{self._line()[:width]}")
        else:
            self._out.write(f"{self._line()}\n")
        self._out.flush()

    def _line(self):
        epochs = self.params["epochs"]
        parts = [
            f"epoch {self._epoch + 1}/{epochs}",
            f"iteration {self._iteration}/{self._steps or '?'}",
        ]
        if "loss" in self._logs:
            parts.append(f"mean loss {self._logs['loss']:.4g}")
        elapsed = self._shown - self._started
        parts.append(f"{_clock(elapsed)} elapsed")
        if self._steps and not self.model.stop_training:
            done = self._epoch - self._first_epoch + self._iteration / self._steps
            to_do = epochs - self._first_epoch - done
            if done > 0:
                parts.append(f"{_clock(elapsed * to_do / done)} to go")
        return "  ".join(parts)


def _clock(seconds):
    """Seconds as m:ss or h:mm:ss.

    >>> _clock(75.2), _clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
