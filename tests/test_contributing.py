"""Each recipe of CONTRIBUTING.md, carried out on a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from datasets import stand_in
from datasets.content import Arrays, cached, fingerprint
from training.provenance import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", GUIDE, re.MULTILINE))
RECIPES = ["A study", "An optimizer", "A data set", "An option of a model"]
LEFT_OUT = {".git", ".venv", ".cache", "runs", "reports"}


@dataclass
class Copy:
    """A copy of the project, in which a recipe has been followed."""

    folder: Path
    environment: dict[str, str]

    def edit(self, recipe, **replaced):
        """Make each edit of a recipe, and return the files that it touches."""
        edits = re.findall(r"`([\w/]+\.py)`:\n\n```(\w+)\n(.*?)```", SECTIONS[recipe], re.DOTALL)
        for path, kind, text in edits:
            for old, new in replaced.items():
                text = text.replace(old.replace("_", " "), new)
            file = self.folder / path
            if kind == "diff":
                file.write_text(patched(file.read_text(encoding="utf-8"), text), encoding="utf-8")
            else:
                assert not file.exists()
                file.write_text(text, encoding="utf-8")
        return [path for path, *_ in edits]

    def python(self, *arguments):
        """Run Python there; return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_commands(self, recipe, *added):
        """Run each command of a recipe, with arguments added to those that run a study."""
        printed = []
        for block in re.findall(r"```sh\n(.*?)```", SECTIONS[recipe], re.DOTALL):
            for line in block.splitlines():
                python, *arguments = shlex.split(line)
                assert python == ".venv/bin/python"
                is_study = arguments[1].startswith("experiments")
                printed.append(self.python(*arguments, *(added if is_study else ())))
        return printed


def patched(text, diff):
    """Apply a diff whose hunks are found by their lines, each of which must occur just once."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return text


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(
        ROOT,
        folder,
        ignore=lambda parent, names: LEFT_OUT & set(names) if Path(parent) == ROOT else [],
    )
    environment = dict(os.environ)
    environment.pop("DESCENT_DATA_DIR", None)
    for name in ("CACHE", "RUNS"):
        environment[f"DESCENT_{name}_DIR"] = str(tmp_path / name.lower())
    return Copy(folder, environment)


@pytest.fixture
def small_images(copy, monkeypatch):
    """Stand-ins of Fashion-MNIST that are few and noise, in the copy's cache."""
    monkeypatch.setenv("DESCENT_CACHE_DIR", copy.environment["DESCENT_CACHE_DIR"])
    key = f"fashion_mnist-stand-in-{stand_in.source_hash()[:16]}"
    cached(key, lambda: noise(train=5_000, test=2_000))


def noise(train, test):
    rng = np.random.default_rng([0])
    images = [rng.integers(256, size=(n, 28, 28), dtype=np.uint8) for n in (train, test)]
    labels = [np.arange(n, dtype=np.uint8) % 10 for n in (train, test)]
    return Arrays(images[0], labels[0], images[1], labels[1])


def test_recipes():
    assert list(SECTIONS) == RECIPES


@pytest.mark.parametrize("recipe", RECIPES)
def test_edits_fit_and_pass_the_checks(copy, recipe):
    files = copy.edit(recipe)
    assert files
    copy.python("-m", "ruff", "check", *files)
    copy.python("-m", "ruff", "format", "--check", *files)


def test_an_added_data_set_loads(copy, tmp_path):
    arrays = noise(train=60_000, test=10_000)
    np.savez(tmp_path / "kmnist.npz", **arrays._asdict())
    copy.environment["DESCENT_DATA_DIR"] = str(tmp_path)
    (printed,) = copy.run_commands("A data set")
    assert printed.strip() == fingerprint(arrays)
    copy.edit("A data set", THE_PRINTED_HASH=printed.strip())
    script = "import datasets; print(datasets.load('kmnist').source, 'kmnist' in datasets.NAMES)"
    assert copy.python("-c", script).split() == ["real", "True"]


@pytest.mark.slow
@pytest.mark.usefixtures("small_images")
def test_an_added_study_runs(copy, tmp_path):
    copy.edit("A study")
    out = tmp_path / "report"
    copy.run_commands("A study", "--data", "stand-in", "--seeds", "2", "--out", str(out))
    assert (out / "relu_or_sigmoid" / "loss_at_each_iteration.svg").is_file()
    assert "ReLU has the lower test loss" in (out / "README.md").read_text(encoding="utf-8")
    assert "relu_or_sigmoid" in copy.python("-m", "experiments", "list")


@pytest.mark.slow
@pytest.mark.usefixtures("small_images")
def test_an_added_optimizer_trains_and_is_in_the_study_of_optimizers(copy):
    copy.edit("An optimizer")
    copy.run_commands("An optimizer")
    copy.python("-c", "from experiments import optimizers; optimizers.KERAS_RATES['Adamax']")
    assert copy.python("-c", training_script("optimizer='adamax'")).split() == ["True"] * 3


@pytest.mark.slow
@pytest.mark.usefixtures("small_images")
def test_an_added_option_trains(copy):
    copy.edit("An option of a model")
    copy.run_commands("An option of a model")
    assert copy.python("-c", training_script("noise=0.5")).split() == ["True"] * 3


def training_script(change):
    """A script that prints whether a run with a change ends finite, and otherwise than without."""
    return (
        "import math\n"
        "from training import RunConfig, run_all\n"
        "config = RunConfig(data='stand-in', train_size=600, iterations=4)\n"
        f"one, other = run_all([config, config.replace({change})], jobs=1)\n"
        "losses = one.final['loss'], other.final['loss']\n"
        "print(*map(math.isfinite, losses), losses[0] != losses[1])\n"
    )
