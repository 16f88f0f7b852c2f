"""B's network of two layers by B's own formulas, and in Keras for what it is compared with.

Keras is imported inside functions, as the formulas need NumPy alone.
"""

import numpy as np

from models.from_scratch import categorical_accuracy, categorical_cross_entropy


def logits(weights, x, tanh=np.tanh):
    """The outputs before the softmax: tanh(x·W_h + b_h)·W_y + b_y (B 1.1.3).

    Args:
        weights: W_h, b_h, W_y and b_y, as `get_weights` of `models.from_scratch.tanh_network`.
        x: inputs, shape (n, inputs).
        tanh: of the library that the weights are arrays of.

    Returns:
        Shape (n, classes).
    """
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    return tanh(x @ hidden_weights + hidden_bias) @ output_weights + output_bias


def log_odds(weights):
    """A function of points, shape (n, inputs), that gives the log-odds of class 1 against 0."""
    return lambda x: logits(weights, x) @ [-1, 1]


def loss_and_gradients(weights, x, y):
    """Cross-entropy of a batch and its gradients by B's formulas (1) to (16).

    B 1.1.4 Q17 prints 1 − tan² for the derivative of tanh; here it is 1 − tanh².

    Args:
        weights: as for `logits`.
        x: inputs, shape (n, inputs).
        y: labels, shape (n,).

    Returns:
        A number, and a list of arrays in the order of `weights`.
    """
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    h = np.tanh(x @ hidden_weights + hidden_bias)
    exponentials = np.exp(h @ output_weights + output_bias)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    true = np.eye(p.shape[1], dtype=x.dtype)[y]
    loss = -np.mean(np.sum(true * np.log(p), axis=1))
    at_logits = (p - true) / len(x)
    at_hidden = at_logits @ output_weights.T * (1 - h**2)
    of_hidden = [x.T @ at_hidden, at_hidden.sum(axis=0)]
    return loss, [*of_hidden, h.T @ at_logits, at_logits.sum(axis=0)]


def metrics(path, x, y):
    """Cross-entropy and accuracy on examples for each weights of a path, shape (2, len(path))."""
    outputs = [logits(weights, x) for weights in path]
    measures = (lambda *of: categorical_cross_entropy(*of)[0]), categorical_accuracy
    return np.array([[measure(of, y) for of in outputs] for measure in measures])


def keras_model(inputs, hidden, classes, learning_rate):
    """The same network in Keras's layers, compiled with plain SGD (B 1.2.3 and 1.2.4)."""
    import keras

    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input([inputs]), dense(hidden, "tanh"), dense(classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(learning_rate), loss)
    return model


def keras_losses(model):
    """The cross-entropy of B's formulas (B 1.2.2) and that of a model's layers (B 1.2.3).

    Returns:
        Two functions of (weights, x, y), tensors as arguments of `loss_and_gradients`, that give a
        scalar tensor, from which the backend computes gradients.
    """
    import keras

    def of_formulas(weights, x, y):
        return model.loss(y, logits(weights, x, keras.ops.tanh))

    def of_layers(weights, x, y):
        return model.loss(y, model.stateless_call(weights, [], x)[0])

    return of_formulas, of_layers
