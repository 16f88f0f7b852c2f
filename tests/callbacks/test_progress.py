import io
import types

import numpy as np
import pytest

from callbacks import ProgressLine, progress


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


def run(monkeypatch, stream, epochs=2, steps=4, seconds=10.0, known=True, batches=True, width=200):
    """Drive a line through a fit in which each iteration takes `seconds`."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(
        progress.shutil, "get_terminal_size", lambda: types.SimpleNamespace(columns=width)
    )
    line = ProgressLine(stream, interval=30.0, refresh=0.25)
    line.set_model(types.SimpleNamespace(stop_training=False))
    line.set_params({"epochs": epochs, "steps": steps if known else None})
    line.on_train_begin()
    for epoch in range(epochs):
        line.on_epoch_begin(epoch)
        for batch in range(steps):
            now[0] += seconds
            if batches:
                line.on_train_batch_end(batch, {"loss": 1 / (1 + batch)})
        line.on_epoch_end(epoch, {"loss": 0.25})
    line.on_train_end({"loss": 0.25})
    return stream.getvalue()


def test_a_log_file_gets_a_line_an_interval_and_one_at_the_end(monkeypatch):
    assert run(monkeypatch, Stream(False)).splitlines() == [
        "epoch 1/2  iteration 3/4  mean loss 0.3333  0:30 elapsed  0:50 to go",
        "epoch 2/2  iteration 2/4  mean loss 0.5  1:00 elapsed  0:20 to go",
        "epoch 2/2  iteration 4/4  mean loss 0.25  1:20 elapsed  0:00 to go",
    ]


def test_a_terminal_gets_one_refreshing_line(monkeypatch):
    shown = run(monkeypatch, Stream(True))
    assert shown.count("\n") == 1
    assert shown.endswith("\n")
    lines = shown.split("\r\x1b[K")[1:]
    assert len(lines) == 9  # each of the eight iterations, and the end
    assert lines[0] == "epoch 1/2  iteration 1/4  mean loss 1  0:10 elapsed  1:10 to go"


def test_a_terminal_is_refreshed_a_few_times_a_second(monkeypatch):
    shown = run(monkeypatch, Stream(True), steps=1024, seconds=1 / 1024)
    assert shown.count("\r") == 8 + 1  # two seconds, and the end


def test_a_narrow_terminal_never_wraps(monkeypatch):
    lines = run(monkeypatch, Stream(True), width=20).split("\r\x1b[K")
    assert max(len(line.strip()) for line in lines) == 19


def test_an_unknown_length_is_learnt_from_the_first_epoch(monkeypatch):
    lines = run(monkeypatch, Stream(True), known=False).split("\r\x1b[K")[1:]
    assert lines[0] == "epoch 1/2  iteration 1/?  mean loss 1  0:10 elapsed"
    assert lines[4] == "epoch 2/2  iteration 1/4  mean loss 1  0:50 elapsed  0:30 to go"


def test_epochs_alone_are_enough(monkeypatch):
    lines = run(monkeypatch, Stream(False), batches=False).splitlines()
    assert lines[0] == "epoch 1/2  iteration 4/4  mean loss 0.25  0:40 elapsed  0:40 to go"


@pytest.mark.parametrize("steps_per_execution", [1, 7])
def test_inside_fit(Case, capsys, steps_per_execution):
    case = Case(epochs=2)
    case.fit(case.model(steps_per_execution=steps_per_execution), [ProgressLine()])
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("epoch 2/2  iteration 10/10  mean loss ")


def test_a_fit_without_epochs_shows_nothing(Case, capsys):
    case = Case()
    case.fit(case.model(), [ProgressLine()], epochs=0)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (75.2, "1:15"), (59.9, "1:00"), (3675, "1:01:15")]
)
def test_clock(seconds, text):
    assert progress._clock(seconds) == text


@pytest.mark.parametrize("name", ["interval", "refresh"])
@pytest.mark.parametrize("value", [-1, np.nan])
def test_negative_seconds_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 0 seconds"):
        ProgressLine(**{name: value})
