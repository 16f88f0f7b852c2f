"""Serves the input_normalisation study: images as they are scaled, and whose statistics scale them.

In: records that keep "examples", for the images, or "own statistics", for the accuracies on test
images scaled by their own statistics. Out: accuracies, and figures of both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporting.figures import images, plots
from reporting.figures.curves import draw_intervals
from reporting.verdicts.measures import final, over_seeds
from training import RunRecord

TRAINING, ALL_TEST = "of the training images", "of all test images"
EACH_CLASS = "of each class's own"
ACCURACIES = {
    TRAINING: final("test_accuracy"),
    ALL_TEST: final("own_test_accuracy"),
    EACH_CLASS: final("own_class_test_accuracy"),
}
"""Whose statistics scale the test images → measure of the accuracy on them."""

MARGIN = 0.005
"""Difference of accuracies above which one way is called better."""


def accuracies(records: Sequence[RunRecord]) -> dict[str, NDArray[np.float64]]:
    """Return a network's accuracies on the test images: whose statistics → shape (seeds,)."""
    return {whose: over_seeds(records, accuracy) for whose, accuracy in ACCURACIES.items()}


def gains(accuracies: Mapping[str, NDArray[np.float64]]) -> list[bool]:
    """Return whether the statistics of all test images, and of each class, gain accuracy.

    Args:
        accuracies: As the function of that name returns them.

    Returns:
        Two truth values: whether the mean accuracy lies more than `MARGIN` above that with the
        statistics of the training images.
    """
    return [
        bool((accuracies[whose] - accuracies[TRAINING]).mean() > MARGIN)
        for whose in (ALL_TEST, EACH_CLASS)
    ]


def draw_accuracies(networks: Mapping[str, Sequence[RunRecord]]) -> Any:
    """Draw the accuracies of networks on the test images, one axes for each network.

    Args:
        networks: Label → records, one for each seed.

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


def draw_images(scaled: Mapping[str, RunRecord], titles: Sequence[str]) -> Any:
    """Draw example images as they are, and below as each scaling gives them to a network.

    Args:
        scaled: Label → a record with that scaling. All have the same examples.
        titles: Of as many examples as are drawn.

    Returns:
        The figure.
    """
    rows = {"as they are": next(iter(scaled.values())).kept["example_images"]}
    for label, record in scaled.items():
        rows[label] = record.kept["example_inputs"].astype(float)
    return images.draw_labelled_rows(rows, titles, width=11)
