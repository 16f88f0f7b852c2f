"""Sizes, parameters and receptive fields of convolutional networks, by formula, without Keras.

Pictures are square, as in the sources; of any other, each axis follows the same formulas.
"""

from dataclasses import dataclass
from typing import NamedTuple


def output_size(size, kernel, stride=1, padding="valid", dilation=1):
    """Pixels along one axis of a convolution's or a pooling's output.

    n' = ⌊(n + before + after − k') / s⌋ + 1, with k' = d·(k − 1) + 1 for dilation d.

    Source: A 6.2 (n − 2 for k = 3), B Q1 (before = after = p), D eq. 2.

    Args:
        size: pixels along the axis of the input, n.
        kernel: pixels along the axis of the kernel, k.
        stride: step of the kernel, s.
        padding: as for `padding_amounts`.
        dilation: distance between the pixels that meet neighbouring weights, d.

    Raises:
        ValueError: when an argument is not among those allowed, or the kernel does not fit.
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


def padding_amounts(size, kernel, stride=1, padding="valid", dilation=1):
    """Zeros that a layer puts before and after one axis of its input.

    "valid" puts none. "same" makes the output ⌈n/s⌉ pixels long with
    max((⌈n/s⌉ − 1)·s + k' − n, 0) zeros, half of them before and, where that is odd, one more
    after. A number p puts p on both sides; p = (k − 1)/2 is "same" for an odd k at stride 1.

    Source: A 6.1, B Q8, D 2.1.4; Keras for the sides of "same".

    Args:
        size: pixels along the axis of the input, n.
        kernel: pixels along the axis of the kernel, k.
        stride: step of the kernel, s.
        padding: "valid", "same", or the number of zeros on each side.
        dilation: distance between the pixels that meet neighbouring weights, d.

    Returns:
        before, after.

    Raises:
        ValueError: when an argument is not among those allowed.
    """
    _check(size=size, kernel=kernel, stride=stride, dilation=dilation)
    if padding == "valid":
        return 0, 0
    if padding == "same":
        steps = -(-size // stride) - 1
        total = max(steps * stride + _span(kernel, dilation) - size, 0)
        return total // 2, total - total // 2
    if isinstance(padding, str) or padding != int(padding) or padding < 0:
        raise ValueError(
            f"padding must be 'valid', 'same' or a whole number of at least 0, not {padding!r}"
        )
    return padding, padding


def convolution_parameters(kernel, channels, filters, bias=True):
    """Weights of a convolution: N·(k²·C + 1) for N filters on C channels (A 6.3, B Q1).

    Args:
        kernel: height and width of the filters, k.
        channels: of the input, C.
        filters: number of filters, N.
        bias: whether each filter has one.
    """
    _check(kernel=kernel, channels=channels, filters=filters)
    return filters * (kernel**2 * channels + bool(bias))


def dense_parameters(inputs, neurons, bias=True):
    """Weights of a dense layer: each neuron has one for each input, and a bias.

    Args:
        inputs: numbers that the layer takes.
        neurons: numbers that it gives.
        bias: whether each neuron has one.
    """
    return convolution_parameters(1, inputs, neurons, bias)


@dataclass(frozen=True)
class Layer:
    """A convolution; a pooling, where `filters` is None; a dense layer, where `kernel` is None.

    A dense layer is a convolution whose kernel is as large as its input (B Q5).
    """

    kernel: int | None
    stride: int = 1
    padding: str | int = "valid"
    dilation: int = 1
    filters: int | None = None


class Row(NamedTuple):
    """What a layer gives.

    Attributes:
        size: height and width of its output in pixels.
        channels: of its output.
        parameters: of this layer alone.
        field: height and width of its receptive field, in pixels of the picture.
        jump: distance between the fields of two neighbouring outputs, in pixels.
        start: first pixel of output 0's field; below 0, it lies in the padding.
    """

    size: int
    channels: int
    parameters: int = 0
    field: int = 1
    jump: int = 1
    start: int = 0


def describe(layers, size, channels):
    """Follow a picture through layers.

    Field r, jump j and start t of the next layer: r' = r + (k' − 1)·j and t' = t − before·j
    with the jump of its input, then j' = j·s. Output i sees the pixels from t + i·j on.

    Source: B Q7; Keras for the start.

    Args:
        layers: list of `Layer`.
        size: height and width of the picture.
        channels: of the picture.

    Returns:
        A `Row` for each layer.

    Raises:
        ValueError: when a layer's kernel does not fit its input.
    """
    rows = [Row(size, channels)]
    for layer in layers:
        rows.append(_next(layer, rows[-1]))
    return rows[1:]


def _next(layer, row):
    kernel = row.size if layer.kernel is None else layer.kernel
    window = (row.size, kernel, layer.stride, layer.padding, layer.dilation)
    pools = layer.filters is None
    return Row(
        size=output_size(*window),
        channels=row.channels if pools else layer.filters,
        parameters=0 if pools else convolution_parameters(kernel, row.channels, layer.filters),
        field=row.field + (_span(kernel, layer.dilation) - 1) * row.jump,
        jump=row.jump * layer.stride,
        start=row.start - padding_amounts(*window)[0] * row.jump,
    )


def _span(kernel, dilation):
    return dilation * (kernel - 1) + 1


def _check(**sizes):
    for name, value in sizes.items():
        if value != int(value) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value}")
