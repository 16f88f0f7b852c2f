import subprocess
import sys

import pytest

from training.provenance import ROOT

HEAVY = {"tensorflow", "keras", "matplotlib", "scipy", "pyarrow"}


@pytest.mark.parametrize("package", ["training", "reporting", "datasets"])
def test_import_is_light(package):
    script = f"import {package}, sys; print(*{HEAVY!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_fit_is_imported_at_first_use():
    script = (
        "import sys, training\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert callable(training.fit) and training.History\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    "script",
    [
        "from training import fit",
        "from training.loop import optimizer_paths",
        "from training.loop import gradients",
        "from training import fit; import tensorflow; tensorflow.get_logger().warning('retraced')",
    ],
)
def test_what_brings_keras_says_nothing(script):
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unknown_name():
    import training

    with pytest.raises(AttributeError, match="module 'training' has no attribute 'fitt'"):
        training.fitt  # noqa: B018
