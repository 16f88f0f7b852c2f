"""What the suite reads, writes and fetches: no pickles, no markup from outside, three data sets."""

import ast
import os
import subprocess
import sys

import pytest

from training.provenance import ROOT

ROOMS = ("benchmarks", "callbacks", "datasets", "experiments", "models", "reporting", "training")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(tree):
    """Names of the modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_reads_pickles_or_speaks_to_the_network(path):
    """Keras fetches the data sets, and unpickles CIFAR-10, having verified the download.

    Workers read what the process that started them writes into a pipe, and no file.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    banned = {
        "dill",
        "cloudpickle",
        "shelve",
        "marshal",
        "urllib.request",
        "requests",
        "http.client",
        "ftplib",
    }
    assert not banned & set(imported(tree))
    of_pickle = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("pickle.")
    }
    of_pipes = {"pickle.load", "pickle.dump"} if path.name == "worker_pool.py" else set()
    assert of_pickle <= {"pickle.UnpicklingError"} | of_pipes
    assert "pickle" not in set(imported(tree)) or of_pickle
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.literal_eval(node.value) is False
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load":
            assert "allow_pickle" in {keyword.arg for keyword in node.keywords}


CONNECTIONS = """
import socket, sys
from pathlib import Path

log = Path(sys.argv.pop(1))
connect = socket.socket.connect

def logged(self, address):
    log.write_text(log.read_text() + repr(address) + "\\n")
    return connect(self, address)

socket.socket.connect = socket.socket.connect_ex = logged
log.touch()
from experiments.__main__ import main
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_study_of_drawn_images_opens_no_connection(tmp_path, survived):
    options = ["--data", "stand-in", "--seeds", "1", "--jobs", "1"]
    folders = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            CONNECTIONS,
            str(tmp_path / "log"),
            "run",
            "momentum_nesterov",
            *options,
            *folders,
        ],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text() == ""
    survived["studies without a connection"] += 1
