"""Sizes, parameters and receptive fields of convolutional networks, by formula, without Keras.

Images are square, as in the sources. For others, the same formulas hold along each axis.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Padding = str | int
""""valid", "same", or the number of zeros on each side."""


def output_size(
    size: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1
) -> int:
    """Pixels along one axis of the output of a convolution or a pooling.

    n' = ⌊(n + before + after − k') / s⌋ + 1, with k' = d·(k − 1) + 1 for dilation d.

    Source: A 6.2 (n − 2 for k = 3), B Q1 (before = after = p), D eq. 2.

    Args:
        size: int, pixels along the axis of the input, n.
        kernel: int, pixels along the axis of the kernel, k.
        stride: int, step of the kernel, s. Defaults to 1.
        padding: str or int, see `padding_amounts`. Defaults to "valid".
        dilation: int, distance between the pixels of neighbouring weights, d. Defaults to 1.

    Returns:
        int, n'.

    Raises:
        ValueError: if an argument is not allowed, or the kernel does not fit into the input.
    """
    before, after = padding_amounts(size, kernel, stride, padding, dilation)
    span = _span(kernel, dilation)
    room = size + before + after - span
    if room < 0:
        raise ValueError(
            f"a kernel that spans {span} pixels does not fit into {size + before + after}; use a "
            "smaller kernel or dilation, or padding='same'"
        )
    return room // stride + 1


def padding_amounts(
    size: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1
) -> tuple[int, int]:
    """Zeros that a layer adds before and after its input along one axis.

    "valid" adds none. "same" makes the output ⌈n/s⌉ pixels long by adding
    max((⌈n/s⌉ − 1)·s + k' − n, 0) zeros, half of them on each side and, if that number is odd, one
    more after. An integer p adds p on both sides; p = (k − 1)/2 equals "same" for an odd k at
    stride 1.

    Source: A 6.1, B Q8, D 2.1.4; Keras for the sides of "same".

    Args:
        size: int, pixels along the axis of the input, n.
        kernel: int, pixels along the axis of the kernel, k.
        stride: int, step of the kernel, s. Defaults to 1.
        padding: "valid", "same", or int, the number of zeros on each side. Defaults to "valid".
        dilation: int, distance between the pixels of neighbouring weights, d. Defaults to 1.

    Returns:
        Zeros before and zeros after.

    Raises:
        ValueError: if an argument is not allowed.
    """
    _check(size=size, kernel=kernel, stride=stride, dilation=dilation)
    if padding == "valid":
        return 0, 0
    if padding == "same":
        steps = math.ceil(size / stride) - 1
        total = max(steps * stride + _span(kernel, dilation) - size, 0)
        return total // 2, total - total // 2
    if isinstance(padding, str) or padding != int(padding) or padding < 0:
        raise ValueError(
            f"padding must be 'valid', 'same' or a whole number of at least 0, not {padding!r}"
        )
    return padding, padding


def convolution_parameters(kernel: int, channels: int, filters: int, bias: bool = True) -> int:
    """Parameters of a convolution: N·(k²·C + 1) for N filters on C channels (A 6.3, B Q1).

    Args:
        kernel: int, height and width of the filters, k.
        channels: int, channels of the input, C.
        filters: int, number of filters, N.
        bias: bool, whether each filter has a bias. Defaults to True.

    Returns:
        int, the number of parameters.

    Raises:
        ValueError: if a size is not an integer of at least 1.
    """
    _check(kernel=kernel, channels=channels, filters=filters)
    return filters * (kernel**2 * channels + bool(bias))


def dense_parameters(inputs: int, neurons: int, bias: bool = True) -> int:
    """Parameters of a dense layer: each neuron has one weight for each input, and a bias.

    Args:
        inputs: int, number of inputs.
        neurons: int, number of neurons.
        bias: bool, whether each neuron has a bias. Defaults to True.

    Returns:
        int, the number of parameters.

    Raises:
        ValueError: if a size is not an integer of at least 1.
    """
    return convolution_parameters(1, inputs, neurons, bias)


@dataclass(frozen=True)
class Layer:
    """A convolution, a pooling (`filters` is None) or a dense layer (`kernel` is None).

    A dense layer is a convolution whose kernel is as large as its input (B Q5).

    Attributes:
        kernel: height and width of the kernel, in pixels.
        stride: step of the kernel.
        padding: see `padding_amounts`.
        dilation: distance between the pixels of neighbouring weights.
        filters: number of filters.
    """

    kernel: int | None
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1
    filters: int | None = None


class Row(NamedTuple):
    """The output of a layer.

    Attributes:
        size: height and width of the output, in pixels.
        channels: channels of the output.
        parameters: parameters of this layer alone.
        field: height and width of an output's receptive field, in pixels of the image.
        jump: distance between the fields of two neighbouring outputs, in pixels.
        start: first pixel of the field of output 0; negative if it lies in the padding.
    """

    size: int
    channels: int
    parameters: int = 0
    field: int = 1
    jump: int = 1
    start: int = 0


def describe(layers: Iterable[Layer], size: int, channels: int) -> list[Row]:
    """Follow an image through layers.

    Field r, jump j and start t of the next layer: r' = r + (k' − 1)·j and t' = t − before·j
    with the jump of its input, then j' = j·s. The field of output i starts at pixel t + i·j.

    Source: B Q7; Keras for the start.

    Args:
        layers: list of `Layer`.
        size: int, height and width of the image.
        channels: int, channels of the image.

    Returns:
        List of one `Row` per layer.

    Raises:
        ValueError: if a layer's kernel does not fit into its input.
    """
    rows = [Row(size, channels)]
    for layer in layers:
        rows.append(_next(layer, rows[-1]))
    return rows[1:]


def _next(layer: Layer, row: Row) -> Row:
    kernel = row.size if layer.kernel is None else layer.kernel
    window = (row.size, kernel, layer.stride, layer.padding, layer.dilation)
    if layer.filters is None:
        channels, parameters = row.channels, 0
    else:
        channels = layer.filters
        parameters = convolution_parameters(kernel, row.channels, layer.filters)
    return Row(
        size=output_size(*window),
        channels=channels,
        parameters=parameters,
        field=row.field + (_span(kernel, layer.dilation) - 1) * row.jump,
        jump=row.jump * layer.stride,
        start=row.start - padding_amounts(*window)[0] * row.jump,
    )


def _span(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) + 1


def _check(**sizes: int) -> None:
    for name, value in sizes.items():
        if value != int(value) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value}")
