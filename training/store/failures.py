"""Runs that could not be trained: why, and the files with the details; likewise searches."""

import contextlib
import dataclasses
import json
import re
import signal
from pathlib import Path

from training.config import RunConfig
from training.store.files import write_atomically
from training.store.run_cache import RunCache

FOLDER = "failed"
"""Folder of the cache: KEY.txt says why a run failed, until a later try succeeds."""

MEMORY = re.compile(
    r"bad_alloc|ResourceExhausted|RESOURCE_EXHAUSTED|MemoryError|out of memory", re.I
)
LESS = "a smaller batch size or network, or fewer --jobs, needs less"


class RunError(Exception):
    """A run that could not be trained.

    Attributes:
        reason: str. One line.
        details: str. A traceback, or the last output of its process.
    """

    def __init__(self, reason: str, details: str) -> None:
        super().__init__(reason, details)  # both, so that it can be pickled
        self.reason = reason
        self.details = details

    @classmethod
    def of_exception(cls, error: BaseException, details: str) -> "RunError":
        """Return the error of a run that ended with an exception.

        Args:
            error: exception. What the training raised.
            details: str. Its traceback.
        """
        kind = type(error).__name__
        if MEMORY.search(f"{kind} {error}"):
            return cls(f"out of memory ({kind}); {LESS}", details)
        return cls(f"{kind}: {error}".partition("\n")[0].rstrip(": "), details)

    @classmethod
    def of_exit(cls, code: int, output: str) -> "RunError":
        """Return the error of a run whose process ended.

        Args:
            code: int. Its exit code, or −n if signal n ended it.
            output: str. What it printed last.
        """
        ended = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        if MEMORY.search(output):
            return cls(f"out of memory ({ended}); {LESS}", output)
        if code == -signal.SIGKILL:
            why = f"its process was killed ({ended}), as the system does when memory runs out"
            return cls(f"{why}; {LESS}", output)
        return cls(f"its process ended with {ended}", output)


class SearchError(ValueError):
    """A search that cannot be done as asked; the message is one line that says what to do."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        config: `RunConfig` of the run.
        reason: str. One line.
        path: `Path` of the file with the details; None if it could not be written.
    """

    config: RunConfig
    reason: str
    path: Path | None

    def __str__(self) -> str:
        return f"{self.config.description}: {self.reason}"


class FailedRunsError(Exception):
    """Runs that failed; all others of the sweep are stored.

    Attributes:
        failures: list of `Failure`, at least one.
        total: int. Number of runs that were asked for.
    """

    def __init__(self, failures: list[Failure], total: int) -> None:
        first = failures[0]
        count = f"{len(failures)} of {total} runs failed"
        if len(failures) > 1:
            count += ", first"
        details = f"Details: {first.path}" if first.path else "The details could not be written"
        if total > len(failures):
            details += "; the others are stored"
        super().__init__(f"{count}: {first}. {details}. The same command tries again what failed")
        self.failures = failures
        self.total = total

    def __add__(self, other: "FailedRunsError") -> "FailedRunsError":
        """The failures of two sweeps as one."""
        return FailedRunsError(self.failures + other.failures, self.total + other.total)


def keep_failure(cache: RunCache, config: RunConfig, error: RunError) -> Failure:
    """Write why a run failed into the cache's folder `failed`.

    Args:
        cache: `RunCache`. Where the run would have been stored.
        config: `RunConfig`. The run.
        error: `RunError`. Why it failed.

    Returns:
        The `Failure`. If the file cannot be written, its `path` is None.
    """
    path = _path(cache, config.key)
    failure = Failure(config, error.reason, path)
    text = f"{failure}\n\n{json.dumps(config.to_json())}\n\n{error.details}".rstrip() + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode(errors="backslashreplace"))
    except OSError:  # a full disk, for example, must not end the sweep
        return dataclasses.replace(failure, path=None)
    return failure


def forget_failure(cache: RunCache, config: RunConfig) -> None:
    """Remove what `keep_failure` wrote about a run.

    Args:
        cache: `RunCache`. Where the run is to be stored.
        config: `RunConfig`. The run, which need not have failed.
    """
    with contextlib.suppress(OSError):  # not allowed; it is only text for people
        _path(cache, config.key).unlink()


def kept_failures(cache: RunCache) -> dict[str, str]:
    """Return what `keep_failure` wrote: config's key → the line that says why the run failed.

    Args:
        cache: `RunCache`. Where the runs are stored.
    """
    lines = {}
    for path in sorted((cache.folder / FOLDER).glob("*.txt")):
        with contextlib.suppress(FileNotFoundError):  # the run is being tried again
            lines[path.stem] = _first_line(path)
    return lines


def failure_of(cache: RunCache, config: RunConfig) -> Failure | None:
    """Return the `Failure` that was kept of a run, or None.

    Args:
        cache: `RunCache`. Where the run would have been stored.
        config: `RunConfig`. The run.
    """
    path = _path(cache, config.key)
    try:
        return Failure(config, _first_line(path).removeprefix(f"{config.description}: "), path)
    except OSError:
        return None


def _first_line(path: Path) -> str:
    return path.read_text(errors="replace").partition("\n")[0]


def _path(cache: RunCache, key: str) -> Path:
    return cache.folder / FOLDER / f"{key}.txt"
