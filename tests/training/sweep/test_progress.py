"""What a sweep prints while it goes on."""

import sys
import types

import pytest

from training import run_all
from training.sweep import progress
from training.sweep.progress import counted, duration, shown_progress


@pytest.fixture
def clock(monkeypatch):
    """A function of seconds that lets time go by."""
    now = [0.0]
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=lambda: now[0]))

    def wait(seconds):
        now[0] += seconds

    return wait


def test_sweep_without_a_name_or_without_missing_runs_prints_nothing(
    trained, tmp_path, capsys, configs
):
    run_all(configs[:2], runs_dir=tmp_path)
    run_all(configs[:2], runs_dir=tmp_path, progress="small")
    assert capsys.readouterr() == ("", "")


def test_a_line_at_the_start_and_one_at_the_end(trained, tmp_path, capsys, clock, configs):
    run_all(configs[:1], runs_dir=tmp_path)
    run_all(configs, runs_dir=tmp_path, progress="[1 of 25] a study of any long name at all")
    out, error = capsys.readouterr()
    assert out == ""
    assert error == (
        "[1 of 25] a study of any long name at all: 3 runs to train\n"
        "[1 of 25] a study of any long name at all: 3 runs in 0 s\n"
    )


def test_a_long_sweep_prints_a_line_a_minute(capsys, clock, small):
    configs = [small(epochs=epochs) for epochs in (5, 2, 1, 1, 1)]
    with shown_progress(configs, "long") as advance:
        for config, seconds in zip(configs, (50, 20, 10, 55, 20), strict=True):
            clock(seconds)
            advance(config, "finished")
    assert capsys.readouterr().err.splitlines() == [
        "long: 5 runs to train",
        "long: 2 of 5 runs, about 30 s to go",  # by sample gradients, 7 of 10 epochs in 70 s
        "long: 4 of 5 runs, about 15 s to go",
        "long: 5 runs in 3 min",
    ]


def test_the_last_line_counts_what_failed_and_what_learned_nothing(capsys, clock, configs):
    with shown_progress(configs, "a study") as advance:
        for config, outcome in zip(
            configs, ("failed", "finished", "learned nothing", "failed"), strict=True
        ):
            advance(config, outcome)
    assert (
        capsys.readouterr().err.splitlines()[-1]
        == "a study: 4 runs in 0 s, 1 learned nothing, 2 failed"
    )


def test_a_sweep_that_ends_with_an_error_prints_no_last_line(capsys, configs):
    with pytest.raises(KeyboardInterrupt), shown_progress(configs, "a study"):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "a study: 4 runs to train\n"


def test_progress_that_cannot_be_written_ends_no_sweep(trained, tmp_path, configs, monkeypatch):
    class Closed:
        def isatty(self):
            return False

        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    assert len(run_all(configs, runs_dir=tmp_path, progress="a study")) == 4


def test_a_terminal_shows_a_bar_and_the_last_run(capsys, monkeypatch, small):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    one = small(optimizer="adam", learning_rate=0.001)
    with shown_progress([one, one, one], "a study") as advance:
        advance(one, "learned nothing")
    error = capsys.readouterr().err
    assert "a study" in error
    assert "1/3" in error
    assert "last: dense adam rate 0.001 batch 16 seed 0 learned nothing" in error
    assert "to train" not in error


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5000, "83 min"),
        (5400, "2 h"),
        (86_400, "24 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 days"),
        (30 * 86_400, "30 days"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (1234, "1,234 runs")])
def test_counted(number, text):
    assert counted(number, "run") == text
