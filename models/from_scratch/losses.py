"""Losses and metrics of a batch of n examples.

A loss is a function (outputs, targets) → (loss, ∂loss/∂outputs). The loss is the mean over the
batch, as in Keras; the gradient is that of this mean, in the shape and dtype of the outputs.
A metric is a function (outputs, targets) → mean over the batch.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, Targets
from .layers.activations import sigmoid

Loss = Callable[[Floats, Targets], tuple[float, Floats]]
Metric = Callable[[Floats, Targets], float]


def mean_squared_error(outputs: Floats, targets: Targets) -> tuple[float, Floats]:
    """Mean of (ŷ − y)² over all elements, Keras's `MeanSquaredError`.

    C "The mean square loss" sums over the outputs instead; the two are equal for one output.
    ∂(ŷ − y)²/∂ŷ = 2(ŷ − y) (C prints 2ŷ), divided by the number of elements.

    Args:
        outputs: float array, ŷ, shape (n, ...).
        targets: numeric array, y, of the same shape.

    Returns:
        The loss, and its gradient with respect to the outputs.

    Raises:
        ValueError: if the shapes differ.
    """
    _check_shapes(outputs, targets)
    difference = outputs - targets.astype(outputs.dtype)
    return float(np.mean(difference**2)), difference * (2 / difference.size)


def binary_cross_entropy(logits: Floats, targets: Targets) -> tuple[float, Floats]:
    """−y·log σ(z) − (1 − y)·log(1 − σ(z)), Keras's `BinaryCrossentropy(from_logits=True)`.

    With log σ(z) = z − log(1 + e^z) and log(1 − σ(z)) = −log(1 + e^z) it is log(1 + e^z) − y·z,
    computed as max(z, 0) − y·z + log(1 + e^(−|z|)), which cannot overflow. The derivative is
    σ(z) − y, divided by the number of elements.

    Args:
        logits: float array, z, shape (n, ...).
        targets: numeric array, y, of the same shape, with values in [0, 1].

    Returns:
        The loss, and its gradient with respect to the logits.

    Raises:
        ValueError: if the shapes differ or a target lies outside [0, 1].
    """
    _check_shapes(logits, targets)
    if targets.size and not (targets.min() >= 0 and targets.max() <= 1):
        raise ValueError(
            f"targets must lie in [0, 1], but they range from {targets.min()} to {targets.max()}"
        )
    targets = targets.astype(logits.dtype)
    losses = np.maximum(logits, 0) - targets * logits + np.log1p(np.exp(-np.abs(logits)))
    return float(np.mean(losses)), (sigmoid(logits) - targets) / logits.size


def categorical_cross_entropy(logits: Floats, labels: NDArray[np.integer]) -> tuple[float, Floats]:
    r"""−log softmax(z)_c, Keras's `SparseCategoricalCrossentropy(from_logits=True)`.

    B 1.1.4, questions 14 and 15; C "The cross entropy". With y one-hot at the label c,

    .. math::
        \ell = -z_c + \log \sum_j e^{z_j}, \quad
        \frac{\partial \ell}{\partial z_i} = -y_i + \frac{e^{z_i}}{\sum_j e^{z_j}}

    divided by n for the mean. Both are unchanged if a constant is subtracted from all logits of a
    row; subtracting the row's maximum keeps e^z at most 1.

    Args:
        logits: float array, z, shape (n, classes).
        labels: integer array, c, shape (n,), with values in [0, classes).

    Returns:
        The loss, and its gradient with respect to the logits.

    Raises:
        ValueError: if the shapes do not match, or a label is not an integer in [0, classes).
    """
    _check_labels(logits, labels)
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1)
    gradient = exponentials / sums[:, None]
    gradient[rows, labels] -= 1
    gradient /= len(labels)
    return float(np.mean(np.log(sums) - shifted[rows, labels])), gradient


def categorical_accuracy(logits: Floats, labels: Targets) -> float:
    """The fraction of examples whose largest logit is that of their label.

    Args:
        logits: float array, logits or probabilities, shape (n, classes).
        labels: integer array, shape (n,).

    Returns:
        float in [0, 1].
    """
    return float(np.mean(logits.argmax(axis=1) == labels))


def binary_accuracy(probabilities: Floats, targets: Targets) -> float:
    """The fraction of elements that lie on the same side of 1/2 as their target.

    Args:
        probabilities: float array, shape (n, ...).
        targets: array of 0 and 1, of the same shape.

    Returns:
        float in [0, 1].
    """
    return float(np.mean((probabilities > 0.5) == (targets > 0.5)))


def _check_shapes(outputs: Floats, targets: Targets) -> None:
    if outputs.shape != targets.shape:
        raise ValueError(
            f"outputs have the shape {outputs.shape} and targets {targets.shape}; they must be "
            "equal"
        )


def _check_labels(logits: Floats, labels: NDArray[np.integer]) -> None:
    n, classes = logits.shape
    if labels.shape != (n,):
        raise ValueError(f"labels must have the shape ({n},), one per example, not {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers, not {labels.dtype}")
    if n and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"labels must lie in 0 to {classes - 1}, one for each logit, but they range from "
            f"{labels.min()} to {labels.max()}"
        )
