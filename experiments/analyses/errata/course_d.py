"""Errata of course D, each computed as printed and as it holds."""

import numpy as np

from experiments.analyses.errata.demonstrations import pooling_gradients
from experiments.analyses.errata.erratum import (
    BIAS,
    FILTER,
    PICTURE,
    Erratum,
    convolution,
    forward,
)
from models.arithmetic import convolution_parameters
from models.from_scratch import numpy_cnn


def errata() -> list[Erratum]:
    """Return the errata of course D."""
    assigned, added = pooling_gradients()
    first_layer, second_layer = (numpy_cnn().layers[place].parameters for place in (0, 2))
    a, b = np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]])
    windows = np.lib.stride_tricks.sliding_window_view(PICTURE, FILTER.shape)[0]
    return [
        Erratum(
            source="D 2, eq. 1",
            printed="The Hadamard product is the sum of the products of the entries",
            correct="The matrix of these products; their sum is the Frobenius inner product",
            quantity="product of (1 2; 3 4) and (5 6; 7 8)",
            says=np.sum(a * b),
            holds=a * b,
        ),
        Erratum(
            source="D 2.1, eq. 5-6",
            printed="The bias stands inside the double sum",
            correct="Behind it, as in eq. 12",
            quantity="three outputs of a 3x3 filter with the bias 0.5",
            says=[np.sum(FILTER * window + BIAS) for window in windows],
            holds=forward(convolution(BIAS), PICTURE)[0],
        ),
        Erratum(
            source="D 3",
            printed="The first two layers are identical convolutions",
            correct="The second has 8 input channels, the first one",
            quantity="parameters of the two layers",
            says=[convolution_parameters(5, 1, 8)] * 2,
            holds=[sum(p.size for p in layer) for layer in (first_layer, second_layer)],
        ),
        Erratum(
            source="D 3.3",
            printed="The backward pass of max pooling assigns",
            correct="It adds: where windows overlap, a pixel may be the maximum of several",
            quantity="gradient at such a pixel",
            says=assigned[2, 2],
            holds=added[2, 2],
        ),
    ]
