"""Optimizers written from their formulas, with the defaults and the numerics of Keras 3.

w is a parameter, g its gradient, η the learning rate; squares, roots and divisions are
elementwise.
"""

from collections.abc import Sequence

import numpy as np

from .arrays import Floats


class SGD:
    """w ← w − η·g (C "Stochastic Gradient descent", D 1.2).

    The other optimizers derive from it; they differ in their step and in the state that they keep
    for each parameter.

    Args:
        learning_rate: float, η. Defaults to 0.01.

    Attributes:
        learning_rate: float, η; may be set between updates.
        iterations: int, number of updates made.
    """

    def __init__(self, learning_rate: float = 0.01) -> None:
        self.learning_rate = learning_rate
        self.iterations = 0
        self._states: list[tuple[Floats, ...]] | None = None

    def update(self, parameters: Sequence[Floats], gradients: Sequence[Floats]) -> None:
        """Make one update, in place.

        Args:
            parameters: list of arrays, the same ones in each call.
            gradients: list of one array per parameter.
        """
        if self._states is None:
            self._states = [self._start(parameter) for parameter in parameters]
        self.iterations += 1
        for w, g, state in zip(parameters, gradients, self._states, strict=True):
            w -= self._step(g, *state)

    def _start(self, parameter: Floats) -> tuple[Floats, ...]:
        """The state before the first update."""
        return ()

    def _step(self, g: Floats, *state: Floats) -> Floats:
        """The amount to subtract from the parameter; updates the state in place."""
        return g * self.learning_rate


class Momentum(SGD):
    """v ← μ·v − η·g, then w ← w + v (A 3.5, B 3.3, E).

    Args:
        learning_rate: float, η. Defaults to 0.01.
        momentum: float, μ. Defaults to 0.9.
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(learning_rate)
        self._momentum = momentum

    def _start(self, parameter: Floats) -> tuple[Floats, ...]:
        return (np.zeros_like(parameter),)

    def _step(self, g: Floats, *state: Floats) -> Floats:
        (v,) = state
        v *= self._momentum
        v -= g * self.learning_rate
        return -v


class Nesterov(Momentum):
    """v ← μ·v − η·g, then w ← w + μ·v − η·g (A 3.5, E).

    w is the look-ahead point, at which the gradient is taken.

    Args:
        learning_rate: float, η. Defaults to 0.01.
        momentum: float, μ. Defaults to 0.9.
    """

    def _step(self, g: Floats, *state: Floats) -> Floats:
        (v,) = state
        super()._step(g, v)
        return g * self.learning_rate - v * self._momentum


class AdaGrad(SGD):
    """s ← s + g², then w ← w − η·g / √(s + ε) (E, which divides by the gradient's norm).

    Args:
        learning_rate: float, η. Defaults to 0.001.
        initial_accumulator_value: float, s before the first update. Defaults to 0.1.
        epsilon: float, ε. Defaults to 1e-7.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate)
        self._initial = initial_accumulator_value
        self._epsilon = epsilon

    def _start(self, parameter: Floats) -> tuple[Floats, ...]:
        return (np.full_like(parameter, self._initial),)

    def _step(self, g: Floats, *state: Floats) -> Floats:
        (s,) = state
        s += g**2
        return g * self.learning_rate / np.sqrt(s + self._epsilon)


class RMSProp(SGD):
    """s ← ρ·s + (1 − ρ)·g², then w ← w − η·g / √(s + ε) (E).

    Args:
        learning_rate: float, η. Defaults to 0.001.
        rho: float, ρ. Defaults to 0.9.
        epsilon: float, ε. Defaults to 1e-7.
    """

    def __init__(
        self, learning_rate: float = 0.001, rho: float = 0.9, epsilon: float = 1e-7
    ) -> None:
        super().__init__(learning_rate)
        self._rho = rho
        self._epsilon = epsilon

    def _start(self, parameter: Floats) -> tuple[Floats, ...]:
        return (np.zeros_like(parameter),)

    def _step(self, g: Floats, *state: Floats) -> Floats:
        (s,) = state
        s *= self._rho
        s += (1 - self._rho) * g**2
        return g * self.learning_rate / np.sqrt(s + self._epsilon)


class Adam(SGD):
    """Running means m of g and s of g², corrected for their start at 0 (E, B 3.3).

    m ← m + (1 − β₁)·(g − m) and s ← s + (1 − β₂)·(g² − s); at update t

        w ← w − α·m / (√s + ε)  with  α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ).

    ε is added to √s before s is corrected; in the paper it is added afterwards.

    Args:
        learning_rate: float, η. Defaults to 0.001.
        beta_1: float, β₁. Defaults to 0.9.
        beta_2: float, β₂. Defaults to 0.999.
        epsilon: float, ε. Defaults to 1e-7.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate)
        self._beta_1 = beta_1
        self._beta_2 = beta_2
        self._epsilon = epsilon

    def _start(self, parameter: Floats) -> tuple[Floats, ...]:
        return np.zeros_like(parameter), np.zeros_like(parameter)

    def _step(self, g: Floats, *state: Floats) -> Floats:
        m, s = state
        m += (g - m) * (1 - self._beta_1)
        s += (g**2 - s) * (1 - self._beta_2)
        power_1, power_2 = np.array([self._beta_1, self._beta_2], g.dtype) ** self.iterations
        alpha = self.learning_rate * np.sqrt(1 - power_2) / (1 - power_1)
        return m * alpha / (np.sqrt(s) + self._epsilon)


OPTIMIZERS: dict[str, type[SGD]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
"""Name as used by the studies → class, whose first argument is the learning rate."""
