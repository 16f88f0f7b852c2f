"""Heartbeats: small files that show other processes what a process is doing and that it lives.

They are for people and for `clean`. Nothing is cancelled because a heartbeat is missing.
"""

import contextlib
import dataclasses
import json
import os
import socket
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from training.store.files import write_atomically

BEAT_SECONDS = 60
"""Time between two touches of a heartbeat, for hosts that cannot see the process itself."""

SILENT_SECONDS = 600
"""Time without a touch after which a heartbeat of another host counts as left behind."""


@dataclasses.dataclass(frozen=True)
class Heartbeat:
    """The heartbeat of a process.

    Attributes:
        path: `Path`. Its file.
        about: what the process is doing, as the `read` of `read_heartbeats` returned it.
        host: str. Name of the process's host.
        pid: int. Number of the process there.
        process_started: float. Start of the process, in seconds since 1970. Tells it from a later
            process with the same number.
        since: float. Creation of the heartbeat, in seconds since 1970.
    """

    path: Path
    about: Any
    host: str
    pid: int
    process_started: float
    since: float

    @property
    def stale(self) -> bool:
        """Whether the process is gone, killed before it could remove its heartbeat."""
        if self.host != socket.gethostname():
            return _seconds_since_touched(self.path) > SILENT_SECONDS
        import psutil

        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.process_started) < 2  # clocks get adjusted
            return not same or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


@contextlib.contextmanager
def heartbeat(folder: str | Path, about: Any) -> Iterator[Path]:
    """Keep a heartbeat in a folder while the block runs.

    A heartbeat that cannot be written is only a warning.

    Args:
        folder: str or `Path`. Is created if missing.
        about: JSON object. What the process is doing.

    Yields:
        `Path` of the file.
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


def read_heartbeats(folder: str | Path, read: Callable[[Any], Any]) -> list[Heartbeat]:
    """Return the heartbeats in a folder, oldest first; warn of damaged ones and skip them.

    Args:
        folder: str or `Path`. Need not exist.
        read: function from a heartbeat's JSON object to its `about`. Whatever it raises counts as
            damage.

    Returns:
        A list of `Heartbeat`.
    """
    found = []
    for path in Path(folder).glob("*.json"):
        try:
            content = json.loads(path.read_bytes())
            beat = Heartbeat(path=path, **{**content, "about": read(content["about"])})
            _check(beat)
        except FileNotFoundError:  # its process has just ended
            continue
        except Exception as error:
            warnings.warn(
                f"{path} is damaged or not a heartbeat ({type(error).__name__}) and is ignored; "
                "`python -m experiments clean` removes it",
                stacklevel=2,
            )
        else:
            found.append(beat)
    return sorted(found, key=lambda beat: beat.since)


def remove_stale(folder: str | Path, read: Callable[[Any], Any]) -> None:
    """Remove the heartbeats that killed processes left in a folder.

    Args:
        folder: str or `Path`. Need not exist.
        read: as in `read_heartbeats`.
    """
    for beat in read_heartbeats(folder, read):
        if beat.stale:
            with contextlib.suppress(OSError):
                beat.path.unlink()


def _check(beat: Heartbeat) -> None:
    for value, kind in (
        (beat.host, str),
        (beat.pid, int),
        (beat.process_started, float),
        (beat.since, float),
    ):
        if not isinstance(value, kind):
            raise TypeError(value)


def _seconds_since_touched(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _beat(path: Path, ended: threading.Event) -> None:
    with contextlib.suppress(OSError):  # removed by hand, for example
        while not ended.wait(BEAT_SECONDS):
            os.utime(path)
