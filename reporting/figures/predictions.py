"""What the test predictions of a run say: where a network errs, and how sure it is.

In: records that keep "predictions". Out: arrays and numbers of them, and figures of methods.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.figures import cells, images, palette, plots
from training import RunRecord

BINS = 10
"""Equal intervals of confidence in a reliability diagram."""


def probabilities(record: RunRecord) -> NDArray[np.float64]:
    """Return the class probabilities of each test image: the softmax of its logits.

    Args:
        record: With kept "predictions", as for every function of this module.

    Returns:
        Shape (images, classes).
    """
    from scipy.special import softmax

    return softmax(record.kept["test_logits"].astype(float), axis=1)


def is_right(record: RunRecord) -> NDArray[np.bool_]:
    """Return whether each test image is classified correctly, shape (images,)."""
    return record.kept["test_logits"].argmax(axis=1) == record.kept["test_labels"]


def confusion(record: RunRecord) -> NDArray[np.float64]:
    """Return how the images of each class are classified.

    Returns:
        Shape (classes, classes). Row t, column p is the share of the test images of class t that
        are taken for class p.
    """
    logits, labels = record.kept["test_logits"], record.kept["test_labels"]
    classes = logits.shape[1]
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, logits.argmax(axis=1)), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def class_accuracy(record: RunRecord) -> NDArray[np.float64]:
    """Return the share of each class's test images that are classified correctly."""
    return np.diag(confusion(record))


def most_confused(records: Sequence[RunRecord], pairs: int) -> list[tuple[int, int, float]]:
    """Return the pairs of classes that are confused most often.

    Args:
        records: Of one network, one for each seed.
        pairs: Number of pairs.

    Returns:
        (true class, predicted class, mean share of the true class), the most frequent first.
    """
    shares = np.mean([confusion(record) for record in records], axis=0)
    np.fill_diagonal(shares, 0)
    places = np.argsort(shares, axis=None, kind="stable")[::-1][:pairs]
    return [(*divmod(int(place), len(shares)), float(shares.flat[place])) for place in places]


def reliability(record: RunRecord, bins: int = BINS) -> tuple[NDArray, NDArray, NDArray]:
    """Return how often a network is right, for each interval of its confidence.

    The confidence is the largest class probability (Guo et al. 2017).

    Args:
        record: The run.
        bins: Number of intervals, B. Defaults to `BINS`.

    Returns:
        Mean confidence, accuracy and share of the images in each interval ((b − 1)/B, b/B], each
        of shape (bins,). The first two are NaN where no image lies.
    """
    confidence, right = probabilities(record).max(axis=1), is_right(record)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(place, confidence, minlength=bins) / count
        accuracy = np.bincount(place, right, minlength=bins) / count
    return mean_confidence, accuracy, count / len(place)


def calibration_error(record: RunRecord, bins: int = BINS) -> float:
    """Return the expected calibration error, Σ_b share_b · |accuracy_b − confidence_b|.

    Source: Guo et al. 2017.
    """
    confidence, accuracy, share = reliability(record, bins)
    return float(np.nansum(share * np.abs(accuracy - confidence)))


def losses(record: RunRecord) -> NDArray[np.float64]:
    """Return the cross-entropy of each test image, −log of its true class's probability.

    It is computed from the logits z, log Σ_k exp(z_k) − z_true, so that it is finite.

    Returns:
        Shape (images,).
    """
    from scipy.special import logsumexp

    logits, labels = record.kept["test_logits"].astype(float), record.kept["test_labels"]
    return logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]


def loss_of(record: RunRecord, right: bool) -> float:
    """Return the part of the test loss that comes from images of one kind.

    Args:
        record: The run.
        right: True for images that are classified correctly, False for the others. Both parts sum
            to the test loss.
    """
    image_losses = losses(record)
    return float(image_losses[is_right(record) == right].sum() / len(image_losses))


def confidence_when_wrong(record: RunRecord) -> float:
    """Return the mean confidence on the images that are classified wrongly."""
    return float(probabilities(record).max(axis=1)[~is_right(record)].mean())


def mistakes(record: RunRecord) -> dict[tuple[int, int], tuple[NDArray, float]]:
    """Return, for each pair of classes, the image that is mistaken most surely.

    Args:
        record: With kept "examples", too.

    Returns:
        (true class, predicted class) → image and confidence, for the pairs that occur; the surest
        first.
    """
    labels, confidence = record.kept["test_labels"], probabilities(record).max(axis=1)
    predictions = record.kept["test_logits"].argmax(axis=1)
    pairs = record.kept["mistakes"].tolist()
    found = {}
    for (true, predicted), image in zip(pairs, record.kept["mistake_images"], strict=True):
        confused = (labels == true) & (predictions == predicted)
        found[true, predicted] = image, float(confidence[confused].max(initial=0))
    return dict(sorted(found.items(), key=lambda item: -item[1][1]))


def draw_reliability(methods: Mapping[str, Sequence[RunRecord]]) -> Any:
    """Draw reliability diagrams: accuracy, and share of the images, against confidence.

    Args:
        methods: Label → records, one for each seed.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, 2, width=11, height=5)
    for label, records in methods.items():
        diagrams = np.array([reliability(record) for record in records])
        filled = np.isfinite(diagrams).all(axis=(0, 1))  # intervals that hold images
        confidence, accuracy, share = diagrams[:, :, filled].transpose(1, 0, 2)
        plots.mean_and_band(axes[0], confidence.mean(axis=0), accuracy, label)
        plots.mean_and_band(axes[1], confidence.mean(axis=0), share, label)
    axes[0].plot([0, 1], [0, 1], color=palette.GREY, linewidth=1)
    axes[1].set_yscale("log")
    plots.label_axes(axes[0], "Confidence", "Accuracy")
    plots.label_axes(axes[1], "Confidence", "Share of the test images")
    plots.legend(fig)
    return fig


def draw_class_accuracy(methods: Mapping[str, Sequence[RunRecord]], names: Sequence[str]) -> Any:
    """Draw each method's accuracy on each class.

    Args:
        methods: Label → records, one for each seed.
        names: Of the classes.

    Returns:
        The figure.
    """
    fig, ax = plots.figure(width=9, height=5.4)
    places = np.arange(len(names))
    for label, records in methods.items():
        plots.mean_and_band(ax, places, [class_accuracy(record) for record in records], label)
    ax.set_xticks(places, names, rotation=35, ha="right")
    plots.label_axes(ax, "Class", "Test accuracy")
    plots.legend(fig)
    return fig


def draw_confusion(methods: Mapping[str, Sequence[RunRecord]], names: Sequence[str]) -> Any:
    """Draw the mean confusion matrix of two methods, in percent.

    Args:
        methods: Label → records, one for each seed.
        names: Of the classes.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, 2, width=13, height=6.6)
    for ax, (label, records) in zip(axes, methods.items(), strict=True):
        shares = np.mean([confusion(record) for record in records], axis=0)
        cells.draw_confusion_matrix(ax, 100 * shares, names)
        plots.label_axes(ax, "Taken for", "Class", title=label)
        ax.label_outer()
    return fig


def draw_most_confused(records: Sequence[RunRecord], names: Sequence[str], count: int) -> Any:
    """Draw the pairs of classes that a network confuses most often, each by its surest mistake.

    Args:
        records: Of one network, one for each seed; the images are the first one's.
        names: Of the classes.
        count: Number of pairs to draw, among those that the first record confuses.

    Returns:
        The figure.
    """
    mistaken = mistakes(records[0])
    ranked = most_confused(records, len(names) ** 2)
    pairs = [pair for pair in ranked if pair[:2] in mistaken][:count]
    titles = [f"{names[true]}\ntaken for\n{names[p]}\n{share:.1%}" for true, p, share in pairs]
    shown = [mistaken[true, predicted][0] for true, predicted, _ in pairs]
    return images.draw_images(shown, titles, count, width=12)
