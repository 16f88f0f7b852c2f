"""Networks of the courses as Keras models and in NumPy, and the arithmetic of their layers.

In: the shape of an example and a network's options. Out: an uncompiled `keras.Model` (the functions
of this module), a network in NumPy (`models.from_scratch`), or the sizes and parameter counts of
layers (`models.arithmetic`).

Keras is imported when one of the functions is first used; `models.arithmetic` and
`models.from_scratch` do not need it.
"""

# This folder is meant to be copied into other projects, so its imports are relative.
import importlib
from typing import TYPE_CHECKING, Any

from . import arithmetic

if TYPE_CHECKING:
    from .augmentation import augmented
    from .classifiers import cnn_classifier, dense_classifier
    from .courses import cifar_cnn, numpy_cnn, tanh_network

__all__ = [
    "arithmetic",
    "augmented",
    "cifar_cnn",
    "cnn_classifier",
    "dense_classifier",
    "numpy_cnn",
    "tanh_network",
]

_MODULES = {
    "augmented": "augmentation",
    "cifar_cnn": "courses",
    "cnn_classifier": "classifiers",
    "dense_classifier": "classifiers",
    "numpy_cnn": "courses",
    "tanh_network": "courses",
}


def __getattr__(name: str) -> Any:
    """Import the function's module, and with it Keras, on first use."""
    if name in _MODULES:
        return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
