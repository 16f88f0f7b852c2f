"""What the filters of a convolutional network find (A, section 6.4)."""

import numpy as np

import training
from datasets.loading import PUBLISHED
from reporting import Study, Table, direction, summary
from reporting.figures import images, plots
from reporting.study.lab import CNN_SEEDS
from reporting.verdicts.measures import final, straightness

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

CLASSES = PUBLISHED["fashion_mnist"].class_names
LAYERS = {"first layer": "conv_1", "second layer": "conv_2"}
SHOWN = 16  # of the first layer's 32 filters, as in A


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(6_000, 4), paper=(60_000, 5))
    cnn = lab.config(
        train_size=n,
        model="cnn",  # 32 and 64 filters of 3x3, as in A 6.3
        hidden=(128,),
        optimizer="adam",
        learning_rate=0.001,
        batch_size=150,
        epochs=epochs,
        keep=("weights", "examples"),
    )
    return lab.train({"CNN": cnn})["CNN"]


def kernels(record, layer, trained=True):
    """The filters of a layer, shape (filters, channels, 3, 3), after training or before."""
    model = training.trained(record) if trained else training.build(record.config)
    return model.get_layer(LAYERS[layer]).kernel.numpy().transpose(3, 2, 0, 1)


def maps(record, layer):
    """What a layer makes of the example images, shape (images, filters, rows, columns)."""
    model = training.trained(record)
    import keras

    to_layer = keras.Model(model.input, model.get_layer(LAYERS[layer]).output)
    return to_layer.predict_on_batch(record.kept["example_images"]).transpose(0, 3, 1, 2)


def mean_straightness(record, layer="first layer", part=slice(None), trained=True):
    filters = kernels(record, layer, trained)[part]
    return straightness(filters.reshape(-1, *filters.shape[-2:])).mean()


@study.claims
def claims(runs):
    def straighter(statement, lower, higher):
        pair = [
            (label, [mean_straightness(record, **of) for record in runs])
            for label, of in (lower, higher)
        ]
        return direction("A 6.4", statement, "straightness of the filters", *pair)

    first = ("the first layer", {})
    return [
        straighter("Filters of the first layer learn to find straight lines",
                   ("before training", {"trained": False}), first),
        straighter("Early filters find straighter lines than deeper ones",
                   ("the second layer", {"layer": "second layer"}), first),
        straighter("Within the first layer, the first filters find lines and the later ones do not",
                   ("its last 16 filters", {"part": slice(SHOWN, None)}),
                   ("its first 16 filters", {"part": slice(SHOWN)})),
    ]  # fmt: skip


@study.table
def results(runs):
    rows = [
        [layer, len(kernels(runs[0], layer)),
         *(summary([mean_straightness(record, layer, trained=after) for record in runs])
           for after in (False, True)),
         summary([np.mean(maps(record, layer) > 0) for record in runs])]
        for layer in LAYERS
    ]  # fmt: skip
    columns = ["layer", "filters", "straightness before training", "after training",
               "active share of its maps"]  # fmt: skip
    accuracy = summary([final("test_accuracy")(record) for record in runs])
    note = (
        "Straightness: share of a 3x3 filter's variance that stripes in one direction explain. "
        f"Test accuracy of the network: {accuracy}."
    )
    return Table("What the filters look for", columns, rows, note=note)


@study.figure(
    caption="The 32 filters of the first layer after training, each scaled to its own range.",
    alt="32 pictures of 3x3 pixels: mostly edges and lines in all directions.",
    of="seed 0",
)
def filters_of_the_first_layer(runs):
    fig, ax = plots.figure(width=11, height=2)
    images.draw_image(ax, images.mosaic(kernels(runs[0], "first layer")[:, 0], columns=16))
    return fig


@study.figure(
    caption="A dress of the test images, what 16 filters of the first layer make of it, and what "
    "16 of the second layer do: edges of the whole dress first, then small parts of it.",
    alt="A dress, sixteen maps of the first layer and sixteen coarser ones of the second.",
    of="seed 0",
)
def maps_of_a_dress(runs):
    dress = CLASSES.index("Dress")
    pictures = {"A dress": runs[0].kept["example_images"][dress]} | {
        f"{layer.capitalize()}, {SHOWN} maps": images.mosaic(maps(runs[0], layer)[dress, :SHOWN], 4)
        for layer in LAYERS
    }
    fig, _ = images.draw_side_by_side(pictures, width=12, height=4.6, same="height")
    return fig


@study.figure(
    caption="The same for one test image of each class: 8 maps of the first layer, and 8 of the "
    "second.",
    alt="Ten rows of clothing, each with eight maps of the first layer and eight of the second.",
    of="seed 0",
)
def maps_of_each_class(runs):
    examples = runs[0].kept["example_images"]
    pictures = {"Image": images.mosaic(examples, 1)} | {
        f"{layer.capitalize()}": images.mosaic(np.concatenate(maps(runs[0], layer)[:, :8]), 8)
        for layer in LAYERS
    }
    fig, axes = images.draw_side_by_side(pictures, width=12, height=7, same="height")
    rows = pictures["Image"].shape[0] * (np.arange(len(CLASSES)) + 0.5) / len(CLASSES)
    axes[0].set_yticks(rows, CLASSES)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
