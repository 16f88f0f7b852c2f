"""Spaces of hyperparameters, and the default sizes of a search.

A space is a function of keras-tuner's `hp` that returns the fields of a `RunConfig` it searches; a
trial runs that config with each seed.
"""

from typing import TYPE_CHECKING

from training import OPTIMIZERS

if TYPE_CHECKING:
    from keras_tuner import HyperParameters

PRESETS = {
    "quick": {"train_size": 5_000, "validation_size": 1_000, "epochs": 5},
    "paper": {"train_size": 40_000, "validation_size": 10_000, "epochs": 20},
}
"""Preset → fields of a trial's config, where the user gives none."""

TRIALS = {"quick": 10, "paper": 50}
"""Preset → number of trials, where the user gives none; Hyperband runs one sweep instead."""

SEEDS = {"quick": 2, "paper": 3}
"""Preset → runs per trial, where the user gives none."""

DROPOUTS = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def dense(hp: "HyperParameters") -> dict:
    """Dense networks: units, layers, dropout, and the optimizer, learning rate and batch size."""
    return {
        "hidden": (hp.Int("units", 16, 512, step=2, sampling="log"),) * hp.Int("layers", 1, 3),
        "dropout": hp.Choice("dropout", DROPOUTS),
        "optimizer": hp.Choice("optimizer", list(OPTIMIZERS)),
        "learning_rate": _rate(hp, 1e-4, 1),
        "batch_size": hp.Int("batch size", 32, 512, step=2, sampling="log"),
    }


def cnn(hp: "HyperParameters") -> dict:
    """Convolutional networks whose filters double from block to block."""
    first, blocks = hp.Int("filters", 8, 32, step=2, sampling="log"), hp.Int("blocks", 1, 3)
    return {
        "filters": tuple(first * 2**block for block in range(blocks)),
        "kernel_size": hp.Choice("kernel", [3, 5]),
        "dropout": hp.Choice("dropout", DROPOUTS),
        "batch_normalisation": hp.Boolean("batch normalisation"),
        "learning_rate": _rate(hp, 1e-4, 1),
    }


def learning_rate(hp: "HyperParameters") -> dict:
    """Only the learning rate, for a dense network."""
    return {"learning_rate": _rate(hp, 1e-5, 10)}


SPACES = {
    "dense": (dense, {"model": "dense"}),
    "cnn": (cnn, {"model": "cnn", "padding": "same"}),
    "learning_rate": (learning_rate, {"model": "dense"}),
}
"""Name → the space, and the fields its trials share."""

OPTIMIZER = "adam"
"""The optimizer of spaces that do not search it."""


def _rate(hp: "HyperParameters", low: float, high: float) -> float:
    """A learning rate with three significant digits."""
    return float(f"{hp.Float('learning rate', low, high, sampling='log'):.3g}")
