"""The four arrays of an image set, their hash, and the decoded copies cached on disk."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

CACHE = Path(__file__).resolve().parents[1] / ".cache"


class Arrays(NamedTuple):
    """The arrays of an image set, all uint8.

    Attributes:
        x_train: training images, shape (n, 28, 28) or (n, 32, 32, 3).
        y_train: their labels, shape (n,).
        x_test: test images.
        y_test: their labels.
    """

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]


def fingerprint(arrays: Arrays) -> str:
    """SHA-256 over the raw bytes (C order) of the four arrays, in order.

    Shapes are not hashed: labels of shape (n, 1) and (n,) give the same value.

    Args:
        arrays: `Arrays`.

    Returns:
        str, 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def read_npz(path: Path) -> Arrays:
    """Read the four arrays of a NumPy archive.

    Args:
        path: `Path` of the .npz file.

    Returns:
        `Arrays`.

    Raises:
        DataError: if the file is damaged, is not such an archive, or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return Arrays(*(archive[field] for field in Arrays._fields))
    # A damaged archive raises whatever error its zip, LZMA or deflate decoder hits first.
    except Exception as error:
        raise DataError(
            f"{path} cannot be read ({_one_line(error)}): it must be an undamaged .npz archive"
            f" with the arrays {', '.join(Arrays._fields)}; replace the file"
        ) from error


def cached(key: str, make: Callable[[], Arrays]) -> tuple[Arrays, str]:
    """Read the arrays cached under `key`; if they are missing or damaged, make and cache them.

    The copies are uncompressed archives in `.cache/datasets/` beside the code, or in `datasets/`
    in the folder named by the environment variable DESCENT_CACHE_DIR. Each contains its
    fingerprint. Without a writable folder the arrays are made again each time.

    Args:
        key: str, a file name without suffix, different whenever `make` returns different arrays.
        make: callable that returns `Arrays`; its errors propagate.

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
    # The replacement is atomic: the later of two processes wins, and a reader always sees a
    # complete file.
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
