"""Initial values of parameters: functions (generator, shape) → float64 array of that shape."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .arrays import Shape

Initializer = Callable[[np.random.Generator, Shape], NDArray[np.float64]]


def glorot_uniform(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    """Uniform on [−a, a] with a = √(6 / (inputs + outputs)), Keras's default for weights.

    Each output of a layer with weights of shape (k, ..., n_in, n_out) is a sum over
    inputs = k···n_in numbers, and each input occurs in outputs = k···n_out sums. The variance
    2 / (inputs + outputs) keeps activations and gradients at about the same size in all layers.

    Args:
        rng: `numpy.random.Generator`.
        shape: tuple of at least two ints, such as (n_in, n_out) or (k, k, n_in, n_out).

    Returns:
        float64, the given shape.
    """
    window = np.prod(shape[:-2], dtype=int)
    limit = np.sqrt(6 / (window * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)


def normal(standard_deviation: float) -> Initializer:
    """An initializer that draws from N(0, σ²); B 1.2.1 uses σ = 0.3.

    Args:
        standard_deviation: float, σ.

    Returns:
        Callable (generator, shape) → float64 array.
    """

    def initializer(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        return rng.normal(0, standard_deviation, shape)

    return initializer


def zeros(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    """Zeros, Keras's default for biases.

    As weights of a hidden layer (E) they give all its neurons the same gradient, so that the
    neurons stay identical.

    Args:
        rng: unused.
        shape: tuple of ints.

    Returns:
        float64, the given shape.
    """
    return np.zeros(shape)
