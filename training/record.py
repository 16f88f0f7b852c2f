"""`RunRecord`: what a run leaves behind, as JSON for facts and arrays for curves."""

import dataclasses

import numpy as np

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

    Attributes:
        config: what was run.
        parameters: trainable parameters of the model.
        iteration_loss: loss of each batch before its update, float32, shape (iterations,).
        epochs: metric name → float32, shape (epochs,): "loss" and "accuracy", means over the
            epoch while the weights moved; "val_loss" and "val_accuracy" after it, where the
            config has validation images; and, where it keeps "evaluations", "evaluated_loss" and
            "evaluated_accuracy": those of all training images after the epoch, without dropout
            and augmentation; of the first 5,000 where it keeps "sample evaluations".
        final: metric name → number after the last update, without dropout: "loss" and
            "accuracy" on all training images, "test_loss" and "test_accuracy"; and, where the
            config keeps "own statistics", "own_test_loss" and "own_test_accuracy", of test images
            scaled by the statistics of the test images, and "own_class_test_loss" and
            "own_class_test_accuracy", each class by its own.
        seconds: spent in the iterations alone.
        compile_seconds: spent compiling the training program.
        provenance: versions, processor, git commit, dataset fingerprint and split, date.
        kept: what else the config asks to keep, name → array: for "predictions" "test_logits",
            float32, shape (test images, classes), and "test_labels", uint8; for "examples"
            "example_images", uint8, and "example_labels": the first test image of each class, and
            "example_inputs", float16, the same scaled by statistics, where the config does so; for
            "weights" "weights/PLACE", the model's weights after training, in its own order; for
            "weight sizes" "weight_sizes", as `artifacts.weight_sizes` gives them; for
            "gradient norms" "gradient_norms", float32, shape (iterations, layers), of the layers
            with parameters from the first to the last. With
            both predictions and examples also "mistake_images", and "mistakes", int32, shape
            (mistakes, 2): for each pair of classes (true, predicted) that occurs, the image so
            mistaken with the highest probability.
    """

    config: RunConfig
    parameters: int
    iteration_loss: np.ndarray
    epochs: dict
    final: dict
    seconds: float
    compile_seconds: float
    provenance: dict
    kept: dict = dataclasses.field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether every loss and every number in `final` is finite."""
        numbers = *self.iteration_loss, *self.final.values()
        return bool(np.isfinite(numbers).all())

    @property
    def failed(self) -> bool:
        """Whether the run learned nothing: the one definition of a failed run.

        Either a number is not finite, or training accuracy at the end is at most `GUESSING_MARGIN`
        above that of guessing, 1/classes.
        """
        guessing = 1 / len(PUBLISHED[self.config.dataset].class_names)
        return not self.finite or self.final["accuracy"] <= guessing + GUESSING_MARGIN

    @property
    def weights(self):
        """The kept weights: place → array."""
        return _prefixed(self.kept, "weights/")

    @property
    def sample_gradients(self):
        """Sample gradients computed with each iteration, from the start, int64, (iterations,).

        Each iteration computes m of them, the last batch of an epoch n mod m where m does not
        divide n (A, section 3.3).
        """
        n, m = self.config.train_size, self.config.batch_size
        epoch = [*[m] * (n // m), *[n % m] * (n % m > 0)]
        iterations = len(self.iteration_loss)
        return np.cumsum(np.resize(np.array(epoch, np.int64), iterations))

    @property
    def elapsed(self):
        """Training seconds at the end of each iteration, float64, shape (iterations,).

        An epoch runs inside one program, so the time within it is divided evenly.
        """
        gradients = self.sample_gradients
        return self.seconds * gradients / gradients[-1]

    def facts(self):
        """Everything but the curves, as a JSON object."""
        return {
            "config": self.config.to_json(),
            "parameters": self.parameters,
            "final": self.final,
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
            "provenance": self.provenance,
        }

    def curves(self):
        """The curves: name → float32 array; those of epochs carry the prefix "epochs/"."""
        epochs = {f"epochs/{name}": curve for name, curve in self.epochs.items()}
        return {"iteration_loss": self.iteration_loss, **epochs}

    def arrays(self):
        """The curves, and what is kept beside them with the prefix "kept/"."""
        return self.curves() | {f"kept/{name}": array for name, array in self.kept.items()}

    @classmethod
    def from_parts(cls, facts, arrays):
        """The record of `facts` and `arrays`.

        Raises:
            ConfigError, KeyError, TypeError: when they are not those of a record.
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
