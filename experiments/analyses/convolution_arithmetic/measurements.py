"""What Keras's layers, just built, have and compute; and what SciPy computes of the same pictures.

In: the examples below. Out: `Measurements`, which hold numbers alone. Keras and SciPy are imported
inside functions, so that importing this module costs nothing.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.arithmetic import Layer

PICTURE = np.array(
    [[0, 0, 2, 9, 9], [0, 0, 5, 9, 9], [0, 1, 8, 9, 9], [0, 3, 9, 9, 9], [0, 6, 9, 9, 9]]
)
"""A picture of an upright edge."""

FILTER, BIAS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), 0.5
"""A filter for upright edges, and a bias."""

N, K = len(PICTURE), len(FILTER)
WINDOWS = list(itertools.product((7, 8, 28), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2)))
"""Settings (n, k, s, p): side of the picture, side of the filter, stride, and padding."""

POOL = Layer(2, stride=2)
A_LAYERS = [Layer(3, filters=32), POOL, Layer(3, filters=64)]
B_CONVOLUTIONS = [Layer(5, padding="same", filters=filters) for filters in (32, 64, 64)]
B_LAYERS = [layer for convolution in B_CONVOLUTIONS for layer in (convolution, POOL)]
B_LAYERS += [Layer(None, filters=1000), Layer(None, filters=10)]
B_WEIGHTS = [2432, 51264, 102464, 1024000, 10000]
"""Of the five layers, as B prints them."""

LETTER = np.pad([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], 1)
"""The letter F."""

DOTS = np.zeros((17, 25))
DOTS[[4, 4, 8, 12, 12], [4, 19, 11, 5, 20]] = 1
"""A picture of single dots."""


@dataclass(frozen=True)
class Measurements:
    """Sizes, numbers of weights, receptive fields and outputs.

    Attributes:
        sizes: Height of the output for each of `WINDOWS`.
        a_sizes: Heights of A's picture and of the outputs of its first four layers.
        a_weights: Parameters of A's two convolutions.
        b_sizes: Heights of the outputs of B's six convolutions and poolings.
        b_weights: Parameters of B's five layers that have any.
        dense_weights: Parameters of a dense layer from 28x28x3 to 26x26 numbers.
        fields: Name of each of B's convolutions and poolings → truth values: which pixels of the
            picture change its middle output, shape (32, 32).
        field_sizes: Sides of these squares of pixels where the picture is large enough for them.
        pixels: Number of ones left of a picture of ones of N x N pixels that is padded.
        same: Output of `FILTER` for `PICTURE`, padded with zeros, shape (N, N).
        valid: The same without padding.
        flipped: The same with the filter flipped on both axes.
        biased: As `valid`, with the bias `BIAS`.
        stamped: Output of `LETTER` as a filter for `DOTS`, padded with zeros.
        letters: Convolution of `DOTS` and `LETTER` by SciPy: letters at the dots.
        dense: Outputs of a dense neuron that finds the letter, for each window of `letters`.
        dense_as_convolution: Outputs of the same neuron as a convolution, for `letters`.
        correlated: Cross-correlation of `PICTURE` and `FILTER` by SciPy, without padding.
        correlated_at_the_end: The same, with the zeros of the padding at the end of both axes.
        convolved: Convolution of `PICTURE` and `FILTER` by SciPy, without padding.
        convolved_in_full: The same wherever they overlap.
        exchanged_in_full: The same with picture and filter exchanged.
    """

    sizes: list[int]
    a_sizes: list[int]
    a_weights: list[int]
    b_sizes: list[int]
    b_weights: list[int]
    dense_weights: int
    fields: dict[str, NDArray]
    field_sizes: list[int]
    pixels: int
    same: NDArray
    valid: NDArray
    flipped: NDArray
    biased: NDArray
    stamped: NDArray
    letters: NDArray
    dense: NDArray
    dense_as_convolution: NDArray
    correlated: NDArray
    correlated_at_the_end: NDArray
    convolved: NDArray
    convolved_in_full: NDArray
    exchanged_in_full: NDArray


def measure() -> dict[str, Any]:
    """Build the layers, and return the attributes of `Measurements` by name."""
    return {**layers_of_a_and_b(), **outputs_of_filters(), **outputs_of_a_dense_neuron()}


def layers_of_a_and_b() -> dict[str, Any]:
    """Return sizes, numbers of weights and receptive fields of Keras's layers."""
    import keras

    from experiments.analyses.convolution_arithmetic.convolutions import pixels_read
    from models import cnn_classifier

    pad = keras.layers.ZeroPadding2D
    a = cnn_classifier((28, 28, 3))
    b_windows = {"kernel_size": 5, "padding": "same"}
    b = cnn_classifier((32, 32, 3), filters=(32, 64, 64), hidden=(1000,), **b_windows)
    # Large enough for receptive fields to end inside it. More filters a layer would see the same.
    larger = cnn_classifier((64, 64, 1), filters=(1, 1, 1), hidden=(), **b_windows)
    perceptron = keras.Sequential([keras.Input([28 * 28 * 3]), keras.layers.Dense(26 * 26)])
    return {
        "sizes": [
            keras.layers.Conv2D(1, k, strides=s)(pad(p)(np.zeros((1, n, n, 1)))).shape[1]
            for n, k, s, p in WINDOWS
        ],
        "a_sizes": [layer.output.shape[1] for layer in a.layers[:5]],  # the picture is the first
        "a_weights": [layer.count_params() for layer in a.layers[1:5:2]],
        "b_sizes": [layer.output.shape[1] for layer in b.layers[1:7]],
        "b_weights": [layer.count_params() for layer in b.layers if layer.count_params()],
        "dense_weights": perceptron.count_params(),
        "fields": pixels_read(b),
        "field_sizes": [seen.any(axis=0).sum() for seen in pixels_read(larger).values()],
        "pixels": int(keras.ops.sum(pad(K - 1)(np.ones((1, N, N, 1))))),
    }


def outputs_of_filters() -> dict[str, Any]:
    """Return outputs of Keras's convolutions of one filter, and what SciPy computes instead."""
    from scipy.signal import convolve2d, correlate2d

    from experiments.analyses.convolution_arithmetic.convolutions import convolution

    return {
        "same": convolution(FILTER, padding="same")(PICTURE),
        "valid": convolution(FILTER)(PICTURE),
        "flipped": convolution(FILTER[::-1, ::-1])(PICTURE),
        "biased": convolution(FILTER, BIAS)(PICTURE),
        "stamped": convolution(LETTER, padding="same")(DOTS),
        "correlated": correlate2d(PICTURE, FILTER, "valid"),
        "correlated_at_the_end": correlate2d(np.pad(PICTURE, (0, K - 1)), FILTER, "valid"),
        "convolved": convolve2d(PICTURE, FILTER, "valid"),
        "convolved_in_full": convolve2d(PICTURE, FILTER),
        "exchanged_in_full": convolve2d(FILTER, PICTURE),
    }


def outputs_of_a_dense_neuron() -> dict[str, Any]:
    """Return a picture of letters, and what a neuron that finds them outputs in two forms."""
    import keras
    from scipy.signal import convolve2d

    from experiments.analyses.convolution_arithmetic.convolutions import dense_as_convolution

    to_numpy = keras.ops.convert_to_numpy
    letters = convolve2d(DOTS, LETTER, mode="same")
    windows = np.lib.stride_tricks.sliding_window_view(letters, LETTER.shape)
    finder = keras.layers.Dense(1)
    finder.build((None, LETTER.size))  # outputs 1 for an F, and less for everything else
    finder.set_weights([2 * LETTER.reshape(-1, 1) - 1, 1 - LETTER.sum(keepdims=True)[0]])
    as_convolution = dense_as_convolution(finder, (*LETTER.shape, 1))
    return {
        "letters": letters,
        "dense": to_numpy(finder(windows.reshape(*windows.shape[:2], -1)))[..., 0],
        "dense_as_convolution": to_numpy(as_convolution(letters[None, ..., None]))[0, ..., 0],
    }
