"""`RunRecord`: what a run leaves behind, as JSON for facts and arrays for curves."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from datasets.loading import PUBLISHED
from training.config import RunConfig

GUESSING_MARGIN = 0.05
"""A run whose training accuracy is within this of guessing has learned nothing."""

FAILED = (
    f"a loss that is not finite, or training accuracy within {GUESSING_MARGIN} of guessing "
    "at the end"
)
"""What "failed" means, in the words that reports use."""


@dataclasses.dataclass(frozen=True, eq=False)
class RunRecord:
    """The result of one run.

    Args:
        config: The config that was run.
        parameters: Number of trainable parameters of the model.
        iteration_loss: Loss of each batch before its update, float32, shape (iterations,).
        epochs: Metric name → float32, shape (epochs,). "loss" and "accuracy" are means over the
            epoch while the weights moved; "val_loss" and "val_accuracy", if the config has
            validation images, are measured after it. If the config keeps "evaluations" or "sample
            evaluations", "evaluated_loss" and "evaluated_accuracy" are measured after the epoch,
            without dropout and augmentation: on all training images, or on the first 5,000.
        final: Metric name → number after the last update, without dropout: "loss" and "accuracy"
            on all training images, "test_loss" and "test_accuracy". If the config keeps "own
            statistics", "own_test_loss" and "own_test_accuracy" on test images scaled by the
            statistics of the test images, and "own_class_test_loss" and "own_class_test_accuracy"
            on each class scaled by its own.
        seconds: Time spent in the iterations alone.
        compile_seconds: Time spent compiling the training program.
        provenance: Versions, processor, git commit, dataset fingerprint and split, date.
        kept: Name → array, for what else the config keeps:

            - "predictions": "test_logits", float32, shape (test images, classes), and
              "test_labels", uint8.
            - "examples": "example_images", uint8, and "example_labels", the first test image of
              each class; and "example_inputs", float16, the same images as the network sees them,
              if they are scaled by statistics.
            - both of these: "mistakes", int32, shape (mistakes, 2), the pairs of classes (true,
              predicted) that occur, and "mistake_images", for each pair the image mistaken with
              the highest probability.
            - "weights": "weights/PLACE", the model's weights after training, in Keras's order.
            - "weight sizes": "weight_sizes", as `artifacts.weight_sizes` returns them.
            - "gradient norms": "gradient_norms", float32, shape (iterations, layers), of the
              layers with parameters from the first to the last.

            Defaults to nothing.
    """

    config: RunConfig
    parameters: int
    iteration_loss: NDArray[np.float32]
    epochs: Mapping[str, NDArray[np.float32]]
    final: Mapping[str, float]
    seconds: float
    compile_seconds: float
    provenance: Mapping[str, Any]
    kept: Mapping[str, NDArray[Any]] = dataclasses.field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether every iteration's loss and every number in `final` is finite."""
        arrays = self.iteration_loss, list(self.final.values())
        return all(bool(np.isfinite(array).all()) for array in arrays)

    @property
    def failed(self) -> bool:
        """Whether the run learned nothing: the one definition of a failed run.

        Either a number is not finite, or training accuracy at the end is at most `GUESSING_MARGIN`
        above that of guessing, 1/classes.
        """
        guessing = 1 / len(PUBLISHED[self.config.dataset].class_names)
        return not self.finite or self.final["accuracy"] <= guessing + GUESSING_MARGIN

    @property
    def weights(self) -> dict[str, NDArray[Any]]:
        """The kept weights: place → array."""
        return _prefixed(self.kept, "weights/")

    @property
    def sample_gradients(self) -> NDArray[np.int64]:
        """Sample gradients computed up to the end of each iteration, int64, shape (iterations,).

        Each iteration computes m of them; the last batch of an epoch, n mod m if m does not divide
        n. (A, section 3.3)
        """
        n, m = self.config.train_size, self.config.batch_size
        epoch = [*[m] * (n // m), *[n % m] * (n % m > 0)]
        iterations = len(self.iteration_loss)
        return np.cumsum(np.resize(np.array(epoch, np.int64), iterations))

    @property
    def elapsed(self) -> NDArray[np.float64]:
        """Training seconds at the end of each iteration, float64, shape (iterations,).

        An epoch runs inside one program, so its time is divided evenly among its examples.
        """
        gradients = self.sample_gradients
        return self.seconds * gradients / gradients[-1]

    def facts(self) -> dict[str, Any]:
        """Return everything but the arrays, as a JSON object."""
        return {
            "config": self.config.to_json(),
            "parameters": self.parameters,
            "final": self.final,
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
            "provenance": self.provenance,
        }

    def curves(self) -> dict[str, NDArray[np.float32]]:
        """Return the curves: name → float32 array; those of epochs have the prefix "epochs/"."""
        epochs = {f"epochs/{name}": curve for name, curve in self.epochs.items()}
        return {"iteration_loss": self.iteration_loss, **epochs}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the curves, and what is kept beside them with the prefix "kept/"."""
        return self.curves() | {f"kept/{name}": array for name, array in self.kept.items()}

    @classmethod
    def from_parts(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the record of which these are the `facts` and `arrays`.

        Args:
            facts: As `facts` returns them.
            arrays: As `arrays` returns them.

        Raises:
            ConfigError, KeyError, TypeError: If they are not those of a record.
        """
        # Older records state whether the run diverged; `failed` is computed.
        fields = {name: value for name, value in facts.items() if name != "status"}
        return cls(
            **{**fields, "config": RunConfig.from_json(facts["config"])},
            iteration_loss=arrays["iteration_loss"],
            epochs=_prefixed(arrays, "epochs/"),
            kept=_prefixed(arrays, "kept/"),
        )


def _prefixed(arrays, prefix):
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
