"""Models built by a function of the user's, "package.module:function", as for keras-tuner.

The function takes keras-tuner's hyperparameters `hp` and, if it has such parameters, `input_shape`
and `classes`. It returns a compiled Keras model that takes uint8 images, 0 to 255, and has the
metric "accuracy":

    def build(hp, input_shape, classes):
        model = keras.Sequential([
            keras.Input(input_shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(hp.Int("units", 16, 256, sampling="log"), "relu"),
            keras.layers.Dense(classes),
        ])
        model.compile(
            keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-1, sampling="log")),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model

Keras is imported when a model is built, not with this module.
"""

import hashlib
import importlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

import numpy as np

from datasets.loading import PUBLISHED
from training.backend import import_keras
from training.config import RunConfig
from training.fields import ConfigError


class BuilderError(Exception):
    """A function of the user's fails for some hyperparameters; for others it may not."""


def source_hash(builder: str) -> str:
    """Return the SHA-256 of the file of a builder's module, without importing it.

    Modules that it imports do not count.

    Args:
        builder: "module:function".

    Returns:
        The first 16 hexadecimal digits.

    Raises:
        ConfigError: If there is no such file.
    """
    module, _, function = builder.partition(":")
    if not (module and function):
        raise ConfigError(f"--builder must be package.module:function, not {builder!r}")
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None or not found.has_location or found.origin is None:
        raise ConfigError(
            f"builder {builder}: there is no module {module}; run the command in the folder that "
            "holds it, or name that folder in PYTHONPATH"
        )
    return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest()[:16]


def build(config: RunConfig) -> Any:
    """Build the compiled model of a config with the model "builder", at its initial weights.

    All random numbers of Keras are seeded with the config's seed, as the function takes none.

    Raises:
        ConfigError: If the module has been edited since, or cannot be imported.
        BuilderError: If the function fails.
    """
    builder, builder_hash, hyperparameters = (
        config.options[name] for name in ("builder", "builder_hash", "hyperparameters")
    )
    if source_hash(builder) != builder_hash:
        raise ConfigError(
            f"builder {builder} has been edited since these runs were requested; request them again"
        )
    import_keras()
    import keras
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.values = dict(hyperparameters)
    keras.utils.set_random_seed(config.seed)
    return _built(builder, hp, config.dataset)


def declare(builder: str, dataset: str) -> dict[str, Any]:
    """Find the search space of a builder, by building models at both ends of each hyperparameter.

    This also finds hyperparameters that exist only for some values of others, such as the units of
    a third layer. The model at the defaults is tried on two images.

    Args:
        builder: "module:function".
        dataset: One of `datasets.NAMES`.

    Returns:
        The configuration of keras-tuner's `HyperParameters`, as a JSON object.

    Raises:
        ConfigError: If the function cannot be imported, fails, or returns no model that can be
            trained on the images and measures its accuracy.
    """
    import_keras()
    import keras_tuner

    space = keras_tuner.HyperParameters()
    try:
        _check(builder, _built(builder, space, dataset), dataset)
        _declare_ends(builder, space, dataset)
    except BuilderError as error:
        raise ConfigError(str(error)) from error
    return space.get_config()


def _declare_ends(builder, space, dataset):
    """Add to a space the hyperparameters that exist at the ends of those in it."""
    import keras_tuner

    found_at = [dict(space.values)] * len(space.space)
    for place, one in enumerate(space.space):  # which grows in this loop
        needed = {condition.name: condition.values[0] for condition in one.conditions}
        for value in _ends(one):
            hp = keras_tuner.HyperParameters()
            hp.values = found_at[place] | needed | {one.name: value}
            _built(builder, hp, dataset)
            space.merge(hp, overwrite=False)
            found_at += [dict(hp.values)] * (len(space.space) - len(found_at))


def _ends(one):
    """Return all values of a choice, and the smallest and largest of a number."""
    if hasattr(one, "min_value"):
        return one.min_value, one.max_value
    return () if hasattr(one, "value") else one.values


def _built(builder, hp, dataset):
    function = _function(builder)
    published = PUBLISHED[dataset]
    offered = {"input_shape": published.image_shape, "classes": len(published.class_names)}
    try:
        parameters = inspect.signature(function).parameters.values()
        if not any(one.kind is one.VAR_KEYWORD for one in parameters):
            names = {one.name for one in parameters}
            offered = {name: value for name, value in offered.items() if name in names}
        return function(hp, **offered)
    except Exception as error:  # whatever the user's code raises
        raise BuilderError(f"builder {builder} failed{_at(hp)}: {_told(error)}") from error


def _function(builder):
    module, _, name = builder.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except AttributeError:
        raise ConfigError(f"builder {builder}: {module} has no function {name!r}") from None
    except Exception as error:
        raise ConfigError(f"builder {builder} cannot be imported: {_told(error)}") from error
    if not callable(function):
        raise ConfigError(f"builder {builder}: {name} in {module} is not a function")
    return function


def _check(builder, model, dataset):
    import keras

    classes = len(PUBLISHED[dataset].class_names)
    if not isinstance(model, keras.Model):
        raise ConfigError(f"builder {builder} must return a Keras model, not {model!r}")
    if not model.compiled:
        raise ConfigError(f"builder {builder} returns a model that is not compiled; compile it")
    images = np.zeros((2, *PUBLISHED[dataset].image_shape), np.uint8)
    try:
        shape = tuple(model(images).shape)
        if shape != (2, classes):
            raise ValueError(f"for 2 of them it gives {shape}, not {(2, classes)}")
        metrics = model.test_on_batch(images, np.array([0, classes - 1]), return_dict=True)
    except Exception as error:
        raise ConfigError(
            f"builder {builder} returns a model that does not fit images of shape "
            f"{images.shape[1:]} and labels 0 to {classes - 1}: {_told(error)}"
        ) from error
    if "accuracy" not in metrics:
        raise ConfigError(
            f"builder {builder} returns a model without the metric accuracy, by which trials are "
            'chosen; compile it with metrics=["accuracy"]'
        )


def _at(hp):
    settings = ", ".join(f"{name} {value}" for name, value in hp.values.items())
    return f" at {settings}" if settings else ""


def _told(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
