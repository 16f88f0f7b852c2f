"""The interface of a layer, and the layers of a dense network.

x is a layer's input, y its output, L the loss of the batch, and δ = ∂L/∂y the gradient passed to
`backward`.
"""

from typing import Any

import numpy as np

from ..arrays import Floats, Shape
from ..initializers import Initializer, glorot_uniform, zeros


class Layer:
    """A function of a batch, and the gradient of the loss through it.

    `forward` keeps what `backward` needs; `backward` applies the chain rule (C, "Computing the
    gradient"; D 1.6), from ∂L/∂y to ∂L/∂x, and stores ∂L/∂parameter in `gradients`.

    Attributes:
        parameters: list of arrays, in the order of Keras's `get_weights`; updated in place.
        gradients: list of one array per parameter, from the last backward pass.
    """

    def __init__(self) -> None:
        self.parameters: list[Floats] = []
        self.gradients: list[Floats] = []

    def build(self, input_shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> Shape:
        """Prepare for inputs of one shape, and draw the parameters.

        Args:
            input_shape: tuple of ints, shape of one example, without the batch axis.
            dtype: dtype of the parameters.
            rng: `numpy.random.Generator` for everything that the layer draws, now and in training.

        Returns:
            The shape of one example's output.

        Raises:
            ValueError: if the layer cannot take that shape.
        """
        return input_shape

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """Compute the output for a batch.

        Args:
            x: array, shape (batch, *input shape).
            training: bool, whether layers that behave differently in training, such as `Dropout`,
                should do so. Defaults to False.

        Returns:
            y, shape (batch, *output shape).
        """
        raise NotImplementedError

    def backward(self, gradient: Floats) -> Floats:
        """Compute the gradients of the last `forward`, and store those of the parameters.

        Args:
            gradient: array, δ, of the shape of y.

        Returns:
            ∂L/∂x, of the shape of x.
        """
        raise NotImplementedError

    def backward_to_parameters(self, gradient: Floats) -> None:
        """Compute and store the gradients of the parameters only.

        A network calls this on its first layer with parameters, since ∂L/∂x is not needed there.

        Args:
            gradient: array, δ, of the shape of y.
        """
        self.backward(gradient)


class WeightedLayer(Layer):
    """A layer with weights and one bias for each of its outputs.

    Args:
        kernel_initializer: callable (generator, shape) → array, draws the weights.
        bias_initializer: callable (generator, shape) → array, draws the biases.
    """

    def __init__(self, kernel_initializer: Initializer, bias_initializer: Initializer) -> None:
        super().__init__()
        self._initializers = kernel_initializer, bias_initializer

    def backward(self, gradient: Floats) -> Floats:
        """See `Layer.backward`."""
        self.backward_to_parameters(gradient)
        return self._input_gradient(gradient)

    def backward_to_parameters(self, gradient: Floats) -> None:
        """See `Layer.backward_to_parameters`."""
        raise NotImplementedError

    def _input_gradient(self, gradient: Floats) -> Floats:
        """∂L/∂x."""
        raise NotImplementedError

    def _draw(self, shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> None:
        kernel_initializer, bias_initializer = self._initializers
        self.parameters = [
            kernel_initializer(rng, shape).astype(dtype),
            bias_initializer(rng, shape[-1:]).astype(dtype),
        ]
        self.gradients = [np.zeros_like(parameter) for parameter in self.parameters]


class Dense(WeightedLayer):
    r"""Every output neuron is connected to every input: y = x·W + b.

    B 1.1.2 (1, 3), C "Mathematical expression", D 1. With y_nj = Σ_i x_ni·W_ij + b_j:

    .. math::
        \frac{\partial L}{\partial W_{ij}} = \sum_n x_{ni} \delta_{nj}, \quad
        \frac{\partial L}{\partial b_j} = \sum_n \delta_{nj}, \quad
        \frac{\partial L}{\partial x_{ni}} = \sum_j \delta_{nj} W_{ij}

    that is xᵀ·δ, the column sums of δ, and δ·Wᵀ (B 1.1.4, questions 16 and 17).
    Shapes: x (batch, inputs), W (inputs, units), b (units,), y and δ (batch, units).

    Args:
        units: int, number of output neurons.
        kernel_initializer: callable (generator, shape) → array, draws W. Defaults to
            `glorot_uniform`.
        bias_initializer: callable (generator, shape) → array, draws b. Defaults to `zeros`.

    Raises:
        ValueError: if `units` is not an integer of at least 1.
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Initializer = glorot_uniform,
        bias_initializer: Initializer = zeros,
    ) -> None:
        super().__init__(kernel_initializer, bias_initializer)
        check_size("units", units)
        self._units = units

    def build(self, input_shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> Shape:
        """See `Layer.build`; inputs are vectors."""
        if len(input_shape) != 1:
            raise ValueError(
                f"a dense layer takes vectors, not examples of shape {tuple(input_shape)}; put "
                "Flatten() before it"
            )
        self._draw((*input_shape, self._units), dtype, rng)
        return (self._units,)

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """x·W + b, shape (batch, units)."""
        self._x = x
        weights, bias = self.parameters
        return x @ weights + bias

    def backward_to_parameters(self, gradient: Floats) -> None:
        """Set `gradients` to xᵀ·δ and the column sums of δ."""
        self.gradients = [self._x.T @ gradient, gradient.sum(axis=0)]

    def _input_gradient(self, gradient: Floats) -> Floats:
        """δ·Wᵀ, shape (batch, inputs)."""
        return gradient @ self.parameters[0].T


class Flatten(Layer):
    """Each example as one vector, in the order of rows, columns, channels (D 3).

    Its gradient is δ in the shape of the input.
    """

    def build(self, input_shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> Shape:
        """See `Layer.build`."""
        return (int(np.prod(input_shape)),)

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """The vectors, shape (batch, numbers per example)."""
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient: Floats) -> Floats:
        """δ in the shape of x."""
        return gradient.reshape(self._shape)


class Dropout(Layer):
    """In training, each input is kept with probability 1 − rate and otherwise set to 0 (B 3.4).

    y = x·m with a mask m drawn for each batch, 1/(1 − rate) where the input is kept and 0 where it
    is dropped, so that the mean of y is x and no later rescaling is needed. For a given mask y is
    linear in x: ∂L/∂x = δ·m. Outside training y = x.

    Args:
        rate: float in [0, 1), fraction of the inputs dropped.

    Raises:
        ValueError: if `rate` lies outside [0, 1).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be a number in [0, 1), not {rate!r}")
        self._rate = rate

    def build(self, input_shape: Shape, dtype: np.dtype, rng: np.random.Generator) -> Shape:
        """See `Layer.build`; the masks are drawn from `rng` too."""
        self._rng = rng
        return input_shape

    def forward(self, x: Floats, training: bool = False) -> Floats:
        """x·m in training, x otherwise."""
        self._mask: Floats | int = 1
        if training:
            kept = self._rng.random(x.shape, np.float32) >= self._rate
            self._mask = kept.astype(x.dtype) / (1 - self._rate)
        return x * self._mask

    def backward(self, gradient: Floats) -> Floats:
        """δ·m."""
        return gradient * self._mask


def check_size(name: str, value: Any) -> None:
    """Check a size given by the user.

    Args:
        name: str, the argument's name for the message.
        value: its value.

    Raises:
        ValueError: if the value is not an integer of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
