"""What every layer is, and the layers of a dense network.

x is a layer's input, y its output, L the loss of the batch, and δ = ∂L/∂y the gradient that
`backward` is given.
"""

import numpy as np

from models.from_scratch.initializers import glorot_uniform, zeros


class Layer:
    """A function of a batch, and the gradient of the loss through it.

    `forward` keeps what `backward` needs; `backward` follows the chain rule (C, "Computing the
    gradient"; D 1.6) from ∂L/∂y to ∂L/∂x and puts ∂L/∂parameter into `gradients`.

    Attributes:
        parameters: list of arrays, in the order of Keras's `get_weights`; updated in place.
        gradients: list of arrays, one for each parameter, as of the last `backward`.
    """

    def __init__(self):
        self.parameters = []
        self.gradients = []

    def build(self, input_shape, dtype, rng):
        """Prepare for inputs of one shape, and draw the parameters.

        Args:
            input_shape: of one example, without the batch axis.
            dtype: of the parameters.
            rng: `numpy.random.Generator` of whatever the layer draws, now and in training.

        Returns:
            Shape of one example's output.

        Raises:
            ValueError: when the layer cannot take that shape.
        """
        return input_shape

    def forward(self, x, training=False):
        """The output for a batch, shape (batch, *output shape).

        Args:
            x: shape (batch, *input shape).
            training: whether layers that differ in training, such as `Dropout`, are to do so.
        """
        raise NotImplementedError

    def backward(self, gradient):
        """∂L/∂x of the last `forward`, from ∂L/∂y; sets `gradients`."""
        raise NotImplementedError


class WeightedLayer(Layer):
    """A layer with weights and one bias for each of its outputs."""

    def __init__(self, kernel_initializer, bias_initializer):
        super().__init__()
        self._initializers = kernel_initializer, bias_initializer

    def backward(self, gradient, input_gradient=True):
        """As `Layer.backward`; the first layer of a network spares ∂L/∂x, which nobody needs."""
        raise NotImplementedError

    def _draw(self, shape, dtype, rng):
        kernel_initializer, bias_initializer = self._initializers
        self.parameters = [
            kernel_initializer(rng, shape).astype(dtype),
            bias_initializer(rng, shape[-1:]).astype(dtype),
        ]
        self.gradients = [np.zeros_like(parameter) for parameter in self.parameters]


class Dense(WeightedLayer):
    r"""Every output neuron sees every input: y = x·W + b.

    B 1.1.2 (1, 3), C "Mathematical expression", D 1. With y_nj = Σ_i x_ni·W_ij + b_j:

    .. math::
        \frac{\partial L}{\partial W_{ij}} = \sum_n x_{ni} \delta_{nj}, \quad
        \frac{\partial L}{\partial b_j} = \sum_n \delta_{nj}, \quad
        \frac{\partial L}{\partial x_{ni}} = \sum_j \delta_{nj} W_{ij}

    that is xᵀ·δ, the column sums of δ, and δ·Wᵀ (B 1.1.4, questions 16 and 17).
    Shapes: x (batch, inputs), W (inputs, units), b (units,), y and δ (batch, units).

    Args:
        units: number of output neurons.
        kernel_initializer: of W, from `initializers`.
        bias_initializer: of b.

    Raises:
        ValueError: when `units` is not a whole number of at least 1.
    """

    def __init__(self, units, kernel_initializer=glorot_uniform, bias_initializer=zeros):
        super().__init__(kernel_initializer, bias_initializer)
        check_size("units", units)
        self._units = units

    def build(self, input_shape, dtype, rng):
        """As `Layer.build`; inputs are vectors."""
        if len(input_shape) != 1:
            raise ValueError(
                f"a dense layer takes vectors, not examples of shape {tuple(input_shape)}; put "
                "Flatten() before it"
            )
        self._draw((*input_shape, self._units), dtype, rng)
        return (self._units,)

    def forward(self, x, training=False):
        """x·W + b, shape (batch, units)."""
        self._x = x
        weights, bias = self.parameters
        return x @ weights + bias

    def backward(self, gradient, input_gradient=True):
        """δ·Wᵀ, shape (batch, inputs); sets `gradients` to xᵀ·δ and the sums of δ."""
        self.gradients = [self._x.T @ gradient, gradient.sum(axis=0)]
        return gradient @ self.parameters[0].T if input_gradient else None


class Flatten(Layer):
    """Each example as one vector, in the order of memory: rows, columns, channels (D 3).

    Its gradient is δ in the shape of the input.
    """

    def build(self, input_shape, dtype, rng):
        """As `Layer.build`."""
        return (int(np.prod(input_shape)),)

    def forward(self, x, training=False):
        """Shape (batch, numbers in one example)."""
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient):
        """δ in the shape of x."""
        return gradient.reshape(self._shape)


class Dropout(Layer):
    """In training, each input is kept with probability 1 − rate, else set to 0 (B 3.4).

    y = x·m with a mask m drawn for each batch, 1/(1 − rate) where kept and 0 where not, so that
    the mean of y is x and nothing is to be rescaled afterwards. Given the mask y is linear in x:
    ∂L/∂x = δ·m. Outside training y = x.

    Args:
        rate: share of the inputs dropped, in [0, 1).

    Raises:
        ValueError: when `rate` lies outside.
    """

    def __init__(self, rate):
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be a number in [0, 1), not {rate!r}")
        self._rate = rate

    def build(self, input_shape, dtype, rng):
        """As `Layer.build`; the masks of training come from `rng` too."""
        self._rng = rng
        return input_shape

    def forward(self, x, training=False):
        """x·m in training, x otherwise."""
        if training:
            kept = self._rng.random(x.shape, np.float32) >= self._rate
            self._mask = kept.astype(x.dtype) / (1 - self._rate)
        else:
            self._mask = 1
        return x * self._mask

    def backward(self, gradient):
        """δ·m."""
        return gradient * self._mask


def check_size(name, value):
    """Raise `ValueError` unless the value is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
