"""The four arrays of an image set, their hash, and the decoded copies kept on disk."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .errors import DataError

CACHE = Path(__file__).resolve().parents[1] / ".cache"


class Arrays(NamedTuple):
    """Images of shape (n, 28, 28) or (n, 32, 32, 3) and labels of shape (n,), all uint8."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def fingerprint(arrays: Arrays) -> str:
    """SHA-256 over the raw bytes (C order, uint8) of the four arrays, one after the other.

    Shapes do not enter: labels of shape (n, 1) and (n,) give the same value.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def read_npz(path: Path) -> Arrays:
    """The four arrays of the NumPy archive at `path`.

    Raises:
        DataError: the file is damaged, is no such archive, or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return Arrays(*(archive[field] for field in Arrays._fields))
    # A damaged archive raises whatever its zip, LZMA or deflate decoder meets first.
    except Exception as error:
        raise DataError(
            f"{path} cannot be read ({_one_line(error)}): allowed is an undamaged .npz archive"
            f" with the arrays {', '.join(Arrays._fields)}; replace the file"
        ) from error


def cached(key: str, make: Callable[[], Arrays]) -> tuple[Arrays, str]:
    """The arrays kept under `key`, made and kept first where they are missing or damaged.

    The copies are uncompressed archives in `.cache/datasets/` beside the code, or in `datasets/`
    of the folder that the environment variable DESCENT_CACHE_DIR names. Each carries its
    fingerprint. Without a writable folder the arrays are made anew each time.

    Args:
        key: a file name without ending, another one whenever `make` gives other arrays.
        make: gives the arrays; its errors pass through.

    Returns:
        The arrays and their fingerprint.
    """
    path = Path(os.environ.get("DESCENT_CACHE_DIR") or CACHE) / "datasets" / f"{key}.npz"
    kept = _kept(path)
    if kept is not None:
        return kept
    arrays = make()
    value = fingerprint(arrays)
    _keep(path, arrays, value)
    return arrays, value


def _kept(path: Path) -> tuple[Arrays, str] | None:
    try:
        arrays = read_npz(path)
        with np.load(path, allow_pickle=False) as archive:
            value = str(archive["fingerprint"])
    except (DataError, OSError, KeyError, ValueError):
        return None
    return (arrays, value) if fingerprint(arrays) == value else None


def _keep(path: Path, arrays: Arrays, value: str) -> None:
    # The replacement is atomic: of two processes the later one wins, and a reader sees a whole
    # file whenever it looks.
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            np.savez(file, fingerprint=np.array(value), **arrays._asdict())
        temporary.replace(path)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
