import datetime
import json
import platform
import subprocess
from importlib import metadata

import pytest

from training import provenance as module


@pytest.fixture
def provenance():
    module.provenance.cache_clear()
    yield module.provenance
    module.provenance.cache_clear()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    def git(*arguments):
        who = ("-c", "user.name=A", "-c", "user.email=a@b.c")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True)

    monkeypatch.setattr(module, "ROOT", tmp_path)
    git("init", "--quiet")
    (tmp_path / "code.py").write_text("1")
    git("add", "code.py")
    git("commit", "--quiet", "--message", "first")
    return tmp_path


def test_facts(provenance):
    facts = provenance()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["versions"] == {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("tensorflow", "keras", "numpy")},
    }
    assert facts["processor"]
    written = datetime.datetime.strptime(facts["date"], "%Y-%m-%d %H:%M UTC")
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    assert abs(now - written) < datetime.timedelta(minutes=5)


def test_commit_of_a_clean_checkout(provenance, repository):
    commit = provenance()["commit"]
    assert len(commit) == 10
    assert set(commit) <= set("0123456789abcdef")


def test_commit_is_marked_where_files_differ(provenance, repository):
    (repository / "untracked.txt").write_text("a report")
    clean = module._commit()
    (repository / "code.py").write_text("2")
    assert provenance()["commit"] == clean + "+"
    assert not clean.endswith("+")


def test_no_commit_outside_a_checkout(provenance, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance()["commit"] is None


def test_no_commit_without_git(provenance, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance()["commit"] is None


def test_processor_where_the_system_does_not_tell(provenance, monkeypatch):
    def unreadable(self):
        raise FileNotFoundError(self)

    monkeypatch.setattr(module.Path, "read_text", unreadable)
    assert module._processor() == (platform.processor() or platform.machine())
