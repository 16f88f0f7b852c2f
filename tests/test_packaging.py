"""Dependencies, their locks, and what hooks and workflows run."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from training.provenance import ROOT


def read_toml(name):
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


PROJECT = read_toml("pyproject.toml")
LOCKED = read_toml("uv.lock")["package"]
DEPENDENCIES = [one for one in LOCKED if one["source"] != {"virtual": "."}]


def test_lock_is_of_these_dependencies():
    def stated(lines):
        needed = map(Requirement, lines)
        return {(canonicalize_name(one.name), str(one.specifier)) for one in needed}

    def locked(entries):
        return {(one["name"], one["specifier"]) for one in entries}

    (own,) = [one["metadata"] for one in LOCKED if one not in DEPENDENCIES]
    chosen = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    lines = [line.partition("#")[0] for line in chosen]
    assert stated(line for line in lines if line.strip()) == locked(own["requires-dist"])


def test_both_locks_agree():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split(" ")[0] for line in lines if line[:1].isalnum()}
    assert pinned == {f"{one['name']}=={one['version']}" for one in DEPENDENCIES}


def test_supported_pythons():
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    assert [minor for minor in range(30) if f"3.{minor}" in allowed] == [11, 12, 13]


@pytest.mark.parametrize("minor", [11, 12, 13])
@pytest.mark.parametrize(
    "platform",
    ["manylinux.*_x86_64", "manylinux.*_aarch64", "macosx.*_(arm64|universal2)", "win_amd64"],
)
def test_every_dependency_has_a_wheel(minor, platform):
    tags = {*cpython_tags((3, minor), platforms=["any"]), *compatible_tags((3, minor))}
    understood = {(tag.interpreter, tag.abi) for tag in tags}

    def fits(wheel):
        _, _, _, of_wheel = parse_wheel_filename(wheel["url"].rpartition("/")[2])
        return any(
            (tag.interpreter, tag.abi) in understood
            and re.fullmatch(f"any|{platform}", tag.platform)
            for tag in of_wheel
        )

    lacking = [one["name"] for one in DEPENDENCIES if not any(map(fits, one["wheels"]))]
    assert lacking == []


@pytest.mark.parametrize("hook", ["build_sdist", "build_wheel", "prepare_metadata_for_build_wheel"])
def test_build_ends_with_one_line(hook):
    build = PROJECT["build-system"]
    script = f"import sys; sys.path[:0] = {build['backend-path']}\n"
    script += f"import {build['build-backend']} as backend; backend.{hook}('wheels')"
    variables = {name: value for name, value in os.environ.items() if name != "UV"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "make reproduce" in line
    assert "uv run python -m experiments list" in line


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


WORKFLOWS = {path.name: read_yaml(path) for path in (ROOT / ".github/workflows").iterdir()}


def commands_of(workflow):
    steps = [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


def test_workflows_run_targets_of_the_makefile():
    named = {
        name: re.findall(r"^make (\S+)", "\n".join(commands_of(name)), re.M) for name in WORKFLOWS
    }
    assert named == {
        "tests.yml": ["lint", "test"],
        "slow-tests.yml": ["test-slow"],
        "pages.yml": [],
    }
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {target for targets in named.values() for target in targets} <= {
        *re.findall(r"^([a-z-]+):", makefile, re.M)
    }


def test_workflows_test_every_supported_python():
    matrix = WORKFLOWS["tests.yml"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]


def test_published_page_is_committed():
    (command,) = commands_of("pages.yml")
    assert (ROOT / command.split(" cp ")[1].split()[0]).is_file()


def test_commits_are_checked_as_lint_does():
    (repository,) = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    entries = [
        hook["entry"].removeprefix(".venv/bin/").split(" --")[0] for hook in repository["hooks"]
    ]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.M)[1]
    assert entries == re.findall(r"\$\(BIN\)/([a-z]+(?: [a-z]+)?)", lint)


def test_versions_agree():
    version = PROJECT["project"]["version"]
    citation = read_yaml(ROOT / "CITATION.cff")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert citation["version"] == version
    assert f"## [{version}] - {citation['date-released']}\n" in changes
