"""`RunRecord`: what a run leaves behind, as JSON for facts and arrays for curves."""

import dataclasses

import numpy as np

from training.config import RunConfig

FINISHED, DIVERGED = "finished", "diverged"


@dataclasses.dataclass(frozen=True, eq=False)
class RunRecord:
    """The result of one run.

    Attributes:
        config: what was run.
        status: "finished", or "diverged" when a loss is not a finite number.
        parameters: trainable parameters of the model.
        iteration_loss: loss of each batch before its update, float32, shape (iterations,).
        epochs: metric name → float32, shape (epochs,): "loss" and "accuracy", means over the
            epoch while the weights moved, and "val_loss" and "val_accuracy" after it, where the
            config has validation images.
        final: metric name → number after the last update, without dropout: "loss" and
            "accuracy" on all training images, "test_loss" and "test_accuracy".
        seconds: spent in the iterations alone.
        compile_seconds: spent compiling the training program.
        provenance: versions, processor, git commit, dataset fingerprint and split, date.
    """

    config: RunConfig
    status: str
    parameters: int
    iteration_loss: np.ndarray
    epochs: dict
    final: dict
    seconds: float
    compile_seconds: float
    provenance: dict

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
            "status": self.status,
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

    @classmethod
    def from_parts(cls, facts, curves):
        """The record of `facts` and `curves`.

        Raises:
            ConfigError, KeyError, TypeError: when they are not those of a record.
        """
        epochs = {
            name.removeprefix("epochs/"): curve
            for name, curve in curves.items()
            if name.startswith("epochs/")
        }
        return cls(
            **{**facts, "config": RunConfig.from_json(facts["config"])},
            iteration_loss=curves["iteration_loss"],
            epochs=epochs,
        )
