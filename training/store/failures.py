"""Runs that could not be trained, why, and where the details are kept; searches likewise."""

import contextlib
import dataclasses
import json
import re
import signal
from pathlib import Path

from training.config import RunConfig
from training.store.files import write_atomically

FOLDER = "failed"
"""Of the cache: KEY.txt tells why a run failed, until a later try succeeds."""

MEMORY = re.compile(
    r"bad_alloc|ResourceExhausted|RESOURCE_EXHAUSTED|MemoryError|out of memory", re.I
)
LESS = "a smaller batch size or network, or fewer --jobs, needs less"


class RunError(Exception):
    """A run that could not be trained.

    Attributes:
        reason: in one line.
        details: a traceback, or what its process said last.
    """

    def __init__(self, reason, details):
        super().__init__(reason, details)  # both, so that it can be pickled
        self.reason = reason
        self.details = details

    @classmethod
    def of_exception(cls, error, details):
        """For an exception of the training, and its traceback."""
        kind = type(error).__name__
        if MEMORY.search(f"{kind} {error}"):
            return cls(f"out of memory ({kind}); {LESS}", details)
        return cls(f"{kind}: {error}".partition("\n")[0].rstrip(": "), details)

    @classmethod
    def of_exit(cls, code, said):
        """For a process that ended with an exit code, or −n by signal n, and said that."""
        ended = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        if MEMORY.search(said):
            return cls(f"out of memory ({ended}); {LESS}", said)
        if code == -signal.SIGKILL:
            why = f"its process was killed ({ended}), as the system does when memory runs out"
            return cls(f"{why}; {LESS}", said)
        return cls(f"its process ended with {ended}", said)


class SearchError(ValueError):
    """A search that cannot be made as asked; the message is one line that says what to do."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        config: of the run.
        reason: in one line.
        path: the file that tells the details.
    """

    config: RunConfig
    reason: str
    path: Path

    def __str__(self):
        return f"{self.config.description}: {self.reason}"


class FailedRunsError(Exception):
    """Runs that failed; all others of the sweep are stored.

    Attributes:
        failures: a list of `Failure`.
        total: runs that were asked for.
    """

    def __init__(self, failures, total):
        first = failures[0]
        runs = f"{len(failures)} of {total} runs failed" + ", first" * (len(failures) > 1)
        stored = "; the others are stored" * (total > len(failures))
        super().__init__(
            f"{runs}: {first}. Details: {first.path}{stored}. "
            "The same command tries again what failed"
        )
        self.failures = failures
        self.total = total

    def __add__(self, other):
        """The failures of two sweeps as one."""
        return FailedRunsError(self.failures + other.failures, self.total + other.total)


def keep_failure(cache, config, error):
    """Write why a run failed into the folder `failed` of the cache, and return the `Failure`."""
    path = _path(cache, config.key)
    failure = Failure(config, error.reason, path)
    text = f"{failure}\n\n{json.dumps(config.to_json())}\n\n{error.details}"
    with contextlib.suppress(OSError):  # a full disk, say, must not end the sweep
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.rstrip().encode() + b"\n")
    return failure


def forget_failure(cache, config):
    """Remove what was kept of a failure."""
    _path(cache, config.key).unlink(missing_ok=True)


def kept_failures(cache):
    """Key → the line that says why it failed."""
    lines = {}
    for path in sorted((cache.folder / FOLDER).glob("*.txt")):
        with contextlib.suppress(FileNotFoundError):  # it is being tried again
            lines[path.stem] = _first_line(path)
    return lines


def failure_of(cache, config):
    """The `Failure` that was kept of a config; None when there is none."""
    path = _path(cache, config.key)
    try:
        return Failure(config, _first_line(path).removeprefix(f"{config.description}: "), path)
    except FileNotFoundError:
        return None


def _first_line(path):
    return path.read_text(errors="replace").partition("\n")[0]


def _path(cache, key):
    return cache.folder / FOLDER / f"{key}.txt"
