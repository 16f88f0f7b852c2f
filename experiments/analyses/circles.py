"""Serves the circles study: B's network of two layers by B's own formulas, and in Keras.

In: weights and points. Out: outputs, losses, gradients and metrics, and the same network as a Keras
model. Keras is imported inside functions, as the formulas need NumPy alone.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.from_scratch import categorical_accuracy, categorical_cross_entropy


def logits(weights: Sequence[Any], x: Any, tanh: Callable[[Any], Any] = np.tanh) -> Any:
    """Return the logits, tanh(x·W_h + b_h)·W_y + b_y (B 1.1.3).

    Args:
        weights: W_h, b_h, W_y and b_y, as `get_weights` of `models.from_scratch.tanh_network`.
        x: Inputs, shape (n, inputs).
        tanh: Of the library that the weights are arrays of. Defaults to `numpy.tanh`.

    Returns:
        Shape (n, classes).
    """
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    return tanh(x @ hidden_weights + hidden_bias) @ output_weights + output_bias


def log_odds(weights: Sequence[NDArray]) -> Callable[[NDArray], NDArray]:
    """Return the function of points, shape (n, inputs), that returns the log-odds of class 1."""
    return lambda x: logits(weights, x) @ [-1, 1]


def loss_and_gradients(
    weights: Sequence[NDArray], x: NDArray, y: NDArray
) -> tuple[float, list[NDArray]]:
    """Return the cross-entropy of a batch and its gradients, by B's formulas (1) to (16).

    B 1.1.4 Q17 prints 1 − tan² for the derivative of tanh; here it is 1 − tanh².

    Args:
        weights: As for `logits`.
        x: Inputs, shape (n, inputs).
        y: Labels, shape (n,).

    Returns:
        The loss, and a list of gradients in the order of `weights`.
    """
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    h = np.tanh(x @ hidden_weights + hidden_bias)
    exponentials = np.exp(h @ output_weights + output_bias)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    true = np.eye(p.shape[1], dtype=x.dtype)[y]
    loss = -np.mean(np.sum(true * np.log(p), axis=1))
    at_logits = (p - true) / len(x)
    at_hidden = at_logits @ output_weights.T * (1 - h**2)
    return loss, [
        x.T @ at_hidden,
        at_hidden.sum(axis=0),
        h.T @ at_logits,
        at_logits.sum(axis=0),
    ]


def metrics(path: Iterable[Sequence[NDArray]], x: NDArray, y: NDArray) -> NDArray[np.float64]:
    """Return cross-entropy and accuracy on examples along a path of weights.

    Args:
        path: Weights, each as for `logits`.
        x: Inputs, shape (n, inputs).
        y: Labels, shape (n,).

    Returns:
        Shape (2, len(path)).
    """
    outputs = [logits(weights, x) for weights in path]
    losses = [categorical_cross_entropy(output, y)[0] for output in outputs]
    return np.array([losses, [categorical_accuracy(output, y) for output in outputs]])


def keras_model(inputs: int, hidden: int, classes: int, learning_rate: float) -> Any:
    """Return the same network in Keras's layers, compiled with plain SGD (B 1.2.3 and 1.2.4)."""
    import keras

    layers = [
        keras.Input([inputs]),
        keras.layers.Dense(hidden, "tanh"),
        keras.layers.Dense(classes),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(learning_rate), loss)
    return model


def keras_losses(model: Any) -> tuple[Callable, Callable]:
    """Return the cross-entropy by B's formulas (B 1.2.2) and by a model's layers (B 1.2.3).

    Returns:
        Two functions of (weights, x, y), all tensors, that return a scalar tensor, from which the
        backend computes gradients.
    """
    import keras

    def loss_by_formulas(weights, x, y):
        return model.loss(y, logits(weights, x, keras.ops.tanh))

    def loss_by_layers(weights, x, y):
        return model.loss(y, model.stateless_call(weights, [], x)[0])

    return loss_by_formulas, loss_by_layers
