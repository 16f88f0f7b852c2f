"""Scaling of pixels by statistics of the training images."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

MODEL_FACTOR = {"unit": 1 / 255}
"""Scaling → factor applied by the model itself, so that images stay uint8 until then."""

EPSILON = 1.0
"""ε of whitening, as a share of the mean eigenvalue."""

LEAST = 1e-6
"""Eigenvalues below this share of the largest are rounding errors: their components become 0."""


def fitted(scaling: str, images: NDArray[np.uint8]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return the function that scales images by the statistics of the training images.

    Source: B 3.1, Q21.

    - "none", "unit": leaves the images as they are. For "unit" the model multiplies by 1/255,
      which is min-max scaling, as pixels range from 0 to 255.
    - "standard": (x - mean)/σ, of each channel over all training images.
    - "pca": PCA whitening, z = (Λ + ε)^(-1/2)·Vᵀ·(x - mean), where VΛVᵀ is the covariance of the
      pixels; components take the place of pixels, largest first.
    - "zca": ZCA whitening, V·z: the whitened image nearest to the image.

    A whitened component has the variance λ/(λ + ε). ε is the mean eigenvalue: components that vary
    less, mostly noise, fade; B likewise keeps only those of the greatest variance. Components that
    do not vary at all become 0.

    Args:
        scaling: One of `training.config.SCALINGS`.
        images: The training images, uint8, shape (n, height, width[, channels]).

    Returns:
        Function from images of that shape to float32 of the same shape; or, for "none" and "unit",
        to the images themselves.
    """
    return {"standard": _standard, "pca": _pca, "zca": _zca}.get(scaling, _none)(images)


def _none(images):
    return lambda x: x


def _standard(images):
    pixels = images.reshape(-1, *images.shape[3:4] or (1,))
    # Sums of whole numbers: exact, and without a copy of the images as floats.
    mean = pixels.sum(axis=0, dtype=np.int64) / len(pixels)
    squares = np.einsum("pc,pc->c", pixels, pixels, dtype=np.int64) / len(pixels)
    deviation = np.sqrt(squares - mean**2)
    deviation[deviation == 0] = 1
    mean, deviation = np.float32(mean), np.float32(deviation)
    return lambda x: (x - mean) / deviation


def _pca(images):
    return _linear(images, lambda vectors, roots: vectors / roots)


def _zca(images):
    return _linear(images, lambda vectors, roots: (vectors / roots) @ vectors.T)


# On one thread, like everything else in a run, so that the same config gives the same bits.
@threadpool_limits.wrap(limits=1)
def _linear(images, matrix_of):
    """Return x ↦ (x - mean)·M, for the M that `matrix_of` makes of eigenvectors and √(Λ + ε).

    If M has fewer columns than an image has pixels, the remaining pixels become 0.
    """
    flat = _flat(images)
    mean = flat.mean(axis=0)
    centred = flat - mean
    values, vectors = _principal(centred)
    matrix = matrix_of(vectors, np.sqrt(values + EPSILON * np.square(centred).mean()))

    @threadpool_limits.wrap(limits=1)
    def scale(x):
        scaled = (_flat(x) - mean) @ matrix
        return np.pad(scaled, [(0, 0), (0, len(mean) - scaled.shape[1])]).reshape(x.shape)

    return scale


def _principal(centred):
    """Return the covariance's eigenvalues, descending, and eigenvectors as columns, without zeros.

    With fewer images than pixels, XXᵀ is smaller than XᵀX and has the same eigenvalues: if u is its
    eigenvector, Xᵀu/√(nλ) is one of the covariance.
    """
    n, pixels = centred.shape
    product = centred @ centred.T if n < pixels else centred.T @ centred
    values, vectors = np.linalg.eigh(product / n)
    kept = np.flatnonzero(values > LEAST * values[-1])[::-1]
    values, vectors = values[kept], vectors[:, kept]
    if n < pixels:
        vectors = centred.T @ vectors / np.sqrt(n * values)
    return values, vectors


def _flat(images):
    return images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32) / 255
