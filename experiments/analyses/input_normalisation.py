"""What scaling does to test images, and what it does when their own statistics do it.

The one from runs that keep "examples", the other from those that keep "own statistics".
"""

from reporting.figures import images, plots
from reporting.figures.curves import draw_intervals
from reporting.verdicts.measures import final, over_seeds

TRAINING, ALL_TEST = "of the training images", "of all test images"
EACH_CLASS = "of each class's own"
ACCURACIES = {
    TRAINING: final("test_accuracy"),
    ALL_TEST: final("own_test_accuracy"),
    EACH_CLASS: final("own_class_test_accuracy"),
}
"""Whose statistics scale the test images → measure of the accuracy on them."""

MARGIN = 0.005
"""Of accuracy, from which on one way is called better."""


def accuracies(records):
    """Accuracies of a network's runs on the test images: whose statistics → shape (seeds,)."""
    return {whose: over_seeds(records, accuracy) for whose, accuracy in ACCURACIES.items()}


def gains(accuracies):
    """Whether statistics of all test images, and of each class, are better than training's.

    Args:
        accuracies: as the function of that name gives them.

    Returns:
        Two truth values, in a list: whether the mean accuracy lies more than `MARGIN` above.
    """
    return [
        bool((accuracies[whose] - accuracies[TRAINING]).mean() > MARGIN)
        for whose in (ALL_TEST, EACH_CLASS)
    ]


def draw_accuracies(networks):
    """Draw the accuracies of networks on the test images, one axes for each network.

    Args:
        networks: label → list of `RunRecord`, one for each seed.

    Returns:
        The figure.
    """
    height = 0.8 + 1.4 * len(networks)
    fig, axes = plots.figure(len(networks), width=9, height=height, sharex=True, squeeze=False)
    for ax, (network, records) in zip(axes.flat, networks.items(), strict=True):
        draw_intervals(ax, accuracies(records), float)
        plots.label_axes(ax, "Test accuracy", "", title=network)
        ax.label_outer()
    return fig


def draw_images(scaled, titles):
    """Draw example images as they are, and below as each scaling gives them to a network.

    Args:
        scaled: label → `RunRecord` with that scaling; all have the same examples.
        titles: of as many examples.

    Returns:
        The figure.
    """
    rows = {"as they are": next(iter(scaled.values())).kept["example_images"]}
    for label, record in scaled.items():
        rows[label] = record.kept["example_inputs"].astype(float)
    return images.draw_labelled_rows(rows, titles, width=11)
