"""Sizes, parameters, receptive fields and outputs of convolutions (A 6.1-6.3, B 2.1-2.2, D 2)."""

from dataclasses import dataclass

import numpy as np

from experiments.analyses.convolution_arithmetic import drawings, measurements
from experiments.analyses.convolution_arithmetic.identities import identities
from experiments.analyses.convolution_arithmetic.measurements import (
    B_LAYERS,
    B_WEIGHTS,
    DOTS,
    FILTER,
    LETTER,
    PICTURE,
    K,
    Measurements,
    N,
)
from models.arithmetic import describe
from reporting import Study, Table, identity
from reporting.figures import cells, images, plots
from training.backend import import_keras

study = Study(
    name="convolution_arithmetic",
    title="The arithmetic of convolutions",
    question="Do the sources' formulas give the sizes, the weights, the receptive fields and the "
    "outputs of the layers that Keras builds?",
    sources=["A 6.1-6.3", "B 2.1-2.2", "D 2"],
    says="Two 3x3 convolutions with 32 and 64 filters on a colour picture have 13,932 parameters "
    "(A). A network for CIFAR-10 has 1,190,160 weights, and a dense layer is a convolution that "
    "also takes larger pictures (B). What networks call convolution is cross-correlation (D).",
    datasets=[],
)


# Nothing is trained: Keras's layers, just built, are measured. B's network for CIFAR-10 is
# 32x32x3 → three times a 5x5 convolution (32, 64 and 64 filters) and 2x2 pooling → 1000 → 10.
@dataclass(frozen=True)
class Runs:
    """What is measured of layers; no seed changes it."""

    measured: Measurements


@study.runs
def runs(lab):
    return Runs(Measurements(**lab.compute("measurements", measure_layers)))


def measure_layers():
    import_keras()
    return measurements.measure()


@study.claims
def claims(runs):
    return [
        identity(
            source=found.source,
            statement=found.statement,
            quantity=found.quantity,
            says=found.says,
            holds=found.holds,
        )
        for found in identities(runs.measured)
    ]


@study.table
def network(runs):
    counted = runs.measured.b_weights
    columns = ["layer", "output", "weights by B", "parameters in Keras", "receptive field", "jump"]
    names = ["convolution, pooling"] * 3 + ["dense"] * 2
    layers = describe(B_LAYERS, 32, 3)
    outputs = [*layers[1:6:2], *layers[6:]]
    rows = []
    for name, row, printed, weights in zip(names, outputs, B_WEIGHTS, counted, strict=True):
        size = f"{row.size} x {row.size} x {row.channels}"
        rows.append([name, size, printed, weights, row.field, row.jump])
    total = ["in all", "", sum(B_WEIGHTS), sum(counted), None, None]
    note = "Field and jump in pixels; of fields above 32 the rest is padding."
    return Table("B's network for CIFAR-10", columns, [*rows, total], note)


@study.figure(
    caption="A convolution with a 3x3 filter, stride 1 and zero padding, as A draws it: an output "
    "stands where the centre of its window lies. The filter answers to upright edges, and to the "
    "one that the zeros make on the right.",
    alt="A picture of numbers with zeros around, a window on it, the filter, and the output.",
    of="no data",
)
def sliding_filter(runs):
    output = runs.measured.same.astype(int)
    return drawings.draw_convolution(PICTURE, FILTER, output, row=1, column=2)


@study.figure(
    caption="What a padded 3x3 convolution reads of a 5x5 picture. A's condition asks the picture "
    "for pixels that it does not have (?), and A's indices put the zeros at one end, so that the "
    "window of output (0, 0), framed, has this output in its corner and not in its centre.",
    alt="Two grids: A's formula reads 20 cells that do not exist, Keras a border of zeros.",
    of="no data",
)
def padding_by_or_and_by_and(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5.6)
    drawings.draw_reads(axes[0], PICTURE, 0, N + K - 2, np.logical_or)
    drawings.draw_reads(axes[1], PICTURE, -1, N + K - 3, np.logical_and)
    titles = "A: i or j inside, g′(i + k, j + l)", "Keras: i and j inside, g′(i + k − 1, j + l − 1)"
    for start, ax, title in zip((1, 0), axes, titles, strict=True):
        cells.frame(ax, start, start, K)
        ax.set_title(title)
    return fig


@study.figure(
    caption="The pixels of a 32x32 picture, bright, that change the middle output of each layer of "
    "B's network, found by trying each pixel; framed, the receptive field by B's formula. Where it "
    "leaves the picture it sees padding.",
    alt="Six pictures with a growing bright square, from 5 to more than 32 pixels wide.",
    of="no data",
)
def receptive_fields(runs):
    fig, axes = plots.figure(2, 3, width=9.5, height=6.7)
    rows = describe(B_LAYERS, 32, 3)
    for ax, (name, seen), row in zip(axes.flat, runs.measured.fields.items(), rows, strict=False):
        images.draw_image(ax, seen)
        start = row.start + row.size // 2 * row.jump
        cells.frame(ax, start, start, row.field)
        ax.set(title=f"{name}: {row.field} x {row.field}", xlim=(-1, 38), ylim=(38, -1))
    return fig


@study.figure(
    caption="A kernel on a picture of single dots. Convolution puts the kernel at every dot; "
    "Keras's convolution layer, a cross-correlation, puts it there turned by 180 degrees.",
    alt="Dots, a letter F as the kernel, upside-down letters by Keras, upright by convolution.",
    of="no data",
)
def correlation_and_convolution(runs):
    pictures = {
        "Picture": DOTS,
        "Kernel": LETTER,
        "Keras's Conv2D": runs.measured.stamped,
        "Convolution": runs.measured.letters,
    }
    fig, _ = images.draw_side_by_side(pictures, width=13, height=3.4)
    return fig


@study.figure(
    caption="A dense layer of one neuron for pictures of 7x5 pixels gives 1 for the letter F and "
    "less for all else. As a convolution it takes a larger picture, and gives in one go what the "
    "dense layer gives of each window: 1, framed, where a letter begins.",
    alt="The weights of the neuron, a picture with five letters, and the map of outputs.",
    of="no data",
)
def dense_layer_on_a_larger_picture(runs):
    outputs = runs.measured.dense_as_convolution
    pictures = {
        "Weights": 2 * LETTER - 1,
        "Larger picture": runs.measured.letters,
        "Outputs": outputs,
    }
    fig, axes = images.draw_side_by_side(pictures, width=11, height=4.2)
    for row, column in np.argwhere(outputs == 1):
        cells.frame(axes[1], row, column, *LETTER.shape)
        cells.frame(axes[2], row, column, 1)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
