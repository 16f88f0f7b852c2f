"""The max pooling layer."""

import itertools

import numpy as np

from models.arithmetic import output_size
from models.from_scratch.layers.convolution import check_image
from models.from_scratch.layers.dense import Layer, check_size


class MaxPooling(Layer):
    r"""The largest number of each window, channel by channel (D 2.2, 3.2).

    .. math:: y_{pqc} = \max_{i,j < k} x_{ps+i,\,qs+j,\,c}

    A window's output changes with its maximum alone, at the same rate, so ∂L/∂x is the sum of δ
    over the windows in which that pixel is the maximum. Where windows overlap it may be so in
    several; D 3.3 assigns and so keeps the last alone. Of equal maxima the first of the window,
    row by row, takes the gradient, as in TensorFlow.

    Shapes: x (batch, height, width, channels), y and δ (batch, p, q, channels) with p and q by
    `models.arithmetic.output_size`; pixels that no window reaches get 0.

    Args:
        size: height and width of the windows, k.
        stride: their step, s; None for windows side by side, s = k.

    Raises:
        ValueError: when a size is not a whole number of at least 1; in `build`, when the window is
            larger than the image.
    """

    def __init__(self, size, stride=None):
        super().__init__()
        stride = size if stride is None else stride
        check_size("size", size)
        check_size("stride", stride)
        self._size = size
        self._stride = stride

    def build(self, input_shape, dtype, rng):
        """As `Layer.build`; inputs are images, (height, width, channels)."""
        *sides, channels = check_image(input_shape)
        if self._size > min(sides):
            raise ValueError(
                f"a pooling window of {self._size}x{self._size} pixels does not fit into an image "
                f"of {sides[0]}x{sides[1]}; use a smaller window"
            )
        self._outputs = tuple(output_size(side, self._size, self._stride) for side in sides)
        return (*self._outputs, channels)

    def forward(self, x, training=False):
        """Shape (batch, p, q, channels)."""
        self._x = x
        first, *others = self._places(x)
        self._y = first.copy()
        for place in others:
            np.maximum(self._y, place, out=self._y)
        return self._y

    def backward(self, gradient):
        """∂L/∂x, shape of x."""
        outputs = np.zeros_like(self._x)
        pending = np.ones(self._y.shape, bool)
        for place, target in zip(self._places(self._x), self._places(outputs), strict=True):
            found = pending & (place == self._y)
            target += gradient * found
            pending ^= found
        return outputs

    def _places(self, x):
        """For each place in a window, its pixels in all windows: a view, of the shape of y."""
        rows, columns = self._outputs
        step = self._stride
        for i, j in itertools.product(range(self._size), repeat=2):
            yield x[:, i::step, j::step][:, :rows, :columns]
