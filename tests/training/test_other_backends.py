"""Training with Keras on another backend: the same losses, and the same tests again."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from training.provenance import ROOT

FOLDER = Path(__file__).parent
NEUTRAL = (
    "loop/backends/test_chunks.py",
    "loop/backends/test_jax_convolutions.py",
    "loop/test_fitting.py",
    "loop/test_gradients.py",
    "loop/test_optimizer_paths.py",
    "single_run/test_engines.py",
    "test_optimizers.py",
)
"""Test files that hold on every backend."""

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="this is another backend"
)
others = pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("jax", "torch")]
)


def python(backend, *arguments):
    """Run Python on a backend."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def losses_of(tmp_path_factory):
    """A function of a backend that returns case → its records, computed once per backend."""
    folder = tmp_path_factory.mktemp("losses")

    def of(backend):
        file = folder / f"{backend}.npz"
        if not file.exists():
            done = python(backend, FOLDER / "losses_of_backend.py", file)
            assert done.returncode == 0, done.stderr[-4000:]
        return np.load(file)

    return of


@others
def test_losses_are_those_of_tensorflow(backend, losses_of):
    pytest.importorskip(backend)
    ours, theirs = losses_of(backend), losses_of("tensorflow")
    assert set(ours) == set(theirs)
    for case in theirs:
        np.testing.assert_allclose(ours[case], theirs[case], rtol=1e-3, atol=2e-5, err_msg=case)
        # The first losses, before differences of rounding have grown.
        np.testing.assert_allclose(ours[case][:4], theirs[case][:4], rtol=1e-5, err_msg=case)


def test_files_for_every_backend_exist():
    assert [name for name in NEUTRAL if not (FOLDER / name).is_file()] == []


@others
def test_what_holds_on_every_backend_holds_on(backend):
    pytest.importorskip(backend)
    files = [FOLDER / name for name in NEUTRAL]
    done = python(backend, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    assert done.returncode == 0, done.stdout[-4000:]


@others
def test_keras_runs_without_tensorflow(backend):
    """Nothing outside the TensorFlow backend imports TensorFlow."""
    pytest.importorskip(backend)
    script = (
        "import sys, numpy, training, models\n"
        "model = models.dense_classifier((2, 2), classes=2)\n"
        "model.compile('sgd', 'sparse_categorical_crossentropy')\n"
        "training.fit(model, numpy.zeros((4, 2, 2)), numpy.zeros(4))\n"
        "print('tensorflow' in sys.modules)"
    )
    done = python(backend, "-c", script)
    assert done.stdout.strip() == "False", done.stderr[-4000:]
