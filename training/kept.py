"""What a run keeps beyond its losses, where its config asks for it."""

import numpy as np
from scipy.special import softmax


def kept_of(config, engine, data):
    """Name → array, as `RunRecord.kept` describes them.

    Args:
        config: a `RunConfig`; of its `keep`, "evaluations" is none of this module's business.
        engine: that trained it, of `training.engines`.
        data: its `datasets.Dataset`.
    """
    kept = {}
    if "predictions" in config.keep:
        kept["test_logits"] = engine.logits(data.x_test)
        kept["test_labels"] = data.y_test.astype(np.uint8)
    if "examples" in config.keep:
        first = np.array([np.argmax(data.y_test == label) for label in np.unique(data.y_test)])
        kept["example_images"] = data.x_test[first]
        kept["example_labels"] = data.y_test[first].astype(np.uint8)
    if "examples" in config.keep and "predictions" in config.keep:
        mistaken = worst_mistakes(kept["test_logits"], data.y_test)
        kept["mistake_images"] = data.x_test[list(mistaken.values())]
        kept["mistakes"] = np.array(list(mistaken), np.int32).reshape(-1, 2)
    if "weights" in config.keep:
        kept |= {f"weights/{place:02d}": array for place, array in enumerate(engine.weights())}
    return kept


def worst_mistakes(logits, labels):
    """For each pair (true, predicted) the image so mistaken with the highest probability.

    Args:
        logits: shape (images, classes).
        labels: the true classes, shape (images,).

    Returns:
        (true, predicted) → index of the image, pairs ascending.
    """
    predicted = logits.argmax(axis=1)
    confidence = softmax(logits.astype(float), axis=1).max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    ascending = wrong[np.argsort(confidence[wrong], kind="stable")]
    worst = {(int(labels[i]), int(predicted[i])): int(i) for i in ascending}
    return dict(sorted(worst.items()))
