"""The courses' own networks."""

import numpy as np
from numpy.typing import DTypeLike

from .arrays import Shape
from .initializers import normal
from .layers.activations import ReLU, Sigmoid, Tanh
from .layers.convolution import Convolution
from .layers.dense import Dense, Flatten, Layer
from .layers.pooling import MaxPooling
from .losses import (
    binary_accuracy,
    categorical_accuracy,
    categorical_cross_entropy,
    mean_squared_error,
)
from .network import Network

_NORMAL = normal(0.3)


def sigmoid_neuron(inputs: int = 2, seed: int = 0, dtype: DTypeLike = np.float32) -> Network:
    """C's single neuron, ŷ = σ(w·x + b), with the squared error ("Criteria: square difference").

    C draws w and b at random without naming a distribution; here both come from N(0, 0.3²).
    Targets are 0 or 1, shape (n, 1). For one example
    ∂(ŷ − y)²/∂w = 2(ŷ − y)·ŷ(1 − ŷ)·x, by the chain rule.

    Args:
        inputs: int, numbers per example; C has the marks of two critics. Defaults to 2.
        seed: int, see `Network`. Defaults to 0.
        dtype: np.float32 or np.float64. Defaults to np.float32.

    Returns:
        A `Network`.
    """
    return Network(
        [Dense(1, _NORMAL, _NORMAL), Sigmoid()],
        mean_squared_error,
        (inputs,),
        metrics={"accuracy": binary_accuracy},
        seed=seed,
        dtype=dtype,
    )


def tanh_network(
    inputs: int = 2,
    hidden: int = 4,
    classes: int = 2,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Network:
    """B's two-layer network: inputs → hidden, tanh → logits, with the cross-entropy (B 1.1).

    All parameters come from N(0, 0.3²) (B 1.2.1). Targets are labels, shape (n,).

    Args:
        inputs: int, numbers per example, n_x. Defaults to 2.
        hidden: int, hidden neurons, n_h. Defaults to 4.
        classes: int, number of logits, n_y. Defaults to 2.
        seed: int, see `Network`. Defaults to 0.
        dtype: np.float32 or np.float64. Defaults to np.float32.

    Returns:
        A `Network`.
    """
    return Network(
        [Dense(hidden, _NORMAL, _NORMAL), Tanh(), Dense(classes, _NORMAL, _NORMAL)],
        categorical_cross_entropy,
        (inputs,),
        metrics={"accuracy": categorical_accuracy},
        seed=seed,
        dtype=dtype,
    )


def sigmoid_network(
    inputs: int = 2,
    hidden: int = 4,
    classes: int = 2,
    sigmoid_outputs: bool = True,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Network:
    """C's network: inputs → hidden, sigmoid → outputs, with softmax and cross-entropy on top.

    C applies a sigmoid to the outputs as well ("Non linear decision"). All parameters come from
    N(0, 0.3²). Targets are labels, shape (n,).

    Args:
        inputs: int, numbers per example. Defaults to 2.
        hidden: int, hidden neurons; 0 for a linear decision, without a hidden layer. Defaults to 4.
        classes: int, number of outputs. Defaults to 2.
        sigmoid_outputs: bool, False for unbounded outputs. Defaults to True.
        seed: int, see `Network`. Defaults to 0.
        dtype: np.float32 or np.float64. Defaults to np.float32.

    Returns:
        A `Network`.
    """
    layers: list[Layer] = [Dense(hidden, _NORMAL, _NORMAL), Sigmoid()] if hidden else []
    layers.append(Dense(classes, _NORMAL, _NORMAL))
    if sigmoid_outputs:
        layers.append(Sigmoid())
    return Network(
        layers,
        categorical_cross_entropy,
        (inputs,),
        metrics={"accuracy": categorical_accuracy},
        seed=seed,
        dtype=dtype,
    )


def numpy_cnn(
    input_shape: Shape = (28, 28, 1),
    classes: int = 10,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Network:
    """Numpy-CNN's network (D 3): two convolutions, max pooling, two dense layers.

    Convolutions of 8 filters, 5x5, without padding, each with ReLU; 2x2 max pooling; 128 dense
    neurons with ReLU; the logits, with the cross-entropy. On 28x28 pixels
    208 + 1,608 + 102,528 + 1,290 = 105,634 parameters. Targets are labels, shape (n,).

    Args:
        input_shape: tuple (height, width, channels), shape of one image. Defaults to (28, 28, 1).
        classes: int, number of logits. Defaults to 10.
        seed: int, see `Network`. Defaults to 0.
        dtype: np.float32 or np.float64. Defaults to np.float32.

    Returns:
        A `Network`.
    """
    return Network(
        [
            Convolution(8, 5),
            ReLU(),
            Convolution(8, 5),
            ReLU(),
            MaxPooling(2),
            Flatten(),
            Dense(128),
            ReLU(),
            Dense(classes),
        ],
        categorical_cross_entropy,
        input_shape,
        metrics={"accuracy": categorical_accuracy},
        seed=seed,
        dtype=dtype,
    )
