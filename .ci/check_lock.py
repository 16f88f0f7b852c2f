"""Check that requirements.txt is complete and has wheels on every Python version we support.

Asks the package index, so it is no part of `make test`: `make check-lock`.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def supported_versions() -> list[str]:
    """The minor versions that `requires-python` admits: "3.11", "3.12", ..."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = SpecifierSet(project["requires-python"])
    return [version for minor in range(30) if (version := f"3.{minor}") in allowed]


def resolve(python: str) -> list[dict]:
    """Return the metadata of every locked package, as a wheel for this version of Python.

    Raises:
        subprocess.CalledProcessError: Where a package has no such wheel; pip has printed which.
    """
    with tempfile.TemporaryDirectory() as target:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--report", "-"]
        command += ["--python-version", python, "--target", target]
        command += ["--requirement", str(ROOT / "requirements.txt")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [found["metadata"] for found in json.loads(done.stdout)["install"]]


def missing(packages: list[dict], python: str) -> list[str]:
    """What the packages require on this version of Python that is not locked as they need it."""
    locked = {canonicalize_name(one["name"]): one["version"] for one in packages}
    here = default_environment() | {"python_version": python, "python_full_version": f"{python}.0"}
    lacking = []
    for package in packages:
        for line in package.get("requires_dist", []):
            needed = Requirement(line)
            if needed.marker and not needed.marker.evaluate({**here, "extra": ""}):
                continue
            version = locked.get(canonicalize_name(needed.name))
            if version is None or not needed.specifier.contains(version, prereleases=True):
                lacking.append(f"{package['name']} requires {line}, locked: {version}")
    return lacking


def main() -> int:
    """Print a line for each version; return 1 where one lacks something."""
    failed = False
    for python in supported_versions():
        try:
            packages = resolve(python)
        except subprocess.CalledProcessError:
            print(f"Python {python}: a locked package has no wheel", file=sys.stderr)
            failed = True
            continue
        lacking = missing(packages, python)
        print(f"Python {python}: {len(packages)} wheels", *lacking, sep="\n  ")
        failed = failed or bool(lacking)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
