"""Notes of processes at work."""

import json
import os
import socket
import subprocess
import sys
import time
import warnings

import pytest

from training.sweep.heartbeats import BEAT, SILENCE, noted, notes, remove_stale


def read(about):
    return about["text"]


def note_of_a_killed_process(folder):
    with noted(folder, {"text": "killed"}) as path:
        content = json.loads(path.read_bytes())
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.kill()
    process.communicate()
    path.write_text(json.dumps({**content, "pid": process.pid}))
    return path


def edited(folder, **changes):
    """The stored note of this process with other contents."""
    with noted(folder, {"text": "edited"}) as path:
        content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, **changes}))
    return path


def test_note_is_there_while_the_block_runs(tmp_path):
    before = time.time()
    with noted(tmp_path / "notes", {"text": "work"}) as path:
        (note,) = notes(tmp_path / "notes", read)
        assert note.path == path
        assert note.about == "work"
        assert (note.host, note.pid) == (socket.gethostname(), os.getpid())
        assert before <= note.since <= time.time()
        assert not note.stale
    assert notes(tmp_path / "notes", read) == []
    assert list((tmp_path / "notes").iterdir()) == []


def test_note_goes_with_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt), noted(tmp_path, {"text": "work"}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_notes_are_in_order_of_time(tmp_path):
    with noted(tmp_path, {"text": "1"}), noted(tmp_path, {"text": "2"}):
        edited(tmp_path, since=1.0, about={"text": "0"})
        assert [note.about for note in notes(tmp_path, read)] == ["0", "1", "2"]


def test_no_folder(tmp_path):
    assert notes(tmp_path / "none", read) == []
    remove_stale(tmp_path / "none", read)


def test_note_of_a_killed_process_is_stale(tmp_path):
    path = note_of_a_killed_process(tmp_path)
    (note,) = notes(tmp_path, read)
    assert note.stale
    with noted(tmp_path, {"text": "work"}) as other:
        remove_stale(tmp_path, read)
        assert not path.exists()
        assert other.exists()


def test_process_that_nobody_has_waited_for_is_gone(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    edited(tmp_path, pid=process.pid, process_started=time.time())
    (note,) = notes(tmp_path, read)
    assert note.stale
    process.communicate()


def test_later_process_of_the_same_number_does_not_count(tmp_path):
    edited(tmp_path, process_started=1e9)
    (note,) = notes(tmp_path, read)
    assert note.stale


@pytest.mark.parametrize(("age", "stale"), [(0, False), (SILENCE / 2, False), (2 * SILENCE, True)])
def test_note_of_another_host_is_judged_by_its_last_touch(tmp_path, age, stale):
    path = edited(tmp_path, host="elsewhere", pid=2**22 + 1)
    os.utime(path, (time.time() - age,) * 2)
    (note,) = notes(tmp_path, read)
    assert note.stale == stale
    path.unlink()
    assert note.stale


def test_note_is_touched(tmp_path, monkeypatch):
    assert SILENCE > 5 * BEAT
    monkeypatch.setattr("training.sweep.heartbeats.BEAT", 0.01)
    with noted(tmp_path, {"text": "work"}) as path:
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 20
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert path.stat().st_mtime > 0


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"{}", b"\xff", b'{"about": {"text": "only"}}',
    ],
)  # fmt: skip
def test_damaged_note_is_ignored_with_a_warning(tmp_path, content):
    (tmp_path / "foreign.json").write_bytes(content)
    with (
        noted(tmp_path, {"text": "work"}),
        pytest.warns(UserWarning, match=r"foreign.json is damaged .* is ignored; .* clean"),
    ):
        assert [note.about for note in notes(tmp_path, read)] == ["work"]
    with pytest.warns(UserWarning, match="damaged"):
        remove_stale(tmp_path, read)
    assert (tmp_path / "foreign.json").exists()


@pytest.mark.parametrize(
    "changes",
    [{"pid": "1"}, {"since": "now"}, {"host": None}, {"about": {}}, {"about": 1}, {"colour": 1}],
)
def test_edited_note_is_ignored_with_a_warning(tmp_path, changes):
    edited(tmp_path, **changes)
    with pytest.warns(UserWarning, match="is ignored"):
        assert notes(tmp_path, read) == []


def test_note_that_cannot_be_written_hinders_nothing(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.warns(UserWarning, match="cannot write .*: status lacks it"),
        noted(tmp_path / "file", {"text": "work"}) as path,
    ):
        assert not path.exists()


def test_note_that_is_removed_by_hand_hinders_nothing(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with noted(tmp_path, {"text": "work"}) as path:
            path.unlink()
            assert notes(tmp_path, read) == []
