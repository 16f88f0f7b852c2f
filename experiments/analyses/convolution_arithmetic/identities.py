"""The sources' statements on convolutions, each beside what Keras's layers have and give.

Keras and SciPy are imported inside functions, so that importing this module costs nothing.
"""

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from models.arithmetic import Layer, describe, output_size

PICTURE = np.array(
    [[0, 0, 2, 9, 9], [0, 0, 5, 9, 9], [0, 1, 8, 9, 9], [0, 3, 9, 9, 9], [0, 6, 9, 9, 9]]
)
FILTER, BIAS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), 0.5  # for upright edges
N, K = len(PICTURE), len(FILTER)
WINDOWS = list(itertools.product((7, 8, 28), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2)))  # n, k, s, p
POOL = Layer(2, stride=2)
A_LAYERS = [Layer(3, filters=32), POOL, Layer(3, filters=64)]
B_CONVOLUTIONS = [Layer(5, padding="same", filters=filters) for filters in (32, 64, 64)]
B_LAYERS = [layer for convolution in B_CONVOLUTIONS for layer in (convolution, POOL)]
B_LAYERS += [Layer(None, filters=1000), Layer(None, filters=10)]
B_WEIGHTS = [2432, 51264, 102464, 1024000, 10000]  # as B prints them
LETTER = np.pad([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], 1)  # an F
DOTS = np.zeros((17, 25))
DOTS[[4, 4, 8, 12, 12], [4, 19, 11, 5, 20]] = 1


class Identity(NamedTuple):
    """A statement of a source, and a quantity by the source and as it is.

    Where the source is right, `says` and `holds` are equal.
    """

    source: str
    statement: str
    quantity: str
    says: ArrayLike
    holds: ArrayLike


def built():
    """What layers of Keras, just built, have and give: name → number, list or array."""
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
    of_b = {"kernel_size": 5, "padding": "same"}
    b = cnn_classifier((32, 32, 3), filters=(32, 64, 64), hidden=(1000,), **of_b)
    # Large enough for fields to end inside it; one filter a layer, as more would see the same.
    larger = cnn_classifier((64, 64, 1), filters=(1, 1, 1), hidden=(), **of_b)
    perceptron = keras.Sequential([keras.Input([28 * 28 * 3]), keras.layers.Dense(26 * 26)])
    letters = convolve2d(DOTS, LETTER, mode="same")
    windows = np.lib.stride_tricks.sliding_window_view(letters, LETTER.shape)
    finder = keras.layers.Dense(1)
    finder.build((None, LETTER.size))  # gives 1 for an F, and less for all else
    finder.set_weights([2 * LETTER.reshape(-1, 1) - 1, 1 - LETTER.sum(keepdims=True)[0]])
    as_convolution = dense_as_convolution(finder, (*LETTER.shape, 1))
    return {
        "sizes": [
            keras.layers.Conv2D(1, k, strides=s)(pad(p)(np.zeros((1, n, n, 1)))).shape[1]
            for n, k, s, p in WINDOWS
        ],
        "A sizes": [layer.output.shape[1] for layer in a.layers[:5]],  # from the picture on
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
    """The statements, in the order of the subjects; `built` as `built()` gives it."""
    from scipy.signal import convolve2d, correlate2d

    n, k, s, p = np.transpose(WINDOWS)
    a, b = describe(A_LAYERS, 28, 3), describe(B_LAYERS, 32, 3)
    convolved = convolve2d(PICTURE, FILTER)
    read = np.arange(N + K - 1) < N  # whether an index that A's formula reads is in the picture
    sides = f"heights of the outputs of {len(WINDOWS)} layers"
    outputs = f"outputs for a picture of {N}x{N} pixels"
    return [
        Identity("A 6.2", "Without padding a 3x3 filter gives n − 2 pixels a side",
                 "height of the output for n = 28", 28 - 2, built["A sizes"][1]),
        Identity("A 6.2", "The input's indices run from 0 to 25, as its output's do",
                 "last index of the input of that layer", 25, built["A sizes"][0] - 1),
        Identity("B Q1", "The output has ⌊(n − k + 2p)/s⌋ + 1 pixels a side", sides,
                 [output_size(*window) for window in WINDOWS], built["sizes"]),
        Identity("B Q7", "The output has (n − k + 2p)/s + 1 pixels a side, not rounded down",
                 sides, (n - k + 2 * p) / s + 1, built["sizes"]),
        Identity("A 6.3", "Layer j has N_j(n²N_{j−1} + 1) parameters",
                 "parameters of 3x3x3 → 32 and 3x3x32 → 64",
                 [row.parameters for row in a[::2]], built["A weights"]),
        Identity("A 6.3", "These two layers have 13,932 parameters", "parameters in all",
                 13_932, sum(built["A weights"])),
        Identity("B Q1", "A dense layer from x·y·z numbers to x'·y' has x·y·z·x'·y' parameters, "
                 "where a convolution's are counted with its bias",
                 "parameters from 28x28x3 to 26x26", 28 * 28 * 3 * 26 * 26, built["dense weights"]),
        Identity("B Q10", "Pooling leaves 16, 8 and 4 pixels a side", "heights of the outputs",
                 [16, 8, 4], built["B sizes"][1::2]),
        Identity("B Q10", "The weights to learn, layer by layer", "parameters of the five layers",
                 B_WEIGHTS, built["B weights"]),
        Identity("B Q11", "The network has 1,190,160 weights to learn", "parameters in all",
                 1_190_160, sum(built["B weights"])),
        Identity("B Q7", "The receptive field grows by (k − 1)·j, the jump j by the factor s",
                 "sides of the squares of pixels that change one output of B's six layers",
                 [row.field for row in b[:6]], built["field sizes"]),
        Identity("A 6.2", "With padding, what has i or j inside is read from the picture",
                 f"places of g' that are read from a picture of {N}x{N}",
                 np.sum(read[:, None] | read), built["pixels"]),
        Identity("A 6.2", "With padding, G(i, j) sums f(k, l) g'(i + k, j + l)", outputs,
                 correlate2d(np.pad(PICTURE, (0, K - 1)), FILTER, "valid"), built["same"]),
        Identity("D 2.1.1", "What networks compute, eq. 4, is the cross-correlation", outputs,
                 correlate2d(PICTURE, FILTER, "valid"), built["valid"]),
        Identity("D 2.1.1", "Convolution, eq. 10, is eq. 4 with the kernel flipped on both axes",
                 outputs, convolve2d(PICTURE, FILTER, "valid"), built["flipped"]),
        Identity("D 2.1.1", "Convolution is commutative, eq. 11", f"{outputs}, all of it",
                 convolved, convolve2d(FILTER, PICTURE)),
        Identity("D 2.1.1", "The convolution of eq. 10 ends at the index n(m) − 1",
                 f"last row that is not zero, for n(m) = {N}",
                 N - 1, np.flatnonzero(convolved.any(axis=1))[-1]),
        Identity("D 2.1 (eq. 5, 6)", "The bias stands inside the double sum", outputs,
                 built["valid"] + FILTER.size * BIAS, built["biased"]),
        Identity("B Q5-6", "A dense layer is a convolution with a kernel of its input's size, and "
                 "on a larger picture gives what the dense layer gives of each window",
                 "outputs on each window", built["dense"], built["dense as convolution"]),
    ]  # fmt: skip
