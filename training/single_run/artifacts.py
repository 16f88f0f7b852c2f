"""What a run keeps beyond its losses, where its config asks for it."""

import numpy as np

WEIGHT_SIZES = np.linspace(-9, 1, 101)
"""Edges of the bins that weights are counted in, log10|w|; what lies outside counts at the end."""


def kept_of(config, engine, data, x_test):
    """Name → array, as `RunRecord.kept` describes them.

    Args:
        config: a `RunConfig`; of its `keep`, "evaluations" and "own statistics" are none of this
            module's business.
        engine: that trained it, of `training.single_run.engines`.
        data: its `datasets.Dataset`.
        x_test: the test images as the network takes them.
    """
    kept = {}
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


def weight_sizes(weights):
    """How many weights have which size, biases aside.

    Args:
        weights: arrays; those of one dimension are biases.

    Returns:
        Counts in the bins of `WEIGHT_SIZES`, int32, shape (100,).
    """
    sizes = np.concatenate([np.abs(array).ravel() for array in weights if array.ndim > 1])
    least, most = WEIGHT_SIZES[[0, -1]]
    logarithms = np.log10(np.clip(sizes.astype(float), 10**least, 10**most))
    return np.histogram(logarithms.clip(least, most), WEIGHT_SIZES)[0].astype(np.int32)


def worst_mistakes(logits, labels):
    """For each pair (true, predicted) the image so mistaken with the highest probability.

    Args:
        logits: shape (images, classes).
        labels: the true classes, shape (images,).

    Returns:
        (true, predicted) → index of the image, pairs ascending.
    """
    from scipy.special import softmax  # here, as the command line lists studies without SciPy

    predicted = logits.argmax(axis=1)
    confidence = softmax(logits.astype(float), axis=1).max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    ascending = wrong[np.argsort(confidence[wrong], kind="stable")]
    worst = {(int(labels[i]), int(predicted[i])): int(i) for i in ascending}
    return dict(sorted(worst.items()))
