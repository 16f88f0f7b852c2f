"""Notes of what is going on: small files, each kept by a process while it is at work."""

import contextlib
import dataclasses
import json
import os
import socket
import threading
import time
import uuid
import warnings
from pathlib import Path

from training.store.files import write_atomically

BEAT = 60
"""Seconds after which a process touches its note, for hosts that cannot see the process."""

SILENCE = 600
"""Seconds without a touch after which a note of another host counts as left behind."""


@dataclasses.dataclass(frozen=True)
class Note:
    """A note, and the process that keeps it.

    Attributes:
        path: of the file.
        about: what the process is at work on, as the reader of the note gives it.
        host: name of the process's host.
        pid: number of the process there.
        process_started: when it was started, which tells it from a later one of that number.
        since: when the note was written; both in seconds since 1970.
    """

    path: Path
    about: object
    host: str
    pid: int
    process_started: float
    since: float

    @property
    def stale(self):
        """Whether the process is gone, killed before it could remove its note."""
        if self.host != socket.gethostname():
            return _seconds_since_touched(self.path) > SILENCE
        import psutil

        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.process_started) < 2  # clocks are set
            return not same or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


@contextlib.contextmanager
def noted(folder, about):
    """Keep a note in a folder while the block runs, and yield its path.

    A note that cannot be written is a warning: it is there to be looked at, no more.

    Args:
        folder: is made where there is none.
        about: a JSON object.
    """
    import psutil

    path = Path(folder) / f"{uuid.uuid4().hex}.json"
    content = {
        "about": about,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started": psutil.Process().create_time(),
        "since": time.time(),
    }
    ended = threading.Event()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(content).encode())
        threading.Thread(target=_beat, args=(path, ended), daemon=True).start()
    except OSError as error:
        warnings.warn(f"cannot write {path} ({error.strerror}): status lacks it", stacklevel=3)
    try:
        yield path
    finally:
        ended.set()
        with contextlib.suppress(OSError):
            path.unlink()


def notes(folder, read):
    """The notes of a folder, the oldest first; one that is damaged is ignored with a warning.

    Args:
        folder: need not exist.
        read: function from a note's JSON object to its `about`; whatever it raises is damage.
    """
    found = []
    for path in Path(folder).glob("*.json"):
        try:
            content = json.loads(path.read_bytes())
            note = Note(path=path, **{**content, "about": read(content["about"])})
            _check(note)
        except FileNotFoundError:  # its process has just ended
            continue
        except Exception as error:
            warnings.warn(
                f"{path} is damaged or none of ours ({type(error).__name__}) and is ignored; "
                "`python -m experiments clean` removes it",
                stacklevel=2,
            )
        else:
            found.append(note)
    return sorted(found, key=lambda note: note.since)


def remove_stale(folder, read):
    """Remove the notes that killed processes left in a folder."""
    for note in notes(folder, read):
        if note.stale:
            with contextlib.suppress(OSError):
                note.path.unlink()


def _check(note):
    for value, kind in (
        (note.host, str),
        (note.pid, int),
        (note.process_started, float),
        (note.since, float),
    ):
        if not isinstance(value, kind):
            raise TypeError(value)


def _seconds_since_touched(path):
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _beat(path, ended):
    with contextlib.suppress(OSError):  # removed by hand, say
        while not ended.wait(BEAT):
            os.utime(path)
