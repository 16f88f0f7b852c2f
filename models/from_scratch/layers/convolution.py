"""The convolutional layer."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from models.arithmetic import output_size, padding_amounts
from models.from_scratch.initializers import glorot_uniform, zeros
from models.from_scratch.layers.dense import WeightedLayer, check_size


class Convolution(WeightedLayer):
    r"""Filters slid over an image, as Keras's `Conv2D`: cross-correlation, channels last.

    D 2.1, eq. 13, with the bias added once. With stride s and x padded with zeros (D 2.1.4):

    .. math:: y_{pqf} = b_f + \sum_{i,j,c} x_{ps+i,\,qs+j,\,c}\, K_{ijcf}

    Each weight and each pixel gathers δ from all the outputs that it took part in (D 2.3):

    .. math::
        \frac{\partial L}{\partial K_{ijcf}} = \sum_{p,q} x_{ps+i,\,qs+j,\,c}\, \delta_{pqf}, \quad
        \frac{\partial L}{\partial b_f} = \sum_{p,q} \delta_{pqf}, \quad
        \frac{\partial L}{\partial x_{uvc}}
            = \sum_{ps+i=u,\ qs+j=v,\ f} K_{ijcf}\, \delta_{pqf}

    summed over the batch where it does not appear. The last is itself a cross-correlation: of δ,
    with s − 1 zeros between its pixels and k − 1 around it, with the kernel flipped along both
    axes and its channels and filters exchanged, which is D 2.1.1's convolution proper.

    Shapes: x (batch, height, width, channels), K (k, k, channels, filters), b (filters,), y and δ
    (batch, p, q, filters) with p and q by `models.arithmetic.output_size`.

    Args:
        filters: number of filters.
        kernel_size: their height and width, k.
        stride: step of the filters, s.
        padding: "valid", "same" as Keras pads, or a number of zeros on each side.
        kernel_initializer: of K, from `initializers`.
        bias_initializer: of b.

    Raises:
        ValueError: when a size is not a whole number of at least 1; in `build`, when the padding
            is not one of those, or the kernel does not fit into the image.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        stride=1,
        padding="valid",
        kernel_initializer=glorot_uniform,
        bias_initializer=zeros,
    ):
        super().__init__(kernel_initializer, bias_initializer)
        for name, size in (("filters", filters), ("kernel_size", kernel_size), ("stride", stride)):
            check_size(name, size)
        self._filters = filters
        self._kernel_size = kernel_size
        self._stride = stride
        self._padding = padding

    def build(self, input_shape, dtype, rng):
        """As `Layer.build`; inputs are images, (height, width, channels)."""
        *sides, channels = check_image(input_shape)
        window = self._kernel_size, self._stride, self._padding
        self._margins = [padding_amounts(side, *window) for side in sides]
        self._draw((self._kernel_size, self._kernel_size, channels, self._filters), dtype, rng)
        return (*(output_size(side, *window) for side in sides), self._filters)

    def forward(self, x, training=False):
        """Shape (batch, p, q, filters)."""
        kernel, bias = self.parameters
        self._padded = np.pad(x, ((0, 0), *self._margins, (0, 0)))
        self._windows = _row_windows(self._padded, self._kernel_size, self._stride)
        return _correlate(self._windows, kernel, self._stride) + bias

    def backward(self, gradient, input_gradient=True):
        """∂L/∂x, shape of x; sets `gradients`."""
        self.gradients = [self._kernel_gradient(gradient), gradient.sum(axis=(0, 1, 2))]
        return self._input_gradient(gradient) if input_gradient else None

    def _kernel_gradient(self, gradient):
        batch, rows, columns, filters = gradient.shape
        gradient = gradient.reshape(batch, rows * columns, filters)
        parts = [
            _kernel_row(self._windows, i, rows, self._stride).swapaxes(1, 2) @ gradient
            for i in range(self._kernel_size)
        ]
        return np.stack([part.sum(axis=0) for part in parts]).reshape(self.parameters[0].shape)

    def _input_gradient(self, gradient):
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


def check_image(shape):
    """The shape itself, if it is one of (height, width, channels), else `ValueError`."""
    if len(shape) != 3:
        raise ValueError(
            f"images must have the shape (height, width, channels), not {tuple(shape)}"
        )
    return shape


def _row_windows(x, size, stride):
    """What each step of a kernel sees of each single row.

    A k x k kernel is k kernels of one row, one below the other. Their windows overlap along the
    width alone, so this array is k times as large as x, not k² times as one of whole windows.

    Args:
        x: shape (batch, height, width, channels).
        size: width of the kernel, k.
        stride: along the width.

    Returns:
        Shape (batch, height, steps, k·channels), contiguous.
    """
    *rest, width, channels = x.shape
    rows = x.reshape(*rest, width * channels)
    windows = sliding_window_view(rows, size * channels, axis=-1)
    return np.ascontiguousarray(windows[:, :, :: stride * channels])


def _kernel_row(windows, i, rows, stride):
    """The windows that the kernel's row i meets, shape (batch, rows·columns, k·channels)."""
    met = windows[:, i::stride][:, :rows]
    return met.reshape(len(met), -1, met.shape[-1])


def _correlate(windows, kernel, stride):
    """Cross-correlation from `_row_windows`: a matrix product for each row of the kernel.

    Returns:
        Shape (batch, rows, columns, filters).
    """
    batch, height, columns, _ = windows.shape
    size, *_, filters = kernel.shape
    rows = (height - size) // stride + 1
    total = 0
    for i, weights in enumerate(kernel.reshape(size, -1, filters)):
        total += _kernel_row(windows, i, rows, stride) @ weights
    return total.reshape(batch, rows, columns, filters)
