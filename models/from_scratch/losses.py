"""Losses: functions (outputs, targets) → (loss, ∂loss/∂outputs).

The loss is a Python number, the mean over the batch as Keras takes it; the gradient is that of
this mean, in the shape and dtype of the outputs. n counts the examples of the batch.
"""

import numpy as np

from models.from_scratch.layers.activations import sigmoid


def mean_squared_error(outputs, targets):
    """Mean of (ŷ − y)² over all numbers, Keras's `MeanSquaredError`.

    C "The mean square loss" sums over the outputs instead; the two are equal for one output.
    ∂(ŷ − y)²/∂ŷ = 2(ŷ − y) (C prints 2ŷ), divided by the count of numbers.

    Args:
        outputs: ŷ, shape (n, ...).
        targets: y, of the same shape.

    Raises:
        ValueError: when the shapes differ.
    """
    _check_shapes(outputs, targets)
    difference = outputs - targets.astype(outputs.dtype)
    return float(np.mean(difference**2)), difference * (2 / difference.size)


def binary_cross_entropy(logits, targets):
    """−y·log σ(z) − (1 − y)·log(1 − σ(z)), Keras's `BinaryCrossentropy(from_logits=True)`.

    With log σ(z) = z − log(1 + e^z) and log(1 − σ(z)) = −log(1 + e^z) it is log(1 + e^z) − y·z,
    computed as max(z, 0) − y·z + log(1 + e^(−|z|)), which cannot overflow. The derivative is
    σ(z) − y, divided by the count of numbers.

    Args:
        logits: z, shape (n, ...).
        targets: y, of the same shape, each in [0, 1].

    Raises:
        ValueError: when the shapes differ or a target lies outside.
    """
    _check_shapes(logits, targets)
    if targets.size and not (targets.min() >= 0 and targets.max() <= 1):
        raise ValueError(
            f"targets must lie in [0, 1], but they reach from {targets.min()} to {targets.max()}"
        )
    targets = targets.astype(logits.dtype)
    losses = np.maximum(logits, 0) - targets * logits + np.log1p(np.exp(-np.abs(logits)))
    return float(np.mean(losses)), (sigmoid(logits) - targets) / logits.size


def categorical_cross_entropy(logits, labels):
    r"""−log softmax(z)_c, Keras's `SparseCategoricalCrossentropy(from_logits=True)`.

    B 1.1.4, questions 14 and 15; C "The cross entropy". With y one-hot at the label c,

    .. math::
        \ell = -z_c + \log \sum_j e^{z_j}, \quad
        \frac{\partial \ell}{\partial z_i} = -y_i + \frac{e^{z_i}}{\sum_j e^{z_j}}

    divided by n for the mean. Both stay as they are when a constant is taken off all logits of a
    row; taking off its maximum keeps e^z at most 1.

    Args:
        logits: z, shape (n, classes).
        labels: c, whole numbers, shape (n,).

    Raises:
        ValueError: when the shapes do not fit, or a label is not a whole number in
            [0, classes).
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


def _check_shapes(outputs, targets):
    if outputs.shape != targets.shape:
        raise ValueError(
            f"outputs have the shape {outputs.shape} and targets {targets.shape}; they must be "
            "equal"
        )


def _check_labels(logits, labels):
    n, classes = logits.shape
    if labels.shape != (n,):
        raise ValueError(f"labels must have the shape ({n},), one each, not {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers, not {labels.dtype}")
    if n and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"labels must lie in 0 to {classes - 1}, one for each logit, but they reach from "
            f"{labels.min()} to {labels.max()}"
        )
