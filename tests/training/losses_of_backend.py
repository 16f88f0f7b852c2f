"""Losses, gradient norms and metrics of small networks: `python losses_of_backend.py FILE.npz`."""

import sys

import keras
import numpy as np

import callbacks
import training
from models import cnn_classifier, dense_classifier

SIZE = (8, 8)
DENSE = (dense_classifier, {"hidden": (9, 7), "activation": "tanh", "l2": 0.01}, {})
CNN = (cnn_classifier, {"filters": (3, 4), "hidden": (6,), "padding": "same"}, {})
CASES = {
    **{f"dense, {name}": (*DENSE, name) for name in training.OPTIMIZERS},
    "cnn": (*CNN, "adam"),
    "cnn, valid": (cnn_classifier, {"filters": (3,), "kernel_size": 4, "hidden": ()}, {}, "sgd"),
    "cnn, sigmoid": (cnn_classifier, {"filters": (3,), "activation": "sigmoid"}, {}, "sgd"),
    "batch normalisation": (*CNN[:1], CNN[1] | {"batch_normalisation": True}, {}, "nesterov"),
    "chunks": (*CNN[:2], {"batch_size": 50, "chunk_size": 12}, "momentum"),
    "cut short": (*DENSE[:2], {"epochs": None, "iterations": 6}, "sgd"),
}
"""Name → builder, its options, those of `training.fit` and an optimizer."""


def trained(builder, options, how, optimizer):
    """What three epochs of 16 + 16 + 16 + 2 images record, from weights of NumPy's."""
    rng = np.random.default_rng([0])
    x, y = rng.integers(256, size=(50, *SIZE), dtype=np.uint8), rng.integers(4, size=50)
    model = builder(SIZE, classes=4, scaling=1 / 255, **options)
    shapes = [array.shape for array in model.get_weights()]
    model.set_weights([np.abs(rng.normal(0, 0.2, shape)) for shape in shapes])
    rate = training.OPTIMIZERS[optimizer].build(0.01)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(rate, loss, metrics=["accuracy"])
    norms = callbacks.GradientNorm()
    how = {"batch_size": 16, "epochs": 3, "seed": 3, "callbacks": [norms]} | how
    history = training.fit(model, x, y, validation_data=(x[:20], y[:20]), **how)
    metrics = [values for _, values in sorted(history.epochs.items())]
    weights = [array.ravel() for array in model.get_weights()]
    return np.concatenate([history.iteration_loss, norms.values, *metrics, *weights])


if __name__ == "__main__":
    np.savez(sys.argv[1], **{name: trained(*case) for name, case in CASES.items()})
