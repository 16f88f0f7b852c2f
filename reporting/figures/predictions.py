"""What the test predictions of a record say: where a network errs, and how sure it is."""

import numpy as np

from reporting.figures import cells, images, palette, plots

BINS = 10
"""Equal intervals of confidence in a reliability diagram."""


def probabilities(record):
    """The class probabilities of each test image, softmax of its logits.

    Args:
        record: that keeps "predictions"; so for every function of this module.

    Returns:
        float64, shape (images, classes).
    """
    from scipy.special import softmax

    return softmax(record.kept["test_logits"].astype(float), axis=1)


def is_right(record):
    """Whether each test image is classified rightly, bool, shape (images,)."""
    return record.kept["test_logits"].argmax(axis=1) == record.kept["test_labels"]


def confusion(record):
    """How the images of each class are classified.

    Returns:
        float64, shape (classes, classes): row t, column p is the share of the test images of
        class t that are taken for class p.
    """
    logits, labels = record.kept["test_logits"], record.kept["test_labels"]
    counts = np.zeros(2 * logits.shape[1:])
    np.add.at(counts, (labels, logits.argmax(axis=1)), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def class_accuracy(record):
    """Share of each class's test images that are classified rightly, shape (classes,)."""
    return np.diag(confusion(record))


def most_confused(records, pairs):
    """The pairs of classes (true, predicted) that are confused most often.

    Args:
        records: of one network, one for each seed.
        pairs: how many to give.

    Returns:
        A list of (true, predicted, mean share of the true class), the most frequent first.
    """
    shares = np.mean([confusion(record) for record in records], axis=0)
    np.fill_diagonal(shares, 0)
    places = np.argsort(shares, axis=None, kind="stable")[::-1][:pairs]
    return [(*divmod(int(place), len(shares)), float(shares.flat[place])) for place in places]


def reliability(record, bins=BINS):
    """How often a network is right, for each interval of its confidence.

    The confidence is the largest class probability. (Guo et al. 2017)

    Returns:
        Mean confidence, accuracy and share of the images in each interval ((b − 1)/B, b/B], each
        float64, shape (bins,); the first two are not a number where no image lies.
    """
    confidence, right = probabilities(record).max(axis=1), is_right(record)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(place, of, minlength=bins) / count for of in (confidence, right)]
    return (*means, count / len(place))


def calibration_error(record, bins=BINS):
    """Expected calibration error, Σ_b share_b · |accuracy_b − confidence_b|; Guo et al. 2017."""
    confidence, accuracy, share = reliability(record, bins)
    return float(np.nansum(share * np.abs(accuracy - confidence)))


def losses(record):
    """Cross-entropy of each test image, −log of its true class's probability, shape (images,).

    From the logits, so that it is finite: log Σ_k exp(z_k) − z_true.
    """
    from scipy.special import logsumexp

    logits, labels = record.kept["test_logits"].astype(float), record.kept["test_labels"]
    return logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]


def loss_of(record, right):
    """The part of the test loss that comes from images classified rightly, or wrongly.

    The two parts sum to the test loss.
    """
    of_image = losses(record)
    return float(of_image[is_right(record) == right].sum() / len(of_image))


def confidence_when_wrong(record):
    """Mean probability given to the predicted class of the images classified wrongly."""
    return float(probabilities(record).max(axis=1)[~is_right(record)].mean())


def mistakes(record):
    """For each pair of classes (true, predicted) the image so mistaken most surely.

    Args:
        record: that keeps "examples", too.

    Returns:
        (true, predicted) → image and the probability given to the predicted class, for the pairs
        that occur; the surest first.
    """
    labels, confidence = record.kept["test_labels"], probabilities(record).max(axis=1)
    predicted = record.kept["test_logits"].argmax(axis=1)
    found = {}
    for (true, taken), image in zip(
        record.kept["mistakes"].tolist(), record.kept["mistake_images"], strict=True
    ):
        of_pair = (labels == true) & (predicted == taken)
        found[true, taken] = image, float(confidence[of_pair].max(initial=0))
    return dict(sorted(found.items(), key=lambda item: -item[1][1]))


def draw_reliability(methods):
    """Draw reliability diagrams: accuracy, and share of the images, against confidence.

    Args:
        methods: label → list of `RunRecord`, one for each seed; so for every figure of a module.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, 2, width=11, height=5)
    for label, records in methods.items():
        of_seeds = np.array([reliability(record) for record in records])
        filled = np.isfinite(of_seeds).all(axis=(0, 1))  # intervals that hold images
        confidence, accuracy, share = of_seeds[:, :, filled].transpose(1, 0, 2)
        plots.mean_and_band(axes[0], confidence.mean(axis=0), accuracy, label)
        plots.mean_and_band(axes[1], confidence.mean(axis=0), share, label)
    axes[0].plot([0, 1], [0, 1], color=palette.GREY, linewidth=1)
    axes[1].set_yscale("log")
    plots.label_axes(axes[0], "Confidence", "Accuracy")
    plots.label_axes(axes[1], "Confidence", "Share of the test images")
    plots.legend(fig)
    return fig


def draw_class_accuracy(methods, names):
    """Draw each method's accuracy on the classes of these names, and return the figure."""
    fig, ax = plots.figure(width=9, height=5.4)
    places = np.arange(len(names))
    for label, records in methods.items():
        plots.mean_and_band(ax, places, [class_accuracy(record) for record in records], label)
    ax.set_xticks(places, names, rotation=35, ha="right")
    plots.label_axes(ax, "Class", "Test accuracy")
    plots.legend(fig)
    return fig


def draw_confusion(methods, names):
    """Draw the mean confusion matrix of two methods, in percent, and return the figure."""
    fig, axes = plots.figure(1, 2, width=13, height=6.6)
    for ax, (label, records) in zip(axes, methods.items(), strict=True):
        shares = np.mean([confusion(record) for record in records], axis=0)
        cells.draw_confusion_matrix(ax, 100 * shares, names)
        plots.label_axes(ax, "Taken for", "Class", title=label)
        ax.label_outer()
    return fig


def draw_most_confused(records, names, count):
    """Draw the pairs of classes that a network confuses most often, each by its surest mistake.

    Args:
        records: of one network, one for each seed; the images are the first one's.
        names: of the classes.
        count: pairs to draw, those that the first record mistakes.

    Returns:
        The figure.
    """
    mistaken = mistakes(records[0])
    ranked = most_confused(records, len(names) ** 2)
    pairs = [pair for pair in ranked if pair[:2] in mistaken][:count]
    titles = [f"{names[true]}\ntaken for\n{names[p]}\n{share:.1%}" for true, p, share in pairs]
    shown = [mistaken[true, p][0] for true, p, _ in pairs]
    return images.draw_images(shown, titles, count, width=12)
