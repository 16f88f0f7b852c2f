"""The table of optimizers and that of learning-rate schedules, for studies, tests and legends."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.backend import import_keras, running_backend


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """An optimizer of Keras under the name that legends give it.

    Args:
        label: Name in figures and tables.
        keras_class: Name of its class in `keras.optimizers`.
        arguments: Arguments of that class other than the learning rate. Defaults to none.
        default_rate: The class's own default learning rate. Defaults to 0.001.
    """

    label: str
    keras_class: str
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    default_rate: float = 0.001

    def build(self, learning_rate: Any) -> Any:
        """Build a new `keras.optimizers.Optimizer`; no two runs share one.

        Args:
            learning_rate: A number, or a `keras.optimizers.schedules.LearningRateSchedule`.
        """
        import_keras()
        import keras

        return getattr(keras.optimizers, self.keras_class)(learning_rate, **self.arguments)


OPTIMIZERS = {
    "sgd": Optimizer("SGD", "SGD", default_rate=0.01),
    "momentum": Optimizer("Momentum 0.9", "SGD", {"momentum": 0.9}, default_rate=0.01),
    "nesterov": Optimizer(
        "Nesterov 0.9", "SGD", {"momentum": 0.9, "nesterov": True}, default_rate=0.01
    ),
    "adagrad": Optimizer("AdaGrad", "Adagrad"),
    "rmsprop": Optimizer("RMSProp", "RMSprop"),
    "adam": Optimizer("Adam", "Adam"),
    "nadam": Optimizer("Nadam", "Nadam"),
    "amsgrad": Optimizer("AMSGrad", "Adam", {"amsgrad": True}),
}
"""Name in a `RunConfig` → optimizer. A new optimizer is one entry here."""


def _step(learning_rate, iterations):
    import keras

    # Keras keeps a rate up to and including its boundary.
    drops = [math.ceil(iterations * share) - 1 for share in (1 / 2, 3 / 4)]
    rates = [learning_rate * 0.1**drop for drop in range(3)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(drops, rates)


def _exponential(learning_rate, iterations):
    import keras

    return keras.optimizers.schedules.ExponentialDecay(learning_rate, iterations, 0.01)


def _cosine(learning_rate, iterations):
    import keras

    return keras.optimizers.schedules.CosineDecay(learning_rate, iterations)


def _cyclic(learning_rate, iterations):
    from training.schedules import Triangles

    return Triangles(learning_rate, iterations)


def _rising(learning_rate, iterations):
    import keras

    return keras.optimizers.schedules.ExponentialDecay(learning_rate / 1e6, iterations, 1e6)


SCHEDULES: dict[str, Callable[[float, int], Any]] = {
    "constant": lambda learning_rate, iterations: learning_rate,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "cyclic": _cyclic,
    "rising": _rising,
}
"""Schedule name → function of (learning rate, iterations)."""


def scheduled(schedule: str, learning_rate: float, iterations: int) -> Any:
    """Return the learning rate over a run's iterations, as an optimizer takes it.

    At iteration k of K, counted from 0, with the learning rate η (E, "Choosing an optimizer in
    practice"):

    - "constant": η
    - "step": η, then η/10 from K/2 on, and η/100 from 3K/4 on (He et al. 2015)
    - "exponential": η·0.01^(k/K)
    - "cosine": η·(1 + cos(πk/K))/2 (Loshchilov and Hutter 2017)
    - "cyclic": four triangles between η/10 and η (Smith 2017)
    - "rising": η·10^(6(k/K - 1)), the learning-rate range test (Smith 2017)

    Args:
        schedule: Key of `SCHEDULES`.
        learning_rate: η, the largest of the run.
        iterations: K, the number of updates.

    Returns:
        A number for "constant", otherwise a `keras.optimizers.schedules.LearningRateSchedule`.
    """
    import_keras()
    return SCHEDULES[schedule](learning_rate, iterations)


def learning_rates(schedule: str, learning_rate: float, iterations: int) -> NDArray[np.float64]:
    """Return the learning rate at each iteration of a run.

    Args:
        schedule: As for `scheduled`.
        learning_rate: As for `scheduled`.
        iterations: As for `scheduled`.

    Returns:
        float64, shape (iterations,).
    """
    rate = scheduled(schedule, learning_rate, iterations)
    at_each = rate
    if callable(rate) and running_backend() == "torch":  # where "step" takes no array of steps
        at_each = [float(rate(k)) for k in range(iterations)]
    elif callable(rate):
        at_each = rate(np.arange(iterations))
    return np.broadcast_to(np.asarray(at_each, float), iterations)
