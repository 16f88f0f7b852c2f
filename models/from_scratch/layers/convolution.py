"""The convolutional layer."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...arithmetic import Padding, output_size, padding_amounts
from ..arrays import Floats, Shape
from ..initializers import Initializer, glorot_uniform, zeros
from .dense import WeightedLayer, check_size


class Convolution(WeightedLayer):
    r"""Filters slid over an image, as Keras's `Conv2D`: cross-correlation, channels last.

    D 2.1, eq. 13, with the bias added once. With stride s and x padded with zeros (D 2.1.4):

    .. math:: y_{pqf} = b_f + \sum_{i,j,c} x_{ps+i,\,qs+j,\,c}\, K_{ijcf}

    Each weight and each pixel collects δ from all outputs that it contributed to (D 2.3):

    .. math::
        \frac{\partial L}{\partial K_{ijcf}} = \sum_{p,q} x_{ps+i,\,qs+j,\,c}\, \delta_{pqf}, \quad
        \frac{\partial L}{\partial b_f} = \sum_{p,q} \delta_{pqf}, \quad
        \frac{\partial L}{\partial x_{uvc}}
            = \sum_{ps+i=u,\ qs+j=v,\ f} K_{ijcf}\, \delta_{pqf}

    the first two also summed over the batch. The last is itself a cross-correlation: of δ, with
    s − 1 zeros between its pixels and k − 1 around it, and the kernel, flipped along both axes and
    with its channels and filters exchanged. That is D 2.1.1's convolution proper.

    Shapes: x (batch, height, width, channels), K (k, k, channels, filters), b (filters,), y and δ
    (batch, p, q, filters), with p and q given by `models.arithmetic.output_size`.

    Args:
        filters: int, number of filters.
        kernel_size: int, height and width of the filters, k.
        stride: int, step of the filters, s. Defaults to 1.
        padding: "valid", "same" as in Keras, or int, the number of zeros on each side. Defaults to
            "valid".
        kernel_initializer: callable (generator, shape) → array, draws K. Defaults to
            `glorot_uniform`.
        bias_initializer: callable (generator, shape) → array, draws b. Defaults to `zeros`.

    Raises:
        ValueError: if a size is not an integer of at least 1; in `build`, if the padding is not an
            allowed one, or the kernel does not fit into the image.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        stride: int = 1,
        padding: Padding = "valid",
        kernel_initializer: Initializer = glorot_uniform,
        bias_initializer: Initializer = zeros,
    ) -> None:
        super().__init__(kernel_initializer, bias_initializer)
        for name, size in (("filters", filters), ("kernel_size", kernel_size), ("stride", stride)):
            check_size(name, size)
        self._filters = filters
        self._kernel_size = kernel_size
        self._stride = stride
        self._padding = padding

    def build(self, input_shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> Shape:
        """See `Layer.build`; inputs are images, (height, width, channels)."""
        *sides, channels = check_image(input_shape)
        window = self._kernel_size, self._stride, self._padding
        self._margins = [padding_amounts(side, *window) for side in sides]
        self._draw((self._kernel_size, self._kernel_size, channels, self._filters), dtype, rng)
        return (*(output_size(side, *window) for side in sides), self._filters)

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """The outputs, shape (batch, p, q, filters)."""
        kernel, bias = self.parameters
        self._padded = np.pad(x, ((0, 0), *self._margins, (0, 0)))
        self._windows = _row_windows(self._padded, self._kernel_size, self._stride)
        return _correlate(self._windows, kernel, self._stride) + bias

    def backward_to_parameters(self, gradient: Floats) -> None:
        """See `Layer.backward_to_parameters`."""
        self.gradients = [self._kernel_gradient(gradient), gradient.sum(axis=(0, 1, 2))]

    def _kernel_gradient(self, gradient: Floats) -> Floats:
        batch, rows, columns, filters = gradient.shape
        gradient = gradient.reshape(batch, rows * columns, filters)
        parts = [
            _kernel_row(self._windows, i, rows, self._stride).swapaxes(1, 2) @ gradient
            for i in range(self._kernel_size)
        ]
        return np.stack([part.sum(axis=0) for part in parts]).reshape(self.parameters[0].shape)

    def _input_gradient(self, gradient: Floats) -> Floats:
        kernel, _ = self.parameters
        batch, height, width, _ = self._padded.shape
        _, rows, columns, filters = gradient.shape
        border, step = self._kernel_size - 1, self._stride
        spread = np.zeros((batch, height + border, width + border, filters), gradient.dtype)
        spread[:, border:, border:][:, ::step, ::step][:, :rows, :columns] = gradient
        flipped = kernel[::-1, ::-1].swapaxes(2, 3)
        outputs = _correlate(_row_windows(spread, self._kernel_size, 1), flipped, 1)
        (top, bottom), (left, right) = self._margins
        return outputs[:, top : height - bottom, left : width - right]


def check_image(shape: Shape) -> Shape:
    """Check that a shape is one of images.

    Args:
        shape: tuple of ints.

    Returns:
        The shape, (height, width, channels).

    Raises:
        ValueError: if it does not have three axes.
    """
    if len(shape) != 3:
        raise ValueError(
            f"images must have the shape (height, width, channels), not {tuple(shape)}"
        )
    return shape


def _row_windows(x: Floats, size: int, stride: int) -> Floats:
    """The pixels of each row that each step of a kernel covers.

    A k x k kernel consists of k one-row kernels, stacked. Their windows overlap only along the
    width, so this array is k times as large as x; one of k x k windows would be k² times as large.

    Args:
        x: shape (batch, height, width, channels).
        size: width of the kernel, k.
        stride: step along the width.

    Returns:
        Shape (batch, height, steps, k·channels), contiguous.
    """
    *rest, width, channels = x.shape
    rows = x.reshape(*rest, width * channels)
    windows = sliding_window_view(rows, size * channels, axis=-1)
    return np.ascontiguousarray(windows[:, :, :: stride * channels])


def _kernel_row(windows: Floats, i: int, rows: int, stride: int) -> Floats:
    """The windows that row i of the kernel covers, shape (batch, rows·columns, k·channels)."""
    covered = windows[:, i::stride][:, :rows]
    return covered.reshape(len(covered), -1, covered.shape[-1])


def _correlate(windows: Floats, kernel: Floats, stride: int) -> Floats:
    """Cross-correlation of `_row_windows`: one matrix product per row of the kernel.

    Returns:
        Shape (batch, rows, columns, filters).
    """
    batch, height, columns, _ = windows.shape
    size, *_, filters = kernel.shape
    rows = (height - size) // stride + 1
    first, *others = kernel.reshape(size, -1, filters)
    total = _kernel_row(windows, 0, rows, stride) @ first
    for i, weights in enumerate(others, start=1):
        total += _kernel_row(windows, i, rows, stride) @ weights
    return total.reshape(batch, rows, columns, filters)
