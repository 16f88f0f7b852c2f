"""`RunConfig`: everything that decides what a run computes."""

import dataclasses
import hashlib
import json
import math
from typing import Any, Self

from datasets import NAMES, stand_in
from models import from_scratch
from training.backend import BACKENDS
from training.fields import (
    ConfigError,
    documented,
    field,
    named_values,
    number,
    one_of,
    option,
    options,
    positive_number,
    read_fields,
    several_of,
    sizes,
    text,
    truth_value,
    whole_number,
)
from training.optimizers import OPTIMIZERS, SCHEDULES

MODELS = {
    "dense": "dense_classifier",
    "cnn": "cnn_classifier",
    "cifar_cnn": "cifar_cnn",
    "tanh_network": "tanh_network",
    "numpy_cnn": "numpy_cnn",
    "builder": None,
}
"""Model name → its builder in `models`; the builder's arguments are the options of `RunConfig`.

"builder" stands for a function of the user's: see `training.single_run.user_builder`.
"""

NUMPY_OPTIONS = (
    "hidden",
    "filters",
    "kernel_size",
    "padding",
    "block_dropout",
    "dropout",
    "activation",
    "initializer",
)
"""Options that the networks in NumPy have too."""

SCALINGS = ("unit", "none", "standard", "pca", "zca")
"""Ways to scale the pixels; see `training.single_run.scaling`."""

ENGINES = ("keras", "numpy", "loops")
"""What can train a network; see `training.single_run.engines`."""

ACTIVATIONS = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "tanh",
)
"""Keras's activations of one number."""

NUMPY_ACTIVATIONS = ("relu", "sigmoid", "tanh")
"""Activations that the engines in NumPy know."""

AUGMENTATIONS = ("crop", "flip", "affine")
"""Names that the builders of `models` know."""

INITIALIZERS = ("glorot_uniform", "he_normal", "zeros")
"""Names that `models.dense_classifier` knows."""

KEEPS = (
    "evaluations",
    "sample evaluations",
    "predictions",
    "examples",
    "weights",
    "weight sizes",
    "gradient norms",
    "own statistics",
)
"""What a run can keep beyond its losses: see `RunRecord`."""


@documented
@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One training run, stated completely; equal configs have equal keys.

    The options of the model are None where they have the default of the model's builder, also if
    they are given with that value: the run is the same. `options` has them all. A config with
    another model, made by `replace`, has the defaults of that model.

    Raises:
        ConfigError: when a value is not allowed.
    """

    dataset: str = field("fashion_mnist", one_of(NAMES), "One of `datasets.NAMES`.")
    data: str = field("real", one_of(("real", "stand-in")), '"real" or "stand-in".')
    train_size: int = field(
        60_000,
        whole_number(least=1),
        "Training images, a stratified draw from the dataset's own training images.",
    )
    validation_size: int = field(
        0,
        whole_number(least=0),
        "Validation images, also drawn from the dataset's training images, none of them a "
        "training image of the run.",
    )
    test_size: int | None = field(
        None,
        whole_number(least=1),
        "Test images, a stratified draw from the dataset's own; None takes all.",
    )
    scaling: str = field("unit", one_of(SCALINGS), "How pixels are scaled, of `SCALINGS`.")
    model: str = field("dense", one_of(MODELS), "Key of `MODELS`.")
    engine: str = field(
        "keras",
        one_of(ENGINES),
        'What trains the model, of `ENGINES`; "numpy" and "loops" start from the same weights as '
        '"keras".',
    )
    backend: str = field(
        BACKENDS[0],
        one_of(BACKENDS),
        "What Keras runs on, of `training.backend.BACKENDS`; each draws its own initial weights, "
        "dropout masks and augmentation.",
    )
    hidden: tuple[int, ...] | None = option(
        {"dense": (128,), "cnn": (128,), "tanh_network": (100,)},
        sizes,
        "Neurons of each hidden layer.",
    )
    filters: tuple[int, ...] | None = option(
        {"cnn": (32, 64)}, sizes, "Filters of each convolution."
    )
    kernel_size: int | None = option(
        {"cnn": 3}, whole_number(least=1), "Height and width of the filters, in pixels."
    )
    padding: str | None = option(
        {"cnn": "valid"}, one_of(("valid", "same")), 'Of the convolutions, "valid" or "same".'
    )
    batch_normalisation: bool | None = option(
        {"cnn": False, "cifar_cnn": False},
        truth_value,
        "Whether to normalise after each convolution, as in `models.cnn_classifier`.",
    )
    block_dropout: float | None = option(
        {"cnn": 0.0}, number(below=1), "Share of outputs dropped after each convolution's pooling."
    )
    augmentation: tuple[str, ...] | None = option(
        {"cnn": (), "cifar_cnn": ()},
        several_of(AUGMENTATIONS),
        "Of the training images, some of `AUGMENTATIONS`, as in `models.cnn_classifier`.",
    )
    dropout: float | None = option(
        {"dense": 0.0, "cnn": 0.0, "cifar_cnn": 0.0},
        number(below=1),
        "Share of outputs dropped after each hidden layer.",
    )
    activation: str | None = option(
        {"dense": "relu", "cnn": "relu"}, one_of(ACTIVATIONS), "One of `ACTIVATIONS`."
    )
    initializer: str | None = option(
        {"dense": "glorot_uniform"}, one_of(INITIALIZERS), "Of the weights, one of `INITIALIZERS`."
    )
    l1: float | None = option({"dense": 0.0}, number(), "The loss gains l1·Σ|w|.")
    l2: float | None = option({"dense": 0.0}, number(), "The loss gains l2·Σw².")
    builder: str | None = option(
        {"builder": None},
        text,
        '"module:function" that builds and compiles the model "builder"; the optimizer, learning '
        "rate and schedule are then up to the function.",
    )
    builder_hash: str | None = option(
        {"builder": None},
        text,
        "Hash of that module's file, from `user_builder.source_hash`: an edited builder makes "
        "another run.",
    )
    hyperparameters: tuple[tuple[str, Any], ...] | None = option(
        {"builder": ()}, named_values, "Pairs (name, value) for the function."
    )
    optimizer: str = field("sgd", one_of(OPTIMIZERS), "Key of `OPTIMIZERS`.")
    learning_rate: float = field(
        0.01, positive_number, "Greater than 0; the largest of the run if a schedule changes it."
    )
    schedule: str = field(
        "constant",
        one_of(SCHEDULES),
        "Of the learning rate over the iterations, a key of `SCHEDULES`.",
    )
    batch_size: int = field(150, whole_number(least=1), "Examples of one iteration.")
    epochs: int | None = field(
        None,
        whole_number(least=1),
        "Passes over the training images; give either this or `iterations`.",
    )
    iterations: int | None = field(None, whole_number(least=1), "Number of updates.")
    patience: int | None = field(
        None,
        whole_number(least=0),
        "Stop after this many epochs without a new lowest validation loss, and restore the "
        "weights that had the lowest; None trains to the end.",
    )
    keep: tuple[str, ...] = field(
        (), several_of(KEEPS), "What the record holds beyond the losses, some of `KEEPS`."
    )
    seed: int = field(
        0,
        whole_number(least=0),
        "Of the initial weights, dropout masks, augmentation and batches; the split into training "
        "and validation images does not depend on it.",
    )

    def __post_init__(self) -> None:
        """Check each field by itself, then all of them together."""
        read_fields(self)
        self._check_options()
        self._check_together()

    def _check_options(self):
        """Check that the model takes the options; those at its defaults become None."""
        for name, defaults in OPTIONS.items():
            value = getattr(self, name)
            if value is None:
                continue
            if self.model not in defaults:
                raise ConfigError(
                    f"{name} is no option of model {self.model!r}; "
                    f"it takes {', '.join(self.options) or 'none'}"
                )
            if value == defaults[self.model]:
                object.__setattr__(self, name, None)
        if self.model == "builder" and None in (self.builder, self.builder_hash):
            missing = "builder" if self.builder is None else "builder_hash"
            raise ConfigError(f"model 'builder' needs a {missing}, a text")

    def _check_together(self):
        if (self.epochs is None) == (self.iterations is None):
            raise ConfigError("give either epochs or iterations")
        if self.patience is not None and not self.validation_size:
            raise ConfigError("patience needs validation images; give a validation_size")
        if self.engine != "keras":
            self._check_engine()
        if "own statistics" in self.keep and self.scaling in ("unit", "none"):
            raise ConfigError(
                f"keep 'own statistics' needs scaling standard, pca or zca, not {self.scaling!r}"
            )
        if self.engine == "loops" and self.model != "numpy_cnn":
            raise ConfigError(f"engine 'loops' trains model 'numpy_cnn' only, not {self.model!r}")

    def _check_engine(self):
        """Check that the config asks for nothing that the networks in NumPy lack."""
        if self.model == "builder":
            raise ConfigError(f"model 'builder' needs engine 'keras', not {self.engine!r}")
        one_of(from_scratch.OPTIMIZERS)("optimizer of engine 'numpy'", self.optimizer)
        if self.activation is not None:
            one_of(NUMPY_ACTIVATIONS)("activation of engine 'numpy'", self.activation)
        lacking = [name for name in OPTIONS if name not in NUMPY_OPTIONS]
        for name in ("schedule", "patience", *lacking):
            if getattr(self, name) != getattr(type(self), name):
                raise ConfigError(f"{name} needs engine 'keras', not {self.engine!r}")
        for kept in ("evaluations", "sample evaluations", "gradient norms"):
            if kept in self.keep:
                raise ConfigError(f"keep {kept!r} needs engine 'keras', not {self.engine!r}")

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name the run in every store.

        Fields at their defaults do not count, so a field added later leaves older keys as they
        are. The code that draws stand-in images does: other images make another run.
        """
        stated = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        if self.data == "stand-in":
            stated["drawing"] = stand_in.source_hash()
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def program(self) -> Self:
        """The config that stands for all whose compiled program is the same.

        They differ in what the program is given: their seed, and their learning rate and number of
        updates where no schedule is computed from them.
        """
        program = self.replace(seed=0, patience=None)
        if self.schedule != "constant":
            return program
        return program.replace(learning_rate=1.0, epochs=1, iterations=None)

    @property
    def iterations_per_epoch(self) -> int:
        """Number of batches in an epoch, ⌈n/m⌉; the last one may be smaller than the others."""
        return math.ceil(self.train_size / self.batch_size)

    @property
    def updates(self) -> int:
        """Number of updates, unless the run stops early."""
        if self.iterations is not None:
            return self.iterations
        assert self.epochs is not None, "either epochs or iterations is given"
        return self.epochs * self.iterations_per_epoch

    @property
    def total_sample_gradients(self) -> int:
        """Number of sample gradients computed in all updates, unless the run stops early.

        An iteration computes one for each example of its batch. (A, section 3.3)
        """
        epochs, iterations = divmod(self.updates, self.iterations_per_epoch)
        return epochs * self.train_size + iterations * self.batch_size

    @property
    def description(self) -> str:
        """The run in a few words, such as "dense adam rate 0.001 batch 16 seed 0"."""
        return (
            f"{self.model} {self.optimizer} rate {self.learning_rate:g} "
            f"batch {self.batch_size} seed {self.seed}"
        )

    @property
    def options(self) -> dict[str, Any]:
        """All arguments for the model's builder, the builder's defaults filled in."""
        stated = {name: getattr(self, name) for name in OPTIONS}
        return {
            name: defaults[self.model] if stated[name] is None else stated[name]
            for name, defaults in OPTIONS.items()
            if self.model in defaults
        }

    def to_json(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """The config of `to_json`.

        Raises:
            ConfigError: for a field that is unknown or a value that is not allowed.
        """
        unknown = set(fields) - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            names = ", ".join(map(repr, sorted(unknown)))
            raise ConfigError(f"unknown field {names} of a run")
        return cls(**fields)

    def replace(self, **changes: Any) -> Self:
        """The same config with some fields changed."""
        return dataclasses.replace(self, **changes)


OPTIONS = options(RunConfig)
"""Option of a model → model → the default of its builder: every `option` of `RunConfig`."""
