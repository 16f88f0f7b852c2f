"""The max pooling layer."""

import itertools
from collections.abc import Iterator

import numpy as np

from ...arithmetic import output_size
from ..arrays import Floats, Shape
from .convolution import check_image
from .dense import Layer, check_size


class MaxPooling(Layer):
    r"""The maximum of each window, channel by channel (D 2.2, 3.2).

    .. math:: y_{pqc} = \max_{i,j < k} x_{ps+i,\,qs+j,\,c}

    A window's output changes only with its maximum, at the same rate, so ∂L/∂x is the sum of δ
    over the windows in which that pixel is the maximum. If windows overlap, there may be several;
    D 3.3 assigns instead of adding and so keeps only the last. Among equal maxima the first one in
    the window, row by row, takes the gradient, as in TensorFlow.

    Shapes: x (batch, height, width, channels), y and δ (batch, p, q, channels), with p and q given
    by `models.arithmetic.output_size`; pixels outside all windows have the gradient 0.

    Args:
        size: int, height and width of the windows, k.
        stride: int or None, step of the windows, s. Defaults to None, which is s = k: adjacent
            windows.

    Raises:
        ValueError: if a size is not an integer of at least 1; in `build`, if the window is larger
            than the image.
    """

    def __init__(self, size: int, stride: int | None = None) -> None:
        super().__init__()
        stride = size if stride is None else stride
        check_size("size", size)
        check_size("stride", stride)
        self._size = size
        self._stride = stride

    def build(self, input_shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> Shape:
        """See `Layer.build`; inputs are images, (height, width, channels)."""
        *sides, channels = check_image(input_shape)
        if self._size > min(sides):
            raise ValueError(
                f"a pooling window of {self._size}x{self._size} pixels does not fit into an image "
                f"of {sides[0]}x{sides[1]}; use a smaller window"
            )
        self._outputs = tuple(output_size(side, self._size, self._stride) for side in sides)
        return (*self._outputs, channels)

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """The maxima, shape (batch, p, q, channels)."""
        self._x = x
        first, *others = self._places(x)
        self._y = first.copy()
        for place in others:
            np.maximum(self._y, place, out=self._y)
        return self._y

    def backward(self, gradient: Floats) -> Floats:
        """∂L/∂x, shape of x."""
        outputs = np.zeros_like(self._x)
        pending = np.ones(self._y.shape, bool)
        for place, target in zip(self._places(self._x), self._places(outputs), strict=True):
            found = pending & (place == self._y)
            target += gradient * found
            pending ^= found
        return outputs

    def _places(self, x: Floats) -> Iterator[Floats]:
        """For each position in a window, its pixels in all windows: a view, of the shape of y."""
        rows, columns = self._outputs
        step = self._stride
        for i, j in itertools.product(range(self._size), repeat=2):
            yield x[:, i::step, j::step][:, :rows, :columns]
