"""Loading the image sets from a data folder, from Keras, or as stand-ins."""

import contextlib
import gzip
import hashlib
import io
import os
import pickle
import socket
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import stand_in
from .content import Arrays, cached, fingerprint, read_npz
from .errors import DataError, StandInWarning

SOURCES = ("auto", "real", "stand-in")
DOWNLOAD_TIMEOUT = 10  # seconds without an answer


@dataclass(frozen=True)
class Published:
    """Facts about a published image set; its hash decides whether data is real.

    Attributes:
        title: its name for readers.
        sha256: `fingerprint` of its arrays.
        train_size: number of training images.
        test_size: number of test images.
        image_shape: shape of one image.
        class_names: names in the order of the labels.
    """

    title: str
    sha256: str
    train_size: int
    test_size: int
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]


PUBLISHED = {
    "fashion_mnist": Published(
        "Fashion-MNIST",
        "ca3ab2a37f845e1b8ae23cab1b51749a3011ba3bf1d9016176d75cbaabac376f",
        60_000,
        10_000,
        (28, 28),
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
    "mnist": Published(
        "MNIST",
        "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16",
        60_000,
        10_000,
        (28, 28),
        tuple("0123456789"),
    ),
    "cifar10": Published(
        "CIFAR-10",
        "80387ddb9a0edf3fc4a964ee3770296169bb26a651050df20035579673099660",
        50_000,
        10_000,
        (32, 32, 3),
        (
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
    ),
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """An image set, its pixels uint8 as published.

    Attributes:
        name: a key of `PUBLISHED`, such as "fashion_mnist".
        x_train: uint8, shape (60000, 28, 28), for CIFAR-10 (50000, 32, 32, 3).
        y_train: uint8, shape (60000,), for CIFAR-10 (50000,).
        x_test: uint8, shape (10000, 28, 28) or (10000, 32, 32, 3).
        y_test: uint8, shape (10000,).
        class_names: the ten names, in the order of the labels.
        source: "real" or "stand-in".
        fingerprint: SHA-256 over the raw bytes of x_train, y_train, x_test, y_test.
    """

    name: str
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]
    class_names: tuple[str, ...]
    source: str
    fingerprint: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one image: (28, 28) or (32, 32, 3)."""
        return self.x_train.shape[1:]


def load(name: str, source: str = "auto", data_dir: str | Path | None = None) -> Dataset:
    """Load an image set.

    Args:
        name: str, a key of `PUBLISHED`, such as "fashion_mnist".
        source: str. "real": the published images, from the data folder if there is one, otherwise
            from Keras, which downloads and caches them. "stand-in": images drawn by code, of the
            same shapes, sizes and class names. "auto": the real images or, if there is no folder
            and Keras cannot get them, the stand-in, with a `StandInWarning`. Defaults to "auto".
        data_dir: str, `Path` or None, a folder of `NAME.npz` files with the arrays x_train,
            y_train, x_test, y_test. Defaults to None, the folder named by the environment variable
            DESCENT_DATA_DIR.

    Returns:
        A `Dataset`.

    Raises:
        DataError: if the name or source is unknown, there are no real images, or their content
            differs from the published one.
    """
    _check(name, source)
    if source == "stand-in":
        return _stand_in(name)
    path = _given_file(name, data_dir)
    if path is not None:
        return _from_file(name, path)
    try:
        arrays = _keras_arrays(name)
    except _OutOfReachError as error:
        remedy = f"name a folder that contains {name}.npz with --data-dir or DESCENT_DATA_DIR"
        if name not in stand_in.SIZES:
            raise DataError(f"{name}: {error}; {remedy}") from error
        if source == "real":
            raise DataError(f"{name}: {error}; {remedy}, or use --data stand-in") from error
        warnings.warn(
            f"{name}: {error}; drawn stand-in images are used instead. For the real ones {remedy}",
            StandInWarning,
            stacklevel=2,
        )
        return _stand_in(name)
    return _real(name, arrays, fingerprint(arrays), f"Keras's cache in {_keras_cache()}")


def resolve(name: str, source: str = "auto", data_dir: str | Path | None = None) -> str:
    """Find out which source `load` uses for the same arguments.

    If a data folder is given, its file must exist but is not opened. Without a folder the real
    images are loaded, so that they are in Keras's cache afterwards.

    Args:
        name: str, see `load`.
        source: str, see `load`. Defaults to "auto".
        data_dir: str, `Path` or None, see `load`. Defaults to None.

    Returns:
        "real" or "stand-in".

    Raises:
        DataError: as in `load`, except for a file that exists but does not hold the published
            images.
    """
    _check(name, source)
    if source == "stand-in":
        return "stand-in"
    if _given_file(name, data_dir) is not None:
        return "real"
    return load(name, source).source


class _OutOfReachError(Exception):
    """Keras can neither find nor download the images."""


def _check(name: str, source: str) -> None:
    if name not in PUBLISHED:
        raise DataError(f"unknown image set {name!r}; choose from {', '.join(PUBLISHED)}")
    if source not in SOURCES:
        raise DataError(f"unknown data source {source!r}; choose from {', '.join(SOURCES)}")
    if source == "stand-in" and name not in stand_in.SIZES:
        raise DataError(
            f"{name} has no stand-in; use --data real, and name a folder that contains {name}.npz"
            " with --data-dir or DESCENT_DATA_DIR"
        )


def _given_file(name: str, data_dir: str | Path | None) -> Path | None:
    folder = data_dir or os.environ.get("DESCENT_DATA_DIR")
    if not folder:
        return None
    path = Path(folder).expanduser() / f"{name}.npz"
    if not path.is_file():
        raise DataError(
            f"{path} does not exist: the data folder must contain {name}.npz; put it there,"
            " name another folder with --data-dir or DESCENT_DATA_DIR, or use --data stand-in"
        )
    return path


def _from_file(name: str, path: Path) -> Dataset:
    path = path.resolve()
    facts = path.stat()
    identity = f"{path}\n{facts.st_size}\n{facts.st_mtime_ns}"
    key = f"{name}-real-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    arrays, value = cached(key, lambda: read_npz(path))
    return _real(name, arrays, value, str(path))


def _keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"


def _keras_arrays(name: str) -> Arrays:
    # Keras removes the partial files of a failed download, but not those of a killed one.
    damage = (EOFError, gzip.BadGzipFile, zlib.error, pickle.UnpicklingError)
    timeout = socket.getdefaulttimeout()
    try:
        from keras import datasets as keras_datasets

        socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
        with contextlib.redirect_stdout(io.StringIO()):
            (x_train, y_train), (x_test, y_test) = getattr(keras_datasets, name).load_data()
    except damage as error:
        raise DataError(
            f"{name}: Keras's cached files in {_keras_cache()} are damaged"
            f" ({type(error).__name__}); delete them, and they will be downloaded again"
        ) from error
    # Keras raises a bare Exception when a download fails.
    except Exception as error:
        raise _OutOfReachError(
            "the real images are not in Keras's cache and could not be downloaded"
            f" ({' '.join(str(error).split())})"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
    return Arrays(x_train, y_train, x_test, y_test)


def _real(name: str, arrays: Arrays, value: str, origin: str) -> Dataset:
    """The data set, after a check that its content is the published one."""
    published = PUBLISHED[name]
    _check_shapes(published, arrays, origin)
    if value != published.sha256:
        raise DataError(
            f"{origin} is not the published {name}: its content has the SHA-256 {value} instead"
            f" of {published.sha256}; replace it, or use --data stand-in"
        )
    return _dataset(name, arrays, "real", value)


def _check_shapes(published: Published, arrays: Arrays, origin: str) -> None:
    for field, array in arrays._asdict().items():
        size = published.train_size if field.endswith("train") else published.test_size
        allowed = (
            [(size, *published.image_shape)] if field.startswith("x") else [(size,), (size, 1)]
        )
        if array.dtype != np.uint8 or array.shape not in allowed:
            raise DataError(
                f"{origin}: {field} is {array.dtype} of shape {array.shape}, but must be uint8 of"
                f" shape {' or '.join(map(str, allowed))}; replace it, or use --data stand-in"
            )


def _stand_in(name: str) -> Dataset:
    key = f"{name}-stand-in-{stand_in.source_hash()[:16]}"
    arrays, value = cached(key, lambda: stand_in.draw(name))
    return _dataset(name, arrays, "stand-in", value)


def _dataset(name: str, arrays: Arrays, source: str, value: str) -> Dataset:
    x_train, y_train, x_test, y_test = arrays
    return Dataset(
        name=name,
        x_train=x_train,
        y_train=y_train.reshape(-1),
        x_test=x_test,
        y_test=y_test.reshape(-1),
        class_names=PUBLISHED[name].class_names,
        source=source,
        fingerprint=value,
    )
