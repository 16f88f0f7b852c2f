"""What the README says works, and its numbers are those of the committed report."""

import os
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest

import training
from experiments import study_names
from reporting.page.report import MARKS, write_claims
from training.provenance import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def snippets():
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What the snippets take for given: images, labels and a model."""
    rng = np.random.default_rng([0])

    def images(n):
        return rng.integers(256, size=(n, 28, 28), dtype=np.uint8), rng.integers(10, size=n)

    (x, y), (xv, yv) = images(300), images(30)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {
        **{"x": x, "y": y, "xv": xv, "yv": yv, "model": model},
        **{"images": x[:50, ..., None] / np.float32(255), "labels": y[:50]},
    }


def test_snippets_run(names, monkeypatch):
    recording, fitting, by_hand, sweep = snippets()
    exec(recording, names)
    assert names["losses"].values.shape == (6,)
    exec(fitting, names)
    assert names["history"].iteration_loss.shape == (6,)
    exec(by_hand, names)
    assert names["history"].iteration_loss.shape == (4,)
    # The sweep itself would train on whole data sets.
    monkeypatch.setattr(training, "run_all", lambda configs, jobs: configs)
    exec(sweep, names)
    assert len(names["records"]) == 5


def test_files_that_are_linked_exist():
    links = re.findall(r"\]\(([^)#:]+)[^):]*\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_claims_are_those_of_the_committed_report(tmp_path):
    copy = tmp_path / "README.md"
    copy.write_text(README, encoding="utf-8")
    write_claims(copy, ROOT / "reports" / "paper")
    from_here = os.path.relpath(ROOT, tmp_path) + "/"
    assert copy.read_text(encoding="utf-8").replace(from_here, "") == README
    assert README.count(MARKS[0]) == 1


def test_the_committed_report_is_of_studies_that_exist():
    reported = {path.parent.name for path in (ROOT / "reports" / "paper").glob("*/findings.json")}
    studies = {name for name in reported if not name.startswith("search_")}
    assert studies
    assert studies <= set(study_names())
