"""The one table of optimizers: for studies, tests and legends alike."""

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
        """A new `keras.optimizers.Optimizer`; no two runs share one."""
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
