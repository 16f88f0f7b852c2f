"""Seeded, stratified splits into training and validation images."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DataError


@dataclass(frozen=True, eq=False)
class Split:
    """Two disjoint sets of indices into one array of images.

    Attributes:
        train: int64, shape (train_size,), ascending.
        validation: int64, shape (validation_size,), ascending.
        hash: SHA-256 over the length of `train`, then `train`, then `validation`, each as
            little-endian int64.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    hash: str


def split(labels: ArrayLike, train_size: int, validation_size: int, seed: int = 0) -> Split:
    """Draw training and validation indices with the class proportions of `labels`.

    The sizes are exact. Each class count differs from its exact proportion by less than one
    (largest remainders).

    Args:
        labels: integer array of class labels, shape (n,).
        train_size: int, number of training indices.
        validation_size: int, number of validation indices, drawn from the others.
        seed: int, at least 0, seed of the draw. Defaults to 0.

    Returns:
        A `Split`.

    Raises:
        DataError: if a size is negative, or both together exceed n.
    """
    labels = np.asarray(labels)
    if min(train_size, validation_size) < 0 or train_size + validation_size > len(labels):
        raise DataError(
            f"cannot split {len(labels)} images into {train_size} for training and"
            f" {validation_size} for validation: the sizes must be at least 0 and sum to at most"
            f" {len(labels)}; ask for fewer"
        )
    rng = np.random.default_rng([seed])
    counts = np.unique(labels, return_counts=True)[1].astype(np.int64)
    train_counts = _apportion(train_size, counts, counts)
    validation_counts = _apportion(validation_size, counts, counts - train_counts)

    # Class by class, each class in random order.
    order = np.lexsort((rng.random(len(labels)), labels))
    train_parts, validation_parts = [], []
    for members, first, second in zip(
        np.split(order, np.cumsum(counts)[:-1]), train_counts, validation_counts, strict=True
    ):
        train_parts.append(members[:first])
        validation_parts.append(members[first : first + second])
    train = np.sort(np.concatenate(train_parts))
    validation = np.sort(np.concatenate(validation_parts))
    return Split(train, validation, _hash(train, validation))


def _apportion(size: int, counts: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.int64]:
    """Divide `size` in proportion to `counts`, at most `room` each, by largest remainders."""
    shares, remainders = np.divmod(size * counts, max(counts.sum(), 1))
    full = shares >= room
    largest = np.argsort(np.where(full, -1, remainders), kind="stable")[::-1]
    shares[largest[: size - shares.sum()]] += 1
    return shares


def _hash(train: NDArray[np.int64], validation: NDArray[np.int64]) -> str:
    digest = hashlib.sha256()
    for array in (np.array(len(train)), train, validation):
        digest.update(array.astype("<i8").tobytes())
    return digest.hexdigest()
