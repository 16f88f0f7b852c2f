"""Metrics: functions (outputs, targets) → mean over the batch, a Python number."""

import numpy as np


def categorical_accuracy(logits, labels):
    """Share of examples whose largest logit is that of their label.

    Args:
        logits: or probabilities, shape (n, classes).
        labels: whole numbers, shape (n,).
    """
    return float(np.mean(logits.argmax(axis=1) == labels))


def binary_accuracy(probabilities, targets):
    """Share of numbers that lie on their target's side of 1/2.

    Args:
        probabilities: shape (n, ...).
        targets: 0 or 1, of the same shape.
    """
    return float(np.mean((probabilities > 0.5) == (targets > 0.5)))
