"""Keras builders of the courses' networks, and the arithmetic of their layers.

Keras is imported with the first builder that is asked for; `models.arithmetic` needs none.
"""

from models import arithmetic

__all__ = ["arithmetic", "cnn_classifier", "dense_classifier"]


def __getattr__(name):
    """Import the builders, and Keras with them, at first use."""
    if name in ("cnn_classifier", "dense_classifier"):
        from models import classifiers

        return getattr(classifiers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
