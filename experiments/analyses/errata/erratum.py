"""An erratum, and the examples that the errata of several courses are computed on."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.from_scratch import Convolution, categorical_cross_entropy

PRINTED, HOLDS = "as printed", "what holds"
"""Labels of the two sides."""


class Erratum(NamedTuple):
    """A statement of a source that does not hold.

    Args:
        source: Course and section.
        printed: The statement, as printed.
        correct: What holds instead.
        quantity: A quantity by which the two differ, in words.
        says: The quantity by the statement.
        holds: The quantity as it is, computed without the statement. Were the source right, both
            would be equal and the verdict "reproduced".
    """

    source: str
    printed: str
    correct: str
    quantity: str
    says: ArrayLike
    holds: ArrayLike


LOGITS, TRUE, ONE_HOT = np.array([2.0, -1.0, 0.5]), 0, np.array([1, 0, 0])
"""One example: its logits, its class, and that class as a vector."""

X = np.array([[0.8, -0.4]])
"""An example with two inputs."""

PICTURE = np.array(
    [[1, 0, 2, 1, 0], [0, 3, 1, 0, 2], [2, 1, 9, 4, 1], [1, 0, 2, 1, 3], [0, 2, 1, 0, 1]], float
)
FILTER, BIAS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), 0.5
"""A filter for upright edges, and a bias."""


def cross_entropy(logits: NDArray) -> float:
    """Return the loss of the example whose class is `TRUE`."""
    return categorical_cross_entropy(logits[None], np.array([TRUE]))[0]


def built(layer: Any) -> Any:
    """Return the layer, ready for pictures of the size of `PICTURE`."""
    layer.build((*PICTURE.shape, 1), float, None)
    return layer


def forward(layer: Any, picture: NDArray) -> NDArray:
    """Return the output of a pooling layer, or of a layer of one filter, for a picture."""
    return layer.forward(picture[None, :, :, None])[0, :, :, 0]


def convolution(bias: float = 0.0) -> Convolution:
    """Return a layer with `FILTER`, without padding."""
    kernel = FILTER[:, :, None, None]
    return built(Convolution(1, 3, 1, "valid", lambda *_: kernel, lambda *_: np.array([bias])))
