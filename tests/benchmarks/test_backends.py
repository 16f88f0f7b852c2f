import re

import pytest

from benchmarks import backends, contenders
from training.backend import BACKENDS


def test_names_agree():
    assert tuple(backends.TITLES) == BACKENDS
    assert set(backends.WAYS) <= set(contenders.CONTENDERS)
    assert set(backends.NETWORKS) <= set(contenders.WORKLOADS)


def test_table():
    rates = {"dense-128": [1000.4, 1200, 800], "cnn": [50, 40.2, 60]}
    lines = list(backends.table({("jax", "training_fit"): rates}))
    assert lines == [
        "| Backend | Way | 784-128-10 | CNN 32-64 |",
        "|---|---|---:|---:|",
        "| JAX | `training.fit` | 1,000 (800 to 1,200) | 50 (40 to 60) |",
    ]


def test_written_between_the_marks():
    text = f"a\n{backends.BEGIN}\nold\n{backends.END}\nb\n"
    written = backends.between_marks(text, ["| new |"])
    assert written == f"a\n{backends.BEGIN}\n\n| new |\n\n{backends.END}\nb\n"
    assert backends.between_marks(written, ["| new |"]) == written


@pytest.mark.parametrize("text", ["", backends.BEGIN, backends.END + backends.BEGIN])
def test_marks_that_are_missing(text):
    with pytest.raises(ValueError, match=re.escape(backends.BEGIN)):
        backends.between_marks(text, [])
