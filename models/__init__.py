"""Keras builders of the courses' networks, and the arithmetic of their layers.

Keras is imported with the first builder that is asked for; `models.arithmetic` needs none, nor does
`models.from_scratch`, the networks in NumPy.
"""

import importlib

from models import arithmetic

__all__ = [
    "arithmetic",
    "augmented",
    "cifar_cnn",
    "cnn_classifier",
    "dense_classifier",
    "numpy_cnn",
    "tanh_network",
]

_OF_KERAS = {
    "augmented": "augmentation",
    "cifar_cnn": "courses",
    "cnn_classifier": "classifiers",
    "dense_classifier": "classifiers",
    "numpy_cnn": "courses",
    "tanh_network": "courses",
}


def __getattr__(name):
    """Import what is of Keras, and Keras with it, at first use."""
    if name in _OF_KERAS:
        return getattr(importlib.import_module(f"models.{_OF_KERAS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
