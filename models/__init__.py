"""Keras builders of the courses' networks; each returns an uncompiled model with logits out."""

from models.classifiers import cnn_classifier, dense_classifier

__all__ = ["cnn_classifier", "dense_classifier"]
