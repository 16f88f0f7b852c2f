"""Optimizers, from their formulas, with the defaults and the numerics of Keras 3.

w is a parameter, g its gradient, η the learning rate; squares, roots and divisions act on every
number by itself.
"""

import numpy as np


class SGD:
    """w ← w − η·g (C "Stochastic Gradient descent", D 1.2).

    The other optimizers differ in their step, and in the state that they keep of each parameter.

    Attributes:
        learning_rate: η; may be set between updates.
        iterations: updates made.
    """

    def __init__(self, learning_rate=0.01):
        self.learning_rate = learning_rate
        self.iterations = 0
        self._states = None

    def update(self, parameters, gradients):
        """Make one update, in place.

        Args:
            parameters: list of arrays, the same at each call.
            gradients: list of arrays, one for each parameter.
        """
        if self._states is None:
            self._states = [self._start(parameter) for parameter in parameters]
        self.iterations += 1
        for w, g, state in zip(parameters, gradients, self._states, strict=True):
            w -= self._step(g, *state)

    def _start(self, parameter):
        """The state before the first update, a tuple of arrays."""
        return ()

    def _step(self, g):
        """What to take off the parameter; changes the state in place."""
        return g * self.learning_rate


class Momentum(SGD):
    """v ← μ·v − η·g, then w ← w + v (A 3.5, B 3.3, E).

    Args:
        learning_rate: η.
        momentum: μ.
    """

    def __init__(self, learning_rate=0.01, momentum=0.9):
        super().__init__(learning_rate)
        self._momentum = momentum

    def _start(self, parameter):
        return (np.zeros_like(parameter),)

    def _step(self, g, v):
        v *= self._momentum
        v -= g * self.learning_rate
        return -v


class Nesterov(Momentum):
    """v ← μ·v − η·g, then w ← w + μ·v − η·g (A 3.5, E).

    w is the look-ahead point, at which the gradient is taken.
    """

    def _step(self, g, v):
        super()._step(g, v)
        return g * self.learning_rate - v * self._momentum


class AdaGrad(SGD):
    """s ← s + g², then w ← w − η·g / √(s + ε) (E, which divides by the gradient's norm).

    Args:
        learning_rate: η.
        initial_accumulator_value: s before the first update.
        epsilon: ε.
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7):
        super().__init__(learning_rate)
        self._initial = initial_accumulator_value
        self._epsilon = epsilon

    def _start(self, parameter):
        return (np.full_like(parameter, self._initial),)

    def _step(self, g, s):
        s += g**2
        return g * self.learning_rate / np.sqrt(s + self._epsilon)


class RMSProp(SGD):
    """s ← ρ·s + (1 − ρ)·g², then w ← w − η·g / √(s + ε) (E).

    Args:
        learning_rate: η.
        rho: ρ.
        epsilon: ε.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7):
        super().__init__(learning_rate)
        self._rho = rho
        self._epsilon = epsilon

    def _start(self, parameter):
        return (np.zeros_like(parameter),)

    def _step(self, g, s):
        s *= self._rho
        s += (1 - self._rho) * g**2
        return g * self.learning_rate / np.sqrt(s + self._epsilon)


class Adam(SGD):
    """Running means m of g and s of g², freed of their start at 0 (E, B 3.3).

    m ← m + (1 − β₁)·(g − m) and s ← s + (1 − β₂)·(g² − s); at update t

        w ← w − α·m / (√s + ε)  with  α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ).

    ε is added to √s before the correction of s, unlike in the paper, where it comes after.

    Args:
        learning_rate: η.
        beta_1: β₁.
        beta_2: β₂.
        epsilon: ε.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self._beta_1 = beta_1
        self._beta_2 = beta_2
        self._epsilon = epsilon

    def _start(self, parameter):
        return np.zeros_like(parameter), np.zeros_like(parameter)

    def _step(self, g, m, s):
        m += (g - m) * (1 - self._beta_1)
        s += (g**2 - s) * (1 - self._beta_2)
        power_1, power_2 = np.array([self._beta_1, self._beta_2], g.dtype) ** self.iterations
        alpha = self.learning_rate * np.sqrt(1 - power_2) / (1 - power_1)
        return m * alpha / (np.sqrt(s) + self._epsilon)


OPTIMIZERS = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
"""Name, as studies use it, → class; each takes its learning rate first."""
