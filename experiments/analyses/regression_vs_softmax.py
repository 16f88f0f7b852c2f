"""Labels predicted as one number, or by one output for each class (C)."""

import numpy as np

from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    Network,
    Sigmoid,
    categorical_cross_entropy,
    mean_squared_error,
)

NUMBER, SOFTMAX = "one number", "softmax"


def trained(method, x, y, classes, learning_rate, epochs, seed):
    """A network of one layer after training on batches of 32.

    Args:
        method: `NUMBER`, C's sigmoid neuron whose output times (classes − 1) is the label, or
            `SOFTMAX`, a neuron for each class.
        x: inputs, shape (n, inputs).
        y: labels from 0 to classes − 1, shape (n,).
        classes: number of classes.
        learning_rate: of plain gradient descent.
        epochs: to train.
        seed: of the weights and the batches.
    """
    if method == NUMBER:
        layers, loss, y = [Dense(1), Sigmoid()], mean_squared_error, y[:, None] / (classes - 1)
    else:
        layers, loss = [Dense(classes)], categorical_cross_entropy
    network = Network(layers, loss, x.shape[1:], seed=seed)
    network.fit(x, y, OPTIMIZERS["sgd"](learning_rate), batch_size=32, epochs=epochs, seed=seed)
    return network


def predicted(method, network, x, classes):
    """The class of each example: the nearest whole number, or the largest output."""
    outputs = network.predict(x)
    if method == NUMBER:
        return np.rint((classes - 1) * outputs[:, 0]).astype(int)
    return outputs.argmax(axis=1)


def distances_of_mistakes(y, predicted, classes):
    """Share of the mistakes that lie 1, 2, … numbers beside the label, shape (classes − 1,)."""
    counts = np.bincount(np.abs(predicted - y), minlength=classes)[1:]
    return counts / max(counts.sum(), 1)
