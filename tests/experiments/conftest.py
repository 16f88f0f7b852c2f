"""Records of the runs that studies ask for, made up instead of trained."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest

import training
from datasets.loading import PUBLISHED
from training.single_run.artifacts import weight_sizes


@pytest.fixture
def made_up_record(make_record):
    """A function of a config that gives a record as a run of it might leave it."""
    return lambda config: make_record(config, **made_up(config))


def made_up(config):
    """Fields of a record as a run of the config might leave it.

    The loss falls, is noisier for small batches, lowest at a learning rate near 0.03, and lower
    for anything but plain SGD.
    """
    rng = np.random.default_rng([config.seed, int(config.key, 16)])
    epochs = config.epochs or 1
    badness = 0.3 + 0.1 * abs(np.log10(config.learning_rate / 0.03)) + 0.01 * rng.random()
    badness -= 0.2 * (config.optimizer != "sgd")
    metrics = {"loss": badness + 1 / np.arange(1, epochs + 1)}
    metrics["accuracy"] = 1 - metrics["loss"] / 4
    prefixes = [""]
    prefixes += ["val_"] * (config.validation_size > 0)
    prefixes += ["evaluated_"] * bool({"evaluations", "sample evaluations"} & set(config.keep))
    final = {name: float(values[-1]) for name, values in metrics.items()}
    updates = config.updates
    noise = rng.normal(size=updates) / np.sqrt(config.batch_size)
    own = ("own_test", "own_class_test") * ("own statistics" in config.keep)
    tests = {f"{p}_{name}": v + 0.01 for p in ("test", *own) for name, v in final.items()}
    return {
        "parameters": 1000,
        "losses": badness + np.exp(-np.arange(updates) / updates) + 0.5 * noise,
        "epochs": {f"{p}{name}": values for p in prefixes for name, values in metrics.items()},
        "final": final | tests,
        "seconds": config.batch_size / 100 + rng.random(),
        "compile_seconds": 0.1,
        "kept": kept(config, rng),
    }


def kept(config, rng):
    images, classes = PUBLISHED[config.dataset].image_shape, 10
    arrays = {}
    if "predictions" in config.keep:
        arrays["test_logits"] = np.float32(3 * rng.normal(size=(200, classes)))
        arrays["test_labels"] = np.uint8(np.arange(200) % classes)
    if "examples" in config.keep:
        arrays["example_images"] = rng.integers(256, size=(classes, *images), dtype=np.uint8)
        arrays["example_labels"] = np.arange(classes, dtype=np.uint8)
        if config.scaling not in ("unit", "none"):
            arrays["example_inputs"] = np.float16(rng.normal(size=(classes, *images)))
        arrays["mistakes"] = np.int32([[i, j] for i in range(10) for j in range(10) if i != j])
        arrays["mistake_images"] = rng.integers(256, size=(90, *images), dtype=np.uint8)
    if "gradient norms" in config.keep:
        layers = 1 + len(config.hidden)
        arrays["gradient_norms"] = np.float32(rng.uniform(0.1, 1, size=(config.updates, layers)))
    if "weight sizes" in config.keep:
        arrays["weight_sizes"] = weight_sizes([rng.normal(size=(50, 20)) / 50])
    if "weights" in config.keep:
        weights = training.build(config).get_weights()
        arrays |= {f"weights/{place:02d}": array for place, array in enumerate(weights)}
    return arrays
