"""What the filters of a convolutional network find (A, section 6.4)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.loading import PUBLISHED
from reporting import Measure, Study, Table, direction, summary, summary_of
from reporting.figures import images, plots
from reporting.study.lab import CNN_SEEDS
from reporting.verdicts.measures import TEST_ACCURACY, straightness
from training import RunRecord

study = Study(
    name="feature_maps",
    title="What the filters of a CNN find",
    question="What do the filters of the first layer react to, and what those of a deeper one?",
    sources=["A 6.4"],
    says="Of the 32 filters of the first layer, 16 are shown on the picture of a dress: the first "
    "filters detect straight lines, later ones details of the dress.",
    datasets=["fashion_mnist"],
    seeds=CNN_SEEDS,
)

# 28x28, two 3x3 convolutions with 32 and 64 filters (A 6.3), ReLU, 2x2 max pooling after each, a
# dense layer of 128 with ReLU, 10, trained on the cross-entropy of the softmax.
NETWORK = {
    "model": "cnn",
    "filters": (32, 64),
    "kernel_size": 3,
    "hidden": (128,),
    "activation": "relu",
}
BATCH_SIZE = 150
LEARNING_RATE = 0.001  # Keras's default for Adam

CLASSES = PUBLISHED["fashion_mnist"].class_names
FIRST, SECOND = "first layer", "second layer"
KERAS_NAMES = {FIRST: "conv_1", SECOND: "conv_2"}
SHOWN = 16  # of the first layer's 32 filters, as in A


@dataclass(frozen=True)
class Runs:
    """The runs of the network, and what `look_inside` returned for each of them."""

    records: list[RunRecord]
    inside: list[dict[str, Any]]


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 4), paper=(60_000, 5))
    cnn = lab.config(
        **NETWORK,
        train_size=n,
        optimizer="adam",
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        keep=("weights", "examples"),
    )
    records = lab.train({"CNN": cnn})["CNN"]
    return Runs(records, lab.compute("inside", lambda: [look_inside(r) for r in records]))


def look_inside(record):
    """How straight the filters of a trained network are, and what they make of the examples.

    Returns:
        "straightness": part of the network, as the claims name it → mean over its filters;
        "active": layer → share of its maps that is above 0; "filters": those of the first layer,
        shape (filters, 3, 3); "maps": layer → the first `SHOWN` maps of each example image, float16
        as they are only looked at, shape (images, `SHOWN`, rows, columns).
    """
    import training

    model, untrained = training.trained(record), training.build(record.config)
    first, second = (kernels(model, layer) for layer in (FIRST, SECOND))
    maps = {layer: maps_of(model, layer, record.kept["example_images"]) for layer in KERAS_NAMES}
    return {
        "straightness": {
            FIRST: mean_straightness(first),
            SECOND: mean_straightness(second),
            f"{FIRST}, untrained": mean_straightness(kernels(untrained, FIRST)),
            f"{SECOND}, untrained": mean_straightness(kernels(untrained, SECOND)),
            f"first {SHOWN} filters": mean_straightness(first[:SHOWN]),
            f"last {SHOWN} filters": mean_straightness(first[SHOWN:]),
        },
        "active": {layer: float(np.mean(maps[layer] > 0)) for layer in maps},
        "filters": first[:, 0],
        "maps": {layer: np.float16(maps[layer][:, :SHOWN]) for layer in maps},
    }


def kernels(model, layer):
    """The filters of a layer, shape (filters, channels, 3, 3)."""
    weights, _ = model.get_layer(KERAS_NAMES[layer]).get_weights()
    return weights.transpose(3, 2, 0, 1)


def maps_of(model, layer, examples):
    """What a layer makes of images, shape (images, filters, rows, columns)."""
    import keras

    to_layer = keras.Model(model.input, model.get_layer(KERAS_NAMES[layer]).output)
    return to_layer.predict_on_batch(examples).transpose(0, 3, 1, 2)


def mean_straightness(filters):
    """The mean of `straightness` over filters of any number of channels."""
    return float(straightness(filters.reshape(-1, *filters.shape[-2:])).mean())


STRAIGHTNESS = Measure(
    "straightness of the filters",
    better="higher",
    margin=0.02,  # of the share of a filter's variance
)


def straightness_of(runs, part):
    """That of a part of the network, as `look_inside` names it, for each seed."""
    return [inside["straightness"][part] for inside in runs.inside]


@study.claims
def claims(runs):
    def straighter(statement, lower, higher):
        return direction(
            source="A 6.4",
            statement=statement,
            measure=STRAIGHTNESS,
            lower=lower,
            higher=higher,
        )

    first = ("the first layer", straightness_of(runs, FIRST))
    return [
        straighter(
            "Filters of the first layer learn to find straight lines",
            ("before training", straightness_of(runs, f"{FIRST}, untrained")),
            first,
        ),
        straighter(
            "Early filters find straighter lines than deeper ones",
            ("the second layer", straightness_of(runs, SECOND)),
            first,
        ),
        straighter(
            "Within the first layer, the first filters find lines and the later ones do not",
            (f"its last {SHOWN} filters", straightness_of(runs, f"last {SHOWN} filters")),
            (f"its first {SHOWN} filters", straightness_of(runs, f"first {SHOWN} filters")),
        ),
    ]


@study.table
def results(runs):
    filters = dict(zip(KERAS_NAMES, NETWORK["filters"], strict=True))
    rows = [
        [
            layer,
            filters[layer],
            summary(straightness_of(runs, f"{layer}, untrained")),
            summary(straightness_of(runs, layer)),
            summary([inside["active"][layer] for inside in runs.inside]),
        ]
        for layer in KERAS_NAMES
    ]
    columns = [
        "layer",
        "filters",
        "straightness before training",
        "after training",
        "active share of its maps",
    ]
    note = (
        "Straightness: share of a 3x3 filter's variance that stripes in one direction explain. "
        f"Test accuracy of the network: {summary_of(runs.records, TEST_ACCURACY)}."
    )
    return Table("What the filters look for", columns, rows, note=note)


@study.figure(
    caption="The 32 filters of the first layer after training, each scaled to its own range.",
    alt="32 pictures of 3x3 pixels: mostly edges and lines in all directions.",
    of="seed 0",
)
def filters_of_the_first_layer(runs):
    fig, ax = plots.figure(width=11, height=2)
    images.draw_image(ax, images.mosaic(runs.inside[0]["filters"], columns=16))
    return fig


@study.figure(
    caption="A dress of the test images, what 16 filters of the first layer make of it, and what "
    "16 of the second layer do: edges of the whole dress first, then small parts of it.",
    alt="A dress, sixteen maps of the first layer and sixteen coarser ones of the second.",
    of="seed 0",
)
def maps_of_a_dress(runs):
    dress = CLASSES.index("Dress")
    pictures = {"A dress": runs.records[0].kept["example_images"][dress]}
    for layer, maps in runs.inside[0]["maps"].items():
        pictures[f"{layer.capitalize()}, {SHOWN} maps"] = images.mosaic(maps[dress], 4)
    fig, _ = images.draw_side_by_side(pictures, width=12, height=4.6, same="height")
    return fig


@study.figure(
    caption="The same for one test image of each class: 8 maps of the first layer, and 8 of the "
    "second.",
    alt="Ten rows of clothing, each with eight maps of the first layer and eight of the second.",
    of="seed 0",
)
def maps_of_each_class(runs):
    pictures = {"Image": images.mosaic(runs.records[0].kept["example_images"], 1)}
    for layer, maps in runs.inside[0]["maps"].items():
        pictures[layer.capitalize()] = images.mosaic(np.concatenate(maps[:, :8]), 8)
    fig, axes = images.draw_side_by_side(pictures, width=12, height=7, same="height")
    rows = pictures["Image"].shape[0] * (np.arange(len(CLASSES)) + 0.5) / len(CLASSES)
    axes[0].set_yticks(rows, CLASSES)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
