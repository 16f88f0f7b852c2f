"""What the command line tells of a run cache; tests of `status` and `clean` show the whole."""

import datetime
import os

import pytest

from experiments.commands.cache_report import counted, duration, in_bytes, removal
from training.sweep.removal import Runs


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5000, "83 min"), (5400, "2 h"), (86_400, "24 h"),
     (47 * 3600, "47 h"), (48 * 3600, "2 days"), (30 * 86_400, "30 days")],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 kB"), (4321, "4 kB"), (1_234_567_890, "1,235 MB")]
)
def test_in_bytes(size, text):
    assert in_bytes(size) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (1234, "1,234 runs")])
def test_counted(number, text):
    assert counted(number, "run") == text


def test_removal(tmp_path):
    paths = [tmp_path / name for name in ("one", "two", "left")]
    for day, path in enumerate(paths):
        path.write_bytes(b"x" * 3000)
        os.utime(path, (datetime.datetime(2026, 1, 1 + day, 12).timestamp(),) * 2)
    runs = Runs({"1": paths[:1], "2": paths[1:2]}, {"3"}, {"other": {"4", "5"}})
    assert removal(runs, paths[2:]) == [
        "2 runs, 6 kB, stored 2026-01-01 12:00 to 2026-01-02 12:00",
        "but not 2 runs that other asked for too",
        "but not 1 run of a sweep that is going on",
        "1 file damaged or left by killed processes, 3 kB, stored 2026-01-03 12:00",
    ]
    assert removal(Runs({}, set(), {}), []) == ["nothing"]
