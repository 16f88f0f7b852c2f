"""`RunConfig`: everything that decides what a run computes."""

import dataclasses
import hashlib
import json
import math

from datasets import NAMES, stand_in
from models import from_scratch
from training.backend import BACKENDS
from training.optimizers import OPTIMIZERS, SCHEDULES

MODELS = {
    "dense": (
        "dense_classifier",
        ("hidden", "dropout", "activation", "initializer", "l1", "l2"),
    ),
    "cnn": (
        "cnn_classifier",
        (
            "filters",
            "padding",
            "batch_normalisation",
            "block_dropout",
            "augmentation",
            "hidden",
            "dropout",
            "activation",
            "kernel_size",
        ),
    ),
    "cifar_cnn": ("cifar_cnn", ("dropout", "batch_normalisation", "augmentation")),
    "tanh_network": ("tanh_network", ("hidden",)),
    "numpy_cnn": ("numpy_cnn", ()),
    "builder": (None, ("builder", "builder_hash", "hyperparameters")),
}
"""Model name → its builder in `models`, and the fields of a config that are its arguments.

"builder" stands for a function of the user's: see `training.single_run.user_builder`.
"""

MODEL_FIELDS = sorted({field for _, fields in MODELS.values() for field in fields})
"""Every field of a config that is an argument of some builder."""

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
)  # fmt: skip
"""What a run can keep beyond its losses: see `RunRecord`."""


class ConfigError(ValueError):
    """A config that no run can have; the message says what is allowed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One training run, stated completely; equal configs have equal keys.

    Attributes:
        dataset: one of `datasets.NAMES`.
        data: "real" or "stand-in".
        train_size: training images, a stratified draw from the set's own training images.
        validation_size: validation images, drawn from the same and disjoint from the training
            images.
        test_size: test images, a stratified draw from the set's own; None takes all.
        scaling: of the pixels, of `SCALINGS`.
        model: key of `MODELS`.
        backend: that Keras runs on, of `training.backend.BACKENDS`; each draws initial weights,
            dropout masks and augmentation of its own.
        engine: of `ENGINES`; "numpy" and "loops" start from the weights that "keras" starts from.
        hidden: neurons of the hidden layers; None takes the builder's default, as below.
        filters: filters of the convolutions.
        kernel_size: height and width of the filters.
        padding: of the convolutions, "valid" or "same".
        batch_normalisation: normalise after each convolution, as in `models.cnn_classifier`.
        block_dropout: share of dropped outputs after each convolution's pooling.
        augmentation: of the training images, as in `models.cnn_classifier`.
        dropout: share of dropped outputs after each hidden layer.
        activation: of `ACTIVATIONS`.
        initializer: of the weights, of `INITIALIZERS`.
        l1: the loss gains l1·Σ|w|.
        l2: the loss gains l2·Σw².
        optimizer: key of `OPTIMIZERS`.
        learning_rate: greater than 0; the largest of the run, where a schedule changes it.
        schedule: of the learning rate over the iterations, a key of `SCHEDULES`.
        batch_size: examples of one iteration.
        epochs: passes over the training images; either this or `iterations` is given.
        iterations: number of updates.
        patience: stop when the validation loss has not fallen for so many epochs, and go back to
            the weights at its lowest; None trains to the end.
        keep: what the record holds beyond the losses, of `KEEPS`.
        builder: "module:function" that builds and compiles the model; its optimizer, learning rate
            and schedule are then the function's own business.
        builder_hash: of that module's file, as `user_builder.source_hash` gives it: an edited
            builder makes another run.
        hyperparameters: pairs (name, value) that the function is given.
        seed: of the initial weights, dropout masks, augmentation and batches; the split does not
            depend on it.

    Raises:
        ConfigError: when a value is not allowed.
    """

    dataset: str = "fashion_mnist"
    data: str = "real"
    train_size: int = 60_000
    validation_size: int = 0
    test_size: int | None = None
    scaling: str = "unit"
    model: str = "dense"
    engine: str = "keras"
    hidden: tuple | None = None
    filters: tuple | None = None
    padding: str | None = None
    batch_normalisation: bool | None = None
    block_dropout: float | None = None
    augmentation: tuple | None = None
    dropout: float | None = None
    activation: str | None = None
    initializer: str | None = None
    l1: float | None = None
    l2: float | None = None
    optimizer: str = "sgd"
    learning_rate: float = 0.01
    schedule: str = "constant"
    batch_size: int = 150
    epochs: int | None = None
    iterations: int | None = None
    patience: int | None = None
    keep: tuple = ()
    seed: int = 0
    kernel_size: int | None = None
    builder: str | None = None
    builder_hash: str | None = None
    hyperparameters: tuple | None = None
    backend: str = BACKENDS[0]

    def __post_init__(self):
        """Check every field by itself, and then what they ask for together."""
        self._normalise()
        self._check_values()
        self._check_together()

    def _normalise(self):
        """Lists, as JSON gives them, become tuples, and 1 a rate of 1.0."""
        for field in ("hidden", "filters"):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, _sizes(field, getattr(self, field)))
        for field in ("keep", "augmentation"):
            if isinstance(getattr(self, field), list):
                object.__setattr__(self, field, tuple(getattr(self, field)))
        if isinstance(self.hyperparameters, list | tuple):
            pairs = tuple(tuple(p) if isinstance(p, list) else p for p in self.hyperparameters)
            object.__setattr__(self, "hyperparameters", pairs)
        for field in ("learning_rate", "dropout", "block_dropout", "l1", "l2"):
            if type(getattr(self, field)) is int:
                object.__setattr__(self, field, float(getattr(self, field)))

    def _check_values(self):
        for field, allowed in (
            ("dataset", NAMES),
            ("data", ("real", "stand-in")),
            ("scaling", SCALINGS),
            ("model", MODELS),
            ("engine", ENGINES),
            ("backend", BACKENDS),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("activation", (None, *ACTIVATIONS)),
            ("padding", (None, "valid", "same")),
            ("initializer", (None, *INITIALIZERS)),
        ):
            _check_one(field, getattr(self, field), allowed)
        for field, allowed in (("keep", KEEPS), ("augmentation", AUGMENTATIONS)):
            _check_several(field, getattr(self, field) or (), allowed)
        for field in ("train_size", "batch_size"):
            _check_whole(field, getattr(self, field), least=1)
        for field, least in (
            ("epochs", 1),
            ("iterations", 1),
            ("test_size", 1),
            ("patience", 0),
            ("kernel_size", 1),
        ):
            if getattr(self, field) is not None:
                _check_whole(field, getattr(self, field), least)
        for field in ("validation_size", "seed"):
            _check_whole(field, getattr(self, field), least=0)
        for field, below in (
            ("dropout", 1),
            ("block_dropout", 1),
            ("l1", math.inf),
            ("l2", math.inf),
        ):
            if getattr(self, field) is not None:
                _check_number(field, getattr(self, field), below)
        rate, normalised = self.learning_rate, self.batch_normalisation
        if not (isinstance(rate, float) and 0 < rate < math.inf):
            raise ConfigError(f"learning_rate must be a number greater than 0, not {rate!r}")
        if normalised is not None and not isinstance(normalised, bool):
            raise ConfigError(f"batch_normalisation must be true or false, not {normalised!r}")

    def _check_together(self):
        if (self.epochs is None) == (self.iterations is None):
            raise ConfigError("give either epochs or iterations")
        if self.patience is not None and not self.validation_size:
            raise ConfigError("patience needs validation images; give a validation_size")
        for field in MODEL_FIELDS:
            if getattr(self, field) is not None and field not in MODELS[self.model][1]:
                raise ConfigError(
                    f"{field} is no option of model {self.model!r}; "
                    f"it takes {', '.join(MODELS[self.model][1]) or 'none'}"
                )
        if self.model == "builder":
            self._check_builder()
        if self.engine != "keras":
            self._check_engine()
        if "own statistics" in self.keep and self.scaling in ("unit", "none"):
            raise ConfigError(
                f"keep 'own statistics' needs scaling standard, pca or zca, not {self.scaling!r}"
            )
        if self.engine == "loops" and self.model != "numpy_cnn":
            raise ConfigError(f"engine 'loops' trains model 'numpy_cnn' alone, not {self.model!r}")

    def _check_builder(self):
        for field in ("builder", "builder_hash"):
            if not isinstance(getattr(self, field), str):
                raise ConfigError(f"model 'builder' needs a {field}, a text")
        for pair in self.hyperparameters or ():
            match pair:
                case (str(), str() | bool() | int() | float()):
                    continue
            raise ConfigError(
                "hyperparameters must be pairs of a name and a text, truth value or number, "
                f"not {pair!r}"
            )

    def _check_engine(self):
        """Check that the config asks for nothing that NumPy's networks have not."""
        if self.model == "builder":
            raise ConfigError(f"model 'builder' needs engine 'keras', not {self.engine!r}")
        _check_one("optimizer of engine 'numpy'", self.optimizer, from_scratch.OPTIMIZERS)
        _check_one("activation of engine 'numpy'", self.activation, (None, *NUMPY_ACTIVATIONS))
        for field in ("schedule", "patience", "augmentation", "batch_normalisation", "l1", "l2"):
            if getattr(self, field) != getattr(type(self), field):
                raise ConfigError(f"{field} needs engine 'keras', not {self.engine!r}")
        for kept in ("evaluations", "sample evaluations", "gradient norms"):
            if kept in self.keep:
                raise ConfigError(f"keep {kept!r} needs engine 'keras', not {self.engine!r}")

    @property
    def key(self):
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
    def program(self):
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
    def model_options(self):
        """Arguments for the model's builder, those left to its defaults aside."""
        options = {field: getattr(self, field) for field in MODELS[self.model][1]}
        return {field: value for field, value in options.items() if value is not None}

    def to_json(self):
        """The fields as a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, fields):
        """The config of `to_json`.

        Raises:
            ConfigError: for a field that is unknown or a value that is not allowed.
        """
        unknown = set(fields) - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            names = ", ".join(map(repr, sorted(unknown)))
            raise ConfigError(f"unknown field {names} of a run")
        return cls(**fields)

    def replace(self, **changes):
        """The same config with some fields changed."""
        return dataclasses.replace(self, **changes)


def _sizes(name, values):
    if not isinstance(values, list | tuple):
        raise ConfigError(f"{name} must be a list of whole numbers, not {values!r}")
    for value in values:
        _check_whole(name, value, least=1)
    return tuple(values)


def _check_one(field, value, allowed):
    if not (value is None or isinstance(value, str)) or value not in allowed:
        choices = ", ".join(filter(None, allowed))
        raise ConfigError(f"unknown {field} {value!r}; choose from {choices}")


def _check_several(field, values, allowed):
    if not isinstance(values, tuple):
        raise ConfigError(f"{field} must be a list of names, not {values!r}")
    for value in values:
        _check_one(field, value, allowed)
    if len(set(values)) < len(values):
        raise ConfigError(f"{field} names one twice: {', '.join(values)}")


def _check_number(name, value, below):
    if not (isinstance(value, float) and 0 <= value < below):
        allowed = "of at least 0" if below == math.inf else f"in [0, {below})"
        raise ConfigError(f"{name} must be a number {allowed}, not {value!r}")


def _check_whole(name, value, least):
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f"{name} must be a whole number of at least {least}, not {value!r}")
