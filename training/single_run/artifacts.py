"""What a run keeps beyond its losses, where its config asks for it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import Dataset
from training.config import RunConfig

WEIGHT_SIZES = np.linspace(-9, 1, 101)
"""Edges of the bins in which weights are counted, log10|w|; the end bins include the rest."""


def kept_of(
    config: RunConfig, engine: Any, data: Dataset, x_test: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Return the arrays that a config keeps: name → array, as in `RunRecord.kept`.

    Args:
        config: The run's config. "evaluations", "sample evaluations" and "own statistics" in its
            `keep` are handled elsewhere.
        engine: The engine of `training.single_run.engines` that trained it.
        data: Its dataset.
        x_test: The test images as the network takes them.
    """
    kept: dict[str, NDArray[Any]] = {}
    if "predictions" in config.keep:
        kept["test_logits"] = engine.logits(x_test)
        kept["test_labels"] = data.y_test.astype(np.uint8)
    if "examples" in config.keep:
        first = np.array([np.argmax(data.y_test == label) for label in np.unique(data.y_test)])
        kept["example_images"] = data.x_test[first]
        kept["example_labels"] = data.y_test[first].astype(np.uint8)
        if x_test is not data.x_test:
            kept["example_inputs"] = x_test[first].astype(np.float16)
    if "examples" in config.keep and "predictions" in config.keep:
        mistaken = worst_mistakes(kept["test_logits"], data.y_test)
        kept["mistake_images"] = data.x_test[list(mistaken.values())]
        kept["mistakes"] = np.array(list(mistaken), np.int32).reshape(-1, 2)
    if "weights" in config.keep:
        kept |= {f"weights/{place:02d}": array for place, array in enumerate(engine.weights())}
    if "weight sizes" in config.keep:
        kept["weight_sizes"] = weight_sizes(engine.weights())
    if "gradient norms" in config.keep:
        kept["gradient_norms"] = engine.gradient_norms()
    return kept


def weight_sizes(weights: Iterable[NDArray[Any]]) -> NDArray[np.int32]:
    """Count the weights of each size, without the biases.

    Args:
        weights: Arrays; those of one dimension are biases.

    Returns:
        Counts in the bins of `WEIGHT_SIZES`, int32, shape (100,).
    """
    sizes = np.concatenate([np.abs(array).ravel() for array in weights if array.ndim > 1])
    least, most = WEIGHT_SIZES[[0, -1]]
    logarithms = np.log10(np.clip(sizes.astype(float), 10**least, 10**most))
    return np.histogram(logarithms.clip(least, most), WEIGHT_SIZES)[0].astype(np.int32)


def worst_mistakes(logits: NDArray[Any], labels: NDArray[Any]) -> dict[tuple[int, int], int]:
    """Find, for each pair of classes, the image mistaken with the highest probability.

    Args:
        logits: Shape (images, classes).
        labels: The true classes, shape (images,).

    Returns:
        (true class, predicted class) → index of the image, pairs in ascending order; only pairs
        that occur.
    """
    from scipy.special import softmax  # not above: listing studies does not import SciPy

    predicted = logits.argmax(axis=1)
    confidence = softmax(logits.astype(float), axis=1).max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    ascending = wrong[np.argsort(confidence[wrong], kind="stable")]
    worst = {(int(labels[i]), int(predicted[i])): int(i) for i in ascending}
    return dict(sorted(worst.items()))
