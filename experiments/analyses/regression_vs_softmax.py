"""The regression_vs_softmax study's methods: labels in, as one number or as one output each (C)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    Network,
    Sigmoid,
    categorical_cross_entropy,
    mean_squared_error,
)

NUMBER, SOFTMAX = "one number", "softmax"
"""Methods: C's sigmoid neuron whose output times (classes − 1) is the label; and a neuron for each
class."""


def network(method: str, inputs: int, classes: int, seed: int = 0) -> Network:
    """The network of a method, of one layer, with its loss.

    Args:
        method: `NUMBER` or `SOFTMAX`.
        inputs: Number of inputs.
        classes: Number of classes.
        seed: Seed of the weights. Defaults to 0.
    """
    if method == NUMBER:
        return Network([Dense(1), Sigmoid()], mean_squared_error, (inputs,), seed=seed)
    return Network([Dense(classes)], categorical_cross_entropy, (inputs,), seed=seed)


def trained(
    method: str,
    x: NDArray,
    y: NDArray,
    classes: int,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    seed: int,
) -> Network:
    """The network of a method after training by plain SGD.

    Args:
        method: `NUMBER` or `SOFTMAX`.
        x: Inputs, shape (n, inputs).
        y: Labels from 0 to classes − 1, shape (n,).
        classes: Number of classes.
        learning_rate: Learning rate.
        batch_size: Examples per update.
        epochs: Number of epochs.
        seed: Seed of the weights and the batches.
    """
    built = network(method, x.shape[1], classes, seed)
    targets = y[:, None] / (classes - 1) if method == NUMBER else y
    sgd = OPTIMIZERS["sgd"](learning_rate)
    built.fit(x, targets, sgd, batch_size=batch_size, epochs=epochs, seed=seed)
    return built


def predicted(method: str, network: Any, x: NDArray, classes: int) -> NDArray:
    """The class of each example: the nearest whole number, or the largest output."""
    outputs = network.predict(x)
    if method == NUMBER:
        return np.rint((classes - 1) * outputs[:, 0]).astype(int)
    return outputs.argmax(axis=1)


def distances_of_mistakes(y: NDArray, predicted: NDArray, classes: int) -> NDArray:
    """Share of the mistakes that lie 1, 2, … numbers beside the label, shape (classes − 1,)."""
    counts = np.bincount(np.abs(predicted - y), minlength=classes)[1:]
    return counts / max(counts.sum(), 1)
