"""The one table of optimizers, and that of schedules: for studies, tests and legends alike."""

import dataclasses
import math

import numpy as np

from training.backend import import_keras, running_backend


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """An optimizer of Keras under the name that legends give it.

    Attributes:
        label: name in figures and tables.
        keras_class: class in `keras.optimizers`.
        arguments: what differs from that class's defaults, the learning rate aside.
    """

    label: str
    keras_class: str
    arguments: dict

    def build(self, learning_rate):
        """A new `keras.optimizers.Optimizer`; no two runs share one.

        Args:
            learning_rate: a number, or a schedule of Keras.
        """
        import_keras()
        import keras

        return getattr(keras.optimizers, self.keras_class)(learning_rate, **self.arguments)


OPTIMIZERS = {
    "sgd": Optimizer("SGD", "SGD", {}),
    "momentum": Optimizer("Momentum 0.9", "SGD", {"momentum": 0.9}),
    "nesterov": Optimizer("Nesterov 0.9", "SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": Optimizer("AdaGrad", "Adagrad", {}),
    "rmsprop": Optimizer("RMSProp", "RMSprop", {}),
    "adam": Optimizer("Adam", "Adam", {}),
    "nadam": Optimizer("Nadam", "Nadam", {}),
    "amsgrad": Optimizer("AMSGrad", "Adam", {"amsgrad": True}),
}


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


SCHEDULES = {
    "constant": lambda learning_rate, iterations: learning_rate,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "cyclic": _cyclic,
    "rising": _rising,
}
"""Schedule name → function of (learning rate, iterations)."""


def scheduled(schedule, learning_rate, iterations):
    """The learning rate over a run's iterations, as an optimizer takes it.

    At iteration k of K, from 0, with the learning rate η (E, "Choosing an optimizer in practice"):

    - "constant": η
    - "step": η, η/10 from K/2 on, η/100 from 3K/4 on (He et al. 2015)
    - "exponential": η·0.01^(k/K)
    - "cosine": η·(1 + cos(πk/K))/2 (Loshchilov and Hutter 2017)
    - "cyclic": four triangles between η/10 and η (Smith 2017)
    - "rising": η·10^(6(k/K - 1)), the learning-rate range test (Smith 2017)

    Args:
        schedule: key of `SCHEDULES`.
        learning_rate: η, the largest of the run.
        iterations: K, the number of updates.
    """
    import_keras()
    return SCHEDULES[schedule](learning_rate, iterations)


def learning_rates(schedule, learning_rate, iterations):
    """The learning rate at each iteration of a run, float64, shape (iterations,).

    Args:
        schedule: as in `scheduled`.
        learning_rate: as in `scheduled`.
        iterations: as in `scheduled`.
    """
    rate = scheduled(schedule, learning_rate, iterations)
    at_each = rate
    if callable(rate) and running_backend() == "torch":  # where the steps of "step" are no array
        at_each = [float(rate(k)) for k in range(iterations)]
    elif callable(rate):
        at_each = rate(np.arange(iterations))
    return np.broadcast_to(np.asarray(at_each, float), iterations)
