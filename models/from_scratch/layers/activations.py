"""Activation functions, as functions of an array and as layers.

An activation acts on every number by itself, y = v(x), so its gradient is ∂L/∂x = δ·v'(x), number
by number (C "Computing the gradient: in practice"); `Softmax` alone mixes the numbers of a row.
"""

import numpy as np

from models.from_scratch.layers.dense import Layer


def sigmoid(x):
    """1 / (1 + e^(−x)), from e^(−|x|), which cannot overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def softmax(x):
    """e^(x_i) / Σ_j e^(x_j) over the last axis; the row's maximum is taken off first."""
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


class Sigmoid(Layer):
    """y = 1 / (1 + e^(−x)) (C "Mathematical expression", D 1.3).

    v' = e^(−x) / (1 + e^(−x))² = y·(1 − y), at most 1/4 (C "The sigmoid"; E).
    """

    def forward(self, x, training=False):
        """The sigmoid of every number."""
        self._y = sigmoid(x)
        return self._y

    def backward(self, gradient):
        """δ·y·(1 − y)."""
        return gradient * self._y * (1 - self._y)


class Tanh(Layer):
    """y = tanh x (B 1.1.2, 2).

    With tanh = sinh/cosh, v' = (cosh² − sinh²)/cosh² = 1 − y² (B 1.1.4, question 17, which prints
    tan for tanh).
    """

    def forward(self, x, training=False):
        """The hyperbolic tangent of every number."""
        self._y = np.tanh(x)
        return self._y

    def backward(self, gradient):
        """δ·(1 − y²)."""
        return gradient * (1 - self._y**2)


class ReLU(Layer):
    """y = max(x, 0) (D 3.3).

    v' is 1 for x > 0 and 0 for x < 0; at 0, where there is none, 0 as in TensorFlow.
    """

    def forward(self, x, training=False):
        """The positive part of every number."""
        self._positive = x > 0
        return np.maximum(x, 0)

    def backward(self, gradient):
        """δ where x > 0, else 0."""
        return gradient * self._positive


class Softmax(Layer):
    r"""y_i = e^(x_i) / Σ_j e^(x_j) over the last axis (B 1.1.2, 4; C "Many neurons"; D 1.4).

    From log y_i = x_i − log Σ_j e^(x_j) follows ∂y_i/∂x_j = y_i·([i = j] − y_j), hence

    .. math:: \frac{\partial L}{\partial x_j}
        = \sum_i \delta_i y_i ([i = j] - y_j) = y_j \Big(\delta_j - \sum_i \delta_i y_i\Big)

    In training the losses take logits instead, where softmax and logarithm cancel.
    """

    def forward(self, x, training=False):
        """Rows of probabilities."""
        self._y = softmax(x)
        return self._y

    def backward(self, gradient):
        """y·(δ − Σ δ·y), the sum over the last axis."""
        product = gradient * self._y
        return product - self._y * product.sum(axis=-1, keepdims=True)
