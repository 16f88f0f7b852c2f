"""Which backend Keras runs on."""

import importlib.util
import json

import pytest

from experiments.__main__ import main
from training import BackendError, RunConfig, backend
from training.provenance import ROOT


@pytest.fixture(autouse=True)
def unset(monkeypatch, tmp_path):
    """Nothing says which backend; every one is installed."""
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


@pytest.mark.parametrize("name", backend.BACKENDS)
def test_the_variable_says_it(monkeypatch, name):
    monkeypatch.setenv("KERAS_BACKEND", name)
    assert backend.running_backend() == name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (None, "tensorflow"),
        (json.dumps({"backend": "torch"}), "torch"),
        (json.dumps({"floatx": "float32"}), "tensorflow"),
        ("{", "tensorflow"),
    ],
)
def test_else_the_configuration_file_of_keras_does(tmp_path, file, name):
    if file is not None:
        (tmp_path / "keras.json").write_text(file)
    assert backend.running_backend() == name


def test_the_variable_comes_first(monkeypatch, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "torch"}))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backend.running_backend() == "jax"


def test_an_unknown_backend(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    with pytest.raises(SystemExit) as stopped:
        main(["run", "movie_rating"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "error: unknown KERAS_BACKEND 'theano'; choose from tensorflow, jax, torch\n"
    )


def test_a_backend_that_is_not_installed(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stopped:
        main(["run", "movie_rating"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "error: KERAS_BACKEND is jax, which is not installed; install it with "
        "`pip install -r requirements-backends.txt`, or unset KERAS_BACKEND\n"
    )
    assert (ROOT / "requirements-backends.txt").exists()
    with pytest.raises(BackendError):
        backend.import_keras()


def test_runs_of_tensorflow_keep_their_keys():
    config = RunConfig(epochs=1)
    assert config.backend == "tensorflow"
    assert config.key == RunConfig(epochs=1, backend="tensorflow").key
    keys = {config.replace(backend=name).key for name in backend.BACKENDS}
    assert len(keys) == 3
