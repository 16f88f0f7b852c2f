"""Heartbeats of processes at work."""

import json
import os
import socket
import subprocess
import sys
import time
import warnings

import pytest

from training.sweep.heartbeats import (
    BEAT_SECONDS,
    SILENT_SECONDS,
    heartbeat,
    read_heartbeats,
    remove_stale,
)


def read(about):
    return about["text"]


def heartbeat_of_a_killed_process(folder):
    with heartbeat(folder, {"text": "killed"}) as path:
        content = json.loads(path.read_bytes())
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.kill()
    process.communicate()
    path.write_text(json.dumps({**content, "pid": process.pid}))
    return path


def edited(folder, **changes):
    """The stored heartbeat of this process with other contents."""
    with heartbeat(folder, {"text": "edited"}) as path:
        content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, **changes}))
    return path


def test_heartbeat_is_there_while_the_block_runs(tmp_path):
    before = time.time()
    with heartbeat(tmp_path / "beats", {"text": "work"}) as path:
        (beat,) = read_heartbeats(tmp_path / "beats", read)
        assert beat.path == path
        assert beat.about == "work"
        assert (beat.host, beat.pid) == (socket.gethostname(), os.getpid())
        assert before <= beat.since <= time.time()
        assert not beat.stale
    assert read_heartbeats(tmp_path / "beats", read) == []
    assert list((tmp_path / "beats").iterdir()) == []


def test_heartbeat_goes_with_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt), heartbeat(tmp_path, {"text": "work"}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_heartbeats_are_in_order_of_time(tmp_path):
    with heartbeat(tmp_path, {"text": "1"}), heartbeat(tmp_path, {"text": "2"}):
        edited(tmp_path, since=1.0, about={"text": "0"})
        assert [beat.about for beat in read_heartbeats(tmp_path, read)] == ["0", "1", "2"]


def test_no_folder(tmp_path):
    assert read_heartbeats(tmp_path / "none", read) == []
    remove_stale(tmp_path / "none", read)


def test_heartbeat_of_a_killed_process_is_stale(tmp_path):
    path = heartbeat_of_a_killed_process(tmp_path)
    (beat,) = read_heartbeats(tmp_path, read)
    assert beat.stale
    with heartbeat(tmp_path, {"text": "work"}) as other:
        remove_stale(tmp_path, read)
        assert not path.exists()
        assert other.exists()


def test_process_that_nobody_has_waited_for_is_gone(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    edited(tmp_path, pid=process.pid, process_started=time.time())
    (beat,) = read_heartbeats(tmp_path, read)
    assert beat.stale
    process.communicate()


def test_later_process_of_the_same_number_does_not_count(tmp_path):
    edited(tmp_path, process_started=1e9)
    (beat,) = read_heartbeats(tmp_path, read)
    assert beat.stale


@pytest.mark.parametrize(
    ("age", "stale"), [(0, False), (SILENT_SECONDS / 2, False), (2 * SILENT_SECONDS, True)]
)
def test_heartbeat_of_another_host_is_judged_by_its_last_touch(tmp_path, age, stale):
    path = edited(tmp_path, host="elsewhere", pid=2**22 + 1)
    os.utime(path, (time.time() - age,) * 2)
    (beat,) = read_heartbeats(tmp_path, read)
    assert beat.stale == stale
    path.unlink()
    assert beat.stale


def test_heartbeat_is_touched(tmp_path, monkeypatch):
    assert SILENT_SECONDS > 5 * BEAT_SECONDS
    monkeypatch.setattr("training.sweep.heartbeats.BEAT_SECONDS", 0.01)
    with heartbeat(tmp_path, {"text": "work"}) as path:
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 20
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert path.stat().st_mtime > 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"about": {"text": "only"}}',
    ],
)
def test_damaged_heartbeat_is_ignored_with_a_warning(tmp_path, content):
    (tmp_path / "foreign.json").write_bytes(content)
    with (
        heartbeat(tmp_path, {"text": "work"}),
        pytest.warns(UserWarning, match=r"foreign.json is damaged .* is ignored; .* clean"),
    ):
        assert [beat.about for beat in read_heartbeats(tmp_path, read)] == ["work"]
    with pytest.warns(UserWarning, match="damaged"):
        remove_stale(tmp_path, read)
    assert (tmp_path / "foreign.json").exists()


@pytest.mark.parametrize(
    "changes",
    [{"pid": "1"}, {"since": "now"}, {"host": None}, {"about": {}}, {"about": 1}, {"colour": 1}],
)
def test_edited_heartbeat_is_ignored_with_a_warning(tmp_path, changes):
    edited(tmp_path, **changes)
    with pytest.warns(UserWarning, match="is ignored"):
        assert read_heartbeats(tmp_path, read) == []


def test_heartbeat_that_cannot_be_written_hinders_nothing(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.warns(UserWarning, match="cannot write .*: status lacks it"),
        heartbeat(tmp_path / "file", {"text": "work"}) as path,
    ):
        assert not path.exists()


def test_heartbeat_that_is_removed_by_hand_hinders_nothing(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with heartbeat(tmp_path, {"text": "work"}) as path:
            path.unlink()
            assert read_heartbeats(tmp_path, read) == []
