"""What is done to the pixels before a network sees them, with statistics of its training images."""

import math

import numpy as np
from threadpoolctl import threadpool_limits

MODEL_FACTOR = {"unit": 1 / 255}
"""Scaling → factor that the model itself applies, so that images stay uint8 until then."""

EPSILON = 1.0
"""ε of whitening, as a share of the mean eigenvalue."""

LEAST = 1e-6
"""Eigenvalues below this share of the largest are rounding: their components become 0."""


def fitted(scaling, images):
    """The function that scales images by the statistics of the training images.

    Source: B 3.1, Q21.

    - "none", "unit": nothing here; the model multiplies by 1/255 for "unit", which is min-max
      scaling, as pixels reach from 0 to 255.
    - "standard": (x - mean)/σ, of each channel over all training images.
    - "pca": PCA whitening, z = (Λ + ε)^(-1/2)·Vᵀ·(x - mean), where VΛVᵀ is the covariance of the
      pixels; components come in the pixels' places, the largest first.
    - "zca": ZCA whitening, V·z: the whitened image nearest to the image.

    A whitened component has the variance λ/(λ + ε). ε is the mean eigenvalue: components that vary
    less than that, mostly noise, fade, as B keeps only those of the greatest variance. What does
    not vary at all becomes 0.

    Args:
        scaling: of `training.config.SCALINGS`.
        images: the training images, uint8, shape (n, height, width[, channels]).

    Returns:
        Function of images of that shape, to float32 of the same shape; or, where there is nothing
        to do, to the images themselves.
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


# On one thread, as all else in a run, so that the same config gives the same bits.
@threadpool_limits.wrap(limits=1)
def _linear(images, matrix_of):
    """Give x ↦ (x - mean)·M, for the M that `matrix_of` makes of eigenvectors and √(Λ + ε).

    Where M has fewer columns than there are pixels, the others become 0.
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
    """The covariance's eigenvalues, descending, and eigenvectors, as columns; those of 0 left out.

    Where images are fewer than pixels, XXᵀ is smaller than XᵀX and has the same eigenvalues: if u
    is its eigenvector, Xᵀu/√(nλ) is one of the covariance.
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
