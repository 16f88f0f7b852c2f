"""Where a result comes from: versions, processor, commit, date."""

import datetime
import functools
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from training.backend import running_backend

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the project."""


@functools.cache
def provenance() -> dict[str, Any]:
    """Return facts about this machine and code at the first call, as a JSON object."""
    libraries = (running_backend(), "keras", "numpy")
    versions = {name: metadata.version(name) for name in libraries}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "processor": _processor(),
        "commit": _commit(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")


def _commit():
    """Return the git commit, followed by "+" if files differ; None outside a checkout."""
    try:
        commit = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
        return f"{commit}+" if changed else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments):
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
