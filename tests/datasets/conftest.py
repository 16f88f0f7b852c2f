"""Small published sets, so that loading is tested without the real files."""

import dataclasses
import hashlib

import numpy as np
import pytest

from datasets import loading


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("DESCENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("DESCENT_DATA_DIR", raising=False)


@pytest.fixture
def arrays():
    rng = np.random.default_rng([0])
    return {
        "x_train": rng.integers(256, size=(20, 32, 32, 3), dtype=np.uint8),
        "y_train": rng.integers(10, size=(20, 1), dtype=np.uint8),
        "x_test": rng.integers(256, size=(10, 32, 32, 3), dtype=np.uint8),
        "y_test": rng.integers(10, size=(10, 1), dtype=np.uint8),
    }


@pytest.fixture
def published(arrays, monkeypatch):
    """Make `arrays` the published CIFAR-10, and return its hash."""
    raw = b"".join(arrays[name].tobytes() for name in ("x_train", "y_train", "x_test", "y_test"))
    sha256 = hashlib.sha256(raw).hexdigest()
    small = dataclasses.replace(
        loading.PUBLISHED["cifar10"], sha256=sha256, train_size=20, test_size=10
    )
    monkeypatch.setitem(loading.PUBLISHED, "cifar10", small)
    return sha256


@pytest.fixture
def folder(tmp_path, arrays, published):
    """A data folder with that CIFAR-10, packed with deflate."""
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez_compressed(folder / "cifar10.npz", **arrays)
    return folder
