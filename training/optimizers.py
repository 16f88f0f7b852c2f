"""The one table of optimizers, and that of schedules: for studies, tests and legends alike."""

import dataclasses

from training.backend import import_tensorflow


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
        import_tensorflow()
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

SCHEDULES = {"constant": None, "cosine": "CosineDecay"}
"""Schedule name → class in `keras.optimizers.schedules`, of (learning rate, iterations)."""


def scheduled(schedule, learning_rate, iterations):
    """The learning rate over a run's iterations, as an optimizer takes it.

    "cosine" lets it fall from η to 0 as η·(1 + cos(πk/K))/2 at iteration k of K. (Loshchilov and
    Hutter 2017; E, learning rate schedules)

    Args:
        schedule: key of `SCHEDULES`.
        learning_rate: of the first iteration.
        iterations: K, the number of updates.
    """
    if schedule == "constant":
        return learning_rate
    import_tensorflow()
    import keras

    return getattr(keras.optimizers.schedules, SCHEDULES[schedule])(learning_rate, iterations)
