"""The sources' statements on convolutions, each beside what Keras's layers have and compute.

In: the measurements of `built`. Out: a list of `Identity`. Keras and SciPy are imported inside
functions, so that importing this module costs nothing.
"""

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.arithmetic import Layer, describe, output_size

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


class Identity(NamedTuple):
    """A statement of a source, and a quantity that decides whether it holds.

    Args:
        source: Course and section.
        statement: The statement, in our words.
        quantity: The quantity, in words.
        says: The quantity by the statement.
        holds: The quantity as Keras's layers have it. Where the source is right, both are equal.
    """

    source: str
    statement: str
    quantity: str
    says: ArrayLike
    holds: ArrayLike


def built():
    """Build layers of Keras, and measure what the statements are about.

    Returns:
        Name → number, list or array: sizes, numbers of weights, receptive fields and outputs.
    """
    import keras
    from scipy.signal import convolve2d

    from experiments.analyses.convolution_arithmetic.convolutions import (
        convolution,
        dense_as_convolution,
        pixels_read,
    )
    from models import cnn_classifier

    to_numpy, pad = keras.ops.convert_to_numpy, keras.layers.ZeroPadding2D
    a = cnn_classifier((28, 28, 3))
    b_windows = {"kernel_size": 5, "padding": "same"}
    b = cnn_classifier((32, 32, 3), filters=(32, 64, 64), hidden=(1000,), **b_windows)
    # Large enough for receptive fields to end inside it. More filters a layer would see the same.
    larger = cnn_classifier((64, 64, 1), filters=(1, 1, 1), hidden=(), **b_windows)
    perceptron = keras.Sequential([keras.Input([28 * 28 * 3]), keras.layers.Dense(26 * 26)])
    letters = convolve2d(DOTS, LETTER, mode="same")
    windows = np.lib.stride_tricks.sliding_window_view(letters, LETTER.shape)
    finder = keras.layers.Dense(1)
    finder.build((None, LETTER.size))  # outputs 1 for an F, and less for everything else
    finder.set_weights([2 * LETTER.reshape(-1, 1) - 1, 1 - LETTER.sum(keepdims=True)[0]])
    as_convolution = dense_as_convolution(finder, (*LETTER.shape, 1))
    return {
        "sizes": [
            keras.layers.Conv2D(1, k, strides=s)(pad(p)(np.zeros((1, n, n, 1)))).shape[1]
            for n, k, s, p in WINDOWS
        ],
        "A sizes": [layer.output.shape[1] for layer in a.layers[:5]],  # the picture is the first
        "A weights": [layer.count_params() for layer in a.layers[1:5:2]],
        "B sizes": [layer.output.shape[1] for layer in b.layers[1:7]],
        "B weights": [layer.count_params() for layer in b.layers if layer.count_params()],
        "dense weights": perceptron.count_params(),
        "fields": pixels_read(b),
        "field sizes": [seen.any(axis=0).sum() for seen in pixels_read(larger).values()],
        "pixels": int(to_numpy(pad(K - 1)(np.ones((1, N, N, 1)))).sum()),
        "same": convolution(FILTER, padding="same")(PICTURE),
        "valid": convolution(FILTER)(PICTURE),
        "flipped": convolution(FILTER[::-1, ::-1])(PICTURE),
        "biased": convolution(FILTER, BIAS)(PICTURE),
        "stamped": convolution(LETTER, padding="same")(DOTS),
        "letters": letters,
        "dense": to_numpy(finder(windows.reshape(*windows.shape[:2], -1)))[..., 0],
        "dense as convolution": to_numpy(as_convolution(letters[None, ..., None]))[0, ..., 0],
    }


def identities(built):
    """Return the statements, by subject.

    Args:
        built: What the function of that name returns.
    """
    from scipy.signal import convolve2d, correlate2d

    n, k, s, p = np.transpose(WINDOWS)
    a, b = describe(A_LAYERS, 28, 3), describe(B_LAYERS, 32, 3)
    convolved = convolve2d(PICTURE, FILTER)
    read = np.arange(N + K - 1) < N  # whether an index that A's formula reads is in the picture
    sides = f"heights of the outputs of {len(WINDOWS)} layers"
    outputs = f"outputs for a picture of {N}x{N} pixels"
    return [
        Identity(
            source="A 6.2",
            statement="Without padding a 3x3 filter gives n − 2 pixels a side",
            quantity="height of the output for n = 28",
            says=28 - 2,
            holds=built["A sizes"][1],
        ),
        Identity(
            source="A 6.2",
            statement="The input's indices run from 0 to 25, as its output's do",
            quantity="last index of the input of that layer",
            says=25,
            holds=built["A sizes"][0] - 1,
        ),
        Identity(
            source="B Q1",
            statement="The output has ⌊(n − k + 2p)/s⌋ + 1 pixels a side",
            quantity=sides,
            says=[output_size(*window) for window in WINDOWS],
            holds=built["sizes"],
        ),
        Identity(
            source="B Q7",
            statement="The output has (n − k + 2p)/s + 1 pixels a side, not rounded down",
            quantity=sides,
            says=(n - k + 2 * p) / s + 1,
            holds=built["sizes"],
        ),
        Identity(
            source="A 6.3",
            statement="Layer j has N_j(n²N_{j−1} + 1) parameters",
            quantity="parameters of 3x3x3 → 32 and 3x3x32 → 64",
            says=[row.parameters for row in a[::2]],
            holds=built["A weights"],
        ),
        Identity(
            source="A 6.3",
            statement="These two layers have 13,932 parameters",
            quantity="parameters in all",
            says=13_932,
            holds=sum(built["A weights"]),
        ),
        Identity(
            source="B Q1",
            statement="A dense layer from x·y·z numbers to x'·y' has x·y·z·x'·y' parameters, "
            "where a convolution's are counted with its bias",
            quantity="parameters from 28x28x3 to 26x26",
            says=28 * 28 * 3 * 26 * 26,
            holds=built["dense weights"],
        ),
        Identity(
            source="B Q10",
            statement="Pooling leaves 16, 8 and 4 pixels a side",
            quantity="heights of the outputs",
            says=[16, 8, 4],
            holds=built["B sizes"][1::2],
        ),
        Identity(
            source="B Q10",
            statement="The weights to learn, layer by layer",
            quantity="parameters of the five layers",
            says=B_WEIGHTS,
            holds=built["B weights"],
        ),
        Identity(
            source="B Q11",
            statement="The network has 1,190,160 weights to learn",
            quantity="parameters in all",
            says=1_190_160,
            holds=sum(built["B weights"]),
        ),
        Identity(
            source="B Q7",
            statement="The receptive field grows by (k − 1)·j, the jump j by the factor s",
            quantity="sides of the squares of pixels that change one output of B's six layers",
            says=[row.field for row in b[:6]],
            holds=built["field sizes"],
        ),
        Identity(
            source="A 6.2",
            statement="With padding, what has i or j inside is read from the picture",
            quantity=f"places of g' that are read from a picture of {N}x{N}",
            says=np.sum(read[:, None] | read),
            holds=built["pixels"],
        ),
        Identity(
            source="A 6.2",
            statement="With padding, G(i, j) sums f(k, l) g'(i + k, j + l)",
            quantity=outputs,
            says=correlate2d(np.pad(PICTURE, (0, K - 1)), FILTER, "valid"),
            holds=built["same"],
        ),
        Identity(
            source="D 2.1.1",
            statement="What networks compute, eq. 4, is the cross-correlation",
            quantity=outputs,
            says=correlate2d(PICTURE, FILTER, "valid"),
            holds=built["valid"],
        ),
        Identity(
            source="D 2.1.1",
            statement="Convolution, eq. 10, is eq. 4 with the kernel flipped on both axes",
            quantity=outputs,
            says=convolve2d(PICTURE, FILTER, "valid"),
            holds=built["flipped"],
        ),
        Identity(
            source="D 2.1.1",
            statement="Convolution is commutative, eq. 11",
            quantity=f"{outputs}, all of it",
            says=convolved,
            holds=convolve2d(FILTER, PICTURE),
        ),
        Identity(
            source="D 2.1.1",
            statement="The convolution of eq. 10 ends at the index n(m) − 1",
            quantity=f"last row that is not zero, for n(m) = {N}",
            says=N - 1,
            holds=np.flatnonzero(convolved.any(axis=1))[-1],
        ),
        Identity(
            source="D 2.1 (eq. 5, 6)",
            statement="The bias stands inside the double sum",
            quantity=outputs,
            says=built["valid"] + FILTER.size * BIAS,
            holds=built["biased"],
        ),
        Identity(
            source="B Q5-6",
            statement="A dense layer is a convolution with a kernel of its input's size, and "
            "on a larger picture gives what the dense layer gives of each window",
            quantity="outputs on each window",
            says=built["dense"],
            holds=built["dense as convolution"],
        ),
    ]
