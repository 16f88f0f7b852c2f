"""Activation functions, as functions of an array and as layers.

An activation is elementwise, y = v(x), so its gradient is ∂L/∂x = δ·v'(x), elementwise too
(C "Computing the gradient: in practice"). Only `Softmax` combines the elements of a row.
"""

import numpy as np

from ..arrays import Floats
from .dense import Layer


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + e^(−x)), computed from e^(−|x|), which cannot overflow.

    Args:
        x: float array of any shape.

    Returns:
        Array of the same shape and dtype, with values in [0, 1].
    """
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def softmax(x: Floats) -> Floats:
    """e^(x_i) / Σ_j e^(x_j) over the last axis, after subtracting the row's maximum.

    Args:
        x: float array of any shape.

    Returns:
        Array of the same shape and dtype, whose rows sum to 1.
    """
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


class Sigmoid(Layer):
    """y = 1 / (1 + e^(−x)) (C "Mathematical expression", D 1.3).

    v' = e^(−x) / (1 + e^(−x))² = y·(1 − y), at most 1/4 (C "The sigmoid"; E).
    """

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """The sigmoid of each element."""
        self._y = sigmoid(x)
        return self._y

    def backward(self, gradient: Floats) -> Floats:
        """δ·y·(1 − y)."""
        return gradient * self._y * (1 - self._y)


class Tanh(Layer):
    """y = tanh x (B 1.1.2, 2).

    With tanh = sinh/cosh, v' = (cosh² − sinh²)/cosh² = 1 − y² (B 1.1.4, question 17, which prints
    tan for tanh).
    """

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """The hyperbolic tangent of each element."""
        self._y = np.tanh(x)
        return self._y

    def backward(self, gradient: Floats) -> Floats:
        """δ·(1 − y²)."""
        return gradient * (1 - self._y**2)


class ReLU(Layer):
    """y = max(x, 0) (D 3.3).

    v' is 1 for x > 0 and 0 for x < 0. At 0, where it does not exist, it is 0 as in TensorFlow.
    """

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """The positive part of each element."""
        self._positive = x > 0
        return np.maximum(x, 0)

    def backward(self, gradient: Floats) -> Floats:
        """δ where x > 0, else 0."""
        return gradient * self._positive


class Softmax(Layer):
    r"""y_i = e^(x_i) / Σ_j e^(x_j) over the last axis (B 1.1.2, 4; C "Many neurons"; D 1.4).

    From log y_i = x_i − log Σ_j e^(x_j) follows ∂y_i/∂x_j = y_i·([i = j] − y_j), hence

    .. math:: \frac{\partial L}{\partial x_j}
        = \sum_i \delta_i y_i ([i = j] - y_j) = y_j \Big(\delta_j - \sum_i \delta_i y_i\Big)

    In training the losses take logits instead, where softmax and logarithm cancel.
    """

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """Rows of probabilities."""
        self._y = softmax(x)
        return self._y

    def backward(self, gradient: Floats) -> Floats:
        """y·(δ − Σ δ·y), the sum over the last axis."""
        product = gradient * self._y
        return product - self._y * product.sum(axis=-1, keepdims=True)
