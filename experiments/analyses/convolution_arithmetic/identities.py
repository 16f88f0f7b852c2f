"""The sources' statements on convolutions, each beside what Keras's layers have and compute.

In: `Measurements`. Out: a list of `Identity`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.analyses.convolution_arithmetic.measurements import (
    A_LAYERS,
    B_LAYERS,
    B_WEIGHTS,
    BIAS,
    FILTER,
    WINDOWS,
    K,
    Measurements,
    N,
)
from models.arithmetic import describe, output_size


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


def identities(measured: Measurements) -> list[Identity]:
    """Return the statements, by subject."""
    n, k, s, p = np.transpose(WINDOWS)
    a, b = describe(A_LAYERS, 28, 3), describe(B_LAYERS, 32, 3)
    convolved = measured.convolved_in_full
    read = np.arange(N + K - 1) < N  # whether an index that A's formula reads is in the picture
    sides = f"heights of the outputs of {len(WINDOWS)} layers"
    outputs = f"outputs for a picture of {N}x{N} pixels"
    return [
        Identity(
            source="A 6.2",
            statement="Without padding a 3x3 filter gives n − 2 pixels a side",
            quantity="height of the output for n = 28",
            says=28 - 2,
            holds=measured.a_sizes[1],
        ),
        Identity(
            source="A 6.2",
            statement="The input's indices run from 0 to 25, as its output's do",
            quantity="last index of the input of that layer",
            says=25,
            holds=measured.a_sizes[0] - 1,
        ),
        Identity(
            source="B Q1",
            statement="The output has ⌊(n − k + 2p)/s⌋ + 1 pixels a side",
            quantity=sides,
            says=[output_size(*window) for window in WINDOWS],
            holds=measured.sizes,
        ),
        Identity(
            source="B Q7",
            statement="The output has (n − k + 2p)/s + 1 pixels a side, not rounded down",
            quantity=sides,
            says=(n - k + 2 * p) / s + 1,
            holds=measured.sizes,
        ),
        Identity(
            source="A 6.3",
            statement="Layer j has N_j(n²N_{j−1} + 1) parameters",
            quantity="parameters of 3x3x3 → 32 and 3x3x32 → 64",
            says=[row.parameters for row in a[::2]],
            holds=measured.a_weights,
        ),
        Identity(
            source="A 6.3",
            statement="These two layers have 13,932 parameters",
            quantity="parameters in all",
            says=13_932,
            holds=sum(measured.a_weights),
        ),
        Identity(
            source="B Q1",
            statement="A dense layer from x·y·z numbers to x'·y' has x·y·z·x'·y' parameters, "
            "where a convolution's are counted with its bias",
            quantity="parameters from 28x28x3 to 26x26",
            says=28 * 28 * 3 * 26 * 26,
            holds=measured.dense_weights,
        ),
        Identity(
            source="B Q10",
            statement="Pooling leaves 16, 8 and 4 pixels a side",
            quantity="heights of the outputs",
            says=[16, 8, 4],
            holds=measured.b_sizes[1::2],
        ),
        Identity(
            source="B Q10",
            statement="The weights to learn, layer by layer",
            quantity="parameters of the five layers",
            says=B_WEIGHTS,
            holds=measured.b_weights,
        ),
        Identity(
            source="B Q11",
            statement="The network has 1,190,160 weights to learn",
            quantity="parameters in all",
            says=1_190_160,
            holds=sum(measured.b_weights),
        ),
        Identity(
            source="B Q7",
            statement="The receptive field grows by (k − 1)·j, the jump j by the factor s",
            quantity="sides of the squares of pixels that change one output of B's six layers",
            says=[row.field for row in b[:6]],
            holds=measured.field_sizes,
        ),
        Identity(
            source="A 6.2",
            statement="With padding, what has i or j inside is read from the picture",
            quantity=f"places of g' that are read from a picture of {N}x{N}",
            says=np.sum(read[:, None] | read),
            holds=measured.pixels,
        ),
        Identity(
            source="A 6.2",
            statement="With padding, G(i, j) sums f(k, l) g'(i + k, j + l)",
            quantity=outputs,
            says=measured.correlated_at_the_end,
            holds=measured.same,
        ),
        Identity(
            source="D 2.1.1",
            statement="What networks compute, eq. 4, is the cross-correlation",
            quantity=outputs,
            says=measured.correlated,
            holds=measured.valid,
        ),
        Identity(
            source="D 2.1.1",
            statement="Convolution, eq. 10, is eq. 4 with the kernel flipped on both axes",
            quantity=outputs,
            says=measured.convolved,
            holds=measured.flipped,
        ),
        Identity(
            source="D 2.1.1",
            statement="Convolution is commutative, eq. 11",
            quantity=f"{outputs}, all of it",
            says=convolved,
            holds=measured.exchanged_in_full,
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
            says=measured.valid + FILTER.size * BIAS,
            holds=measured.biased,
        ),
        Identity(
            source="B Q5-6",
            statement="A dense layer is a convolution with a kernel of its input's size, and "
            "on a larger picture gives what the dense layer gives of each window",
            quantity="outputs on each window",
            says=measured.dense,
            holds=measured.dense_as_convolution,
        ),
    ]
