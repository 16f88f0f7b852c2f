"""What is done to the pixels before a network sees them, with statistics of its training images."""

import numpy as np

MODEL_FACTOR = {"unit": 1 / 255}
"""Scaling → factor that the model itself applies, so that images stay uint8 until then."""


def fitted(scaling, images):
    """The function that scales images by the statistics of the training images.

    Source: B 3.1, Q21.

    - "none", "unit": nothing here; the model multiplies by 1/255 for "unit", which is min-max
      scaling, as pixels reach from 0 to 255.
    - "standard": (x - mean)/σ, of each channel over all training images.
    - "pca": PCA whitening, z = (Λ + ε)^(-1/2)·Vᵀ·(x - mean), where VΛVᵀ is the covariance of the
      pixels; components come in the pixels' places, the largest first.
    - "zca": ZCA whitening, V·z: the whitened image nearest to the image.

    ε is a hundredth of the mean eigenvalue, so that directions which hardly vary are not blown up.

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
    axes = (0, 1, 2)
    mean = images.mean(axis=axes, dtype=np.float64).astype(np.float32)
    deviation = images.std(axis=axes, dtype=np.float64).astype(np.float32)
    return lambda x: (x - mean) / deviation


def _pca(images):
    return _linear(images, lambda vectors, roots: vectors / roots)


def _zca(images):
    return _linear(images, lambda vectors, roots: (vectors / roots) @ vectors.T)


def _linear(images, matrix_of):
    """Give x ↦ (x - mean)·M, for the M that `matrix_of` makes of eigenvectors and √(Λ + ε)."""
    flat = _flat(images)
    mean = flat.mean(axis=0)
    centred = flat - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(flat))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    matrix = matrix_of(vectors, np.sqrt(values + values.mean() / 100))
    return lambda x: ((_flat(x) - mean) @ matrix).reshape(x.shape)


def _flat(images):
    return images.reshape(len(images), -1).astype(np.float32) / 255
