"""Hyperparameter search: keras-tuner chooses settings, `training.sweep` trains them.

A space and a config come in, an `Outcome` with its trials and records goes out.
"""
