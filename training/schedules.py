"""Learning-rate schedules missing from Keras."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("descent_studies")
class Triangles(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises and falls linearly, from η/10 to η and back, four times.

    At iteration k of K it is η·(1 - 0.9·|8k/K mod 2 - 1|). (Smith 2017)

    Args:
        learning_rate: η, the largest of the run.
        iterations: K, the number of updates.
    """

    def __init__(self, learning_rate: float, iterations: int):
        self.learning_rate = learning_rate
        self.iterations = iterations

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at an iteration.

        Args:
            step: Number or tensor; the iteration, counted from 0.
        """
        place = keras.ops.cast(step, "float32") * (8 / self.iterations)
        return self.learning_rate * (1 - 0.9 * keras.ops.abs(place % 2 - 1))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, as Keras stores them."""
        return {"learning_rate": self.learning_rate, "iterations": self.iterations}
