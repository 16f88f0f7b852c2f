"""What a study trains: each network in a line, layer by layer, and how it is trained."""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from reporting.findings import Network
from training import OPTIMIZERS, RunConfig
from training.backend import running_backend

LOSS = "cross-entropy of the softmax"
"""The loss of every run that a `RunConfig` states."""

_MOST_LABELS = 3


def network_of(model: Any, methods: str, training: str) -> Network:
    """Describe a network.

    Args:
        model: A `keras.Model` or a `models.from_scratch.Network`.
        methods: The methods that train it, in words.
        training: How it is trained, in one line: loss, optimizer, learning rate, batch size,
            epochs or iterations.
    """
    keras = hasattr(model, "trainable_weights")
    layers = _keras_layers(model) if keras else _numpy_layers(model)
    input_shape = model.input_shape[1:] if keras else model.input_shape
    weights = model.trainable_weights if keras else model.parameters
    return Network(
        methods=methods,
        line=" → ".join([_sized(input_shape), *_described(layers)]),
        training=training,
        parameters=sum(math.prod(weight.shape) for weight in weights),
        layers=[list(layer[:4]) for layer in layers],
    )


def networks_of(methods: Sequence[tuple[Any, RunConfig]]) -> list[Network]:
    """Describe each network that runs train, once, with the settings of its training.

    Args:
        methods: (label, config) of every method, as `Lab.methods`.
    """
    described: dict[RunConfig, Network] = {}
    together: dict[str, list] = {}
    for label, config in methods:
        architecture = _architecture(config)
        if architecture not in described:
            described[architecture] = network_of(_built(architecture), "", "")
        together.setdefault(repr(described[architecture]), []).append((label, config))
    return [
        dataclasses.replace(
            described[_architecture(trained[0][1])],
            methods=_listed(trained) if len(together) > 1 else "all methods",
            training=_training([config for _, config in trained]),
        )
        for trained in together.values()
    ]


def _architecture(config):
    """The config that stands for all with the same network on images of the same shape."""
    fields = {name: getattr(config, name) for name in ("dataset", "model")}
    return RunConfig(**fields | config.options, epochs=1)


def _built(config):
    from training import build  # with Keras, and without its messages

    return build(config.replace(backend=running_backend()))


def _training(configs):
    optimizers = dict.fromkeys(OPTIMIZERS[config.optimizer].label for config in configs)
    schedules = dict.fromkeys(config.schedule for config in configs)
    parts = [LOSS, *_penalties(configs), ", ".join(optimizers)]
    if list(schedules) != ["constant"]:
        parts.append(f"schedule {', '.join(schedules)}")
    parts.append(f"learning rate {_span(config.learning_rate for config in configs)}")
    parts.append(f"batch size {_span(config.batch_size for config in configs)}")
    epochs = [config.epochs for config in configs if config.epochs is not None]
    iterations = [config.iterations for config in configs if config.iterations is not None]
    if epochs:
        parts.append(f"{_span(epochs)} epoch{'s' if max(epochs) > 1 else ''}")
    if iterations:
        parts.append(f"{_span(iterations)} iterations")
    parts.append(f"{_span(config.train_size for config in configs)} training images")
    scalings = dict.fromkeys(config.scaling for config in configs)
    if list(scalings) != ["unit"]:
        parts.append(f"pixels scaled: {', '.join(scalings)}")
    if any(config.initializer for config in configs):
        initializers = dict.fromkeys(config.options["initializer"] for config in configs)
        parts.append(f"weights from {', '.join(initializers)}")
    return " · ".join(parts)


def _penalties(configs):
    return [
        f"{name.upper()} penalty {_span(strengths)}"
        for name in ("l1", "l2")
        if (strengths := [getattr(c, name) for c in configs if getattr(c, name)])
    ]


def _span(numbers: Iterable[float]) -> str:
    """Up to four different numbers, or the smallest and the largest of more."""
    different = sorted(set(numbers))
    shown = [f"{number:,.10g}" for number in different]
    return ", ".join(shown) if len(shown) <= 4 else f"{shown[0]} to {shown[-1]}"


def _listed(trained):
    labels = list(dict.fromkeys(_worded(label) for label, _ in trained))
    further = len(labels) - _MOST_LABELS
    if further <= 1:
        return "; ".join(labels)
    return f"{'; '.join(labels[:_MOST_LABELS])} and {further} more"


def _worded(label):
    return " · ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _sized(shape):
    return "×".join(map(str, shape))


class _Layer(NamedTuple):
    """A row of the summary, and what the line says of it."""

    name: str
    kind: str
    output_shape: str
    parameters: int
    described: str
    activation: str


def _described(layers):
    """The layers in words; an activation stands behind the layer that it belongs to."""
    line = []
    for layer in layers:
        if layer.described:
            line.append(layer.described)
        if layer.activation:
            line[-1] += f", {layer.activation}"
    repeated = [(described, len(list(group))) for described, group in itertools.groupby(line)]
    return [f"{count} × {described}" if count > 1 else described for described, count in repeated]


def _keras_layers(model):
    return [
        _Layer(
            layer.name,
            type(layer).__name__,
            _sized(layer.output.shape[1:]),
            layer.count_params(),
            _KERAS.get(type(layer).__name__, lambda layer: "")(layer),
            _activation(getattr(getattr(layer, "activation", None), "__name__", "linear")),
        )
        for layer in model.layers
    ]


def _numpy_layers(model):
    rows, x = [], np.zeros((1, *model.input_shape), model.dtype)
    for number, layer in enumerate(model.layers, start=1):
        kind, x = type(layer).__name__, layer.forward(x)
        rows.append(
            _Layer(
                f"{kind.lower()}_{number}",
                kind,
                _sized(x.shape[1:]),
                sum(parameter.size for parameter in layer.parameters),
                _NUMPY.get(kind, lambda layer: "")(layer),
                _activation(kind.lower()) if kind in _NUMPY_ACTIVATIONS else "",
            )
        )
    return rows


def _activation(name):
    return {"linear": "", "relu": "ReLU"}.get(name, name)


_KERAS = {
    "AveragePooling2D": lambda layer: f"average pooling {_sized(layer.pool_size)}",
    "BatchNormalization": lambda layer: "batch normalisation",
    "Conv2D": lambda layer: f"{layer.filters} filters {_sized(layer.kernel_size)}",
    "Dense": lambda layer: f"dense {layer.units}",
    "Dropout": lambda layer: f"dropout {layer.rate:g}",
    "MaxPooling2D": lambda layer: f"max pooling {_sized(layer.pool_size)}",
    "RandomAffine": lambda layer: "random affine map",
    "RandomCrop": lambda layer: "random crop",
    "RandomFlip": lambda layer: "random flip",
}
"""Class of a Keras layer → function that puts it into words; the others have nothing to learn."""

_NUMPY = {
    "Convolution": lambda layer: (
        f"{layer.parameters[0].shape[-1]} filters {_sized(layer.parameters[0].shape[:2])}"
    ),
    "Dense": lambda layer: f"dense {layer.parameters[0].shape[-1]}",
    "Dropout": lambda layer: "dropout",
    "MaxPooling": lambda layer: "max pooling",
}
"""The same of a layer of `models.from_scratch`."""

_NUMPY_ACTIVATIONS = ("ReLU", "Sigmoid", "Softmax", "Tanh")
