"""Initial values of parameters: functions (generator, shape) → float64 array of that shape."""

import numpy as np


def glorot_uniform(rng, shape):
    """Uniform on [−a, a] with a = √(6 / (inputs + outputs)), Keras's default for weights.

    Each output of a layer with weights of shape (k, ..., n_in, n_out) is a sum over
    inputs = k···n_in numbers, and each input is used in outputs = k···n_out sums; this variance,
    2 / (inputs + outputs), keeps activations and gradients of about one size through the layers.

    Args:
        rng: a `numpy.random.Generator`.
        shape: of the weights, two axes or more: (n_in, n_out) or (k, k, n_in, n_out).
    """
    window = np.prod(shape[:-2], dtype=int)
    limit = np.sqrt(6 / (window * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)


def normal(standard_deviation):
    """An initializer that draws from N(0, σ²); σ = 0.3 is B's (1.2.1)."""

    def initializer(rng, shape):
        return rng.normal(0, standard_deviation, shape)

    return initializer


def zeros(rng, shape):
    """Zeros, Keras's default for biases.

    As weights of a hidden layer (E) they give all its neurons one gradient, so that they stay
    identical.
    """
    return np.zeros(shape)
