"""Sizes, parameters, receptive fields and outputs of convolutions (A 6.1-6.3, B 2.1-2.2, D 2)."""

import itertools

import numpy as np

from models.arithmetic import Layer, describe, output_size
from reporting import Study, Table, grids, identity, plots
from training.backend import import_tensorflow

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

PICTURE = np.array(
    [[0, 0, 2, 9, 9], [0, 0, 5, 9, 9], [0, 1, 8, 9, 9], [0, 3, 9, 9, 9], [0, 6, 9, 9, 9]]
)
FILTER, BIAS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), 0.5  # for upright edges
N, K = len(PICTURE), len(FILTER)
WINDOWS = list(itertools.product((7, 8, 28), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2)))  # n, k, s, p
POOL = Layer(2, stride=2)
A_LAYERS = [Layer(3, filters=32), POOL, Layer(3, filters=64)]
B_CONVOLUTIONS = [Layer(5, padding="same", filters=filters) for filters in (32, 64, 64)]
B_LAYERS = [layer for convolution in B_CONVOLUTIONS for layer in (convolution, POOL)]
B_LAYERS += [Layer(None, filters=1000), Layer(None, filters=10)]
B_WEIGHTS = [2432, 51264, 102464, 1024000, 10000]  # as B prints them
LETTER = np.pad([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], 1)  # an F
DOTS = np.zeros((17, 25))
DOTS[[4, 4, 8, 12, 12], [4, 19, 11, 5, 20]] = 1


@study.runs
def runs(lab):
    """Nothing is trained: this is what layers of Keras, just built, have and give."""
    import_tensorflow()
    import keras
    from scipy.signal import convolve2d

    from models import cnn_classifier
    from models.convolutions import convolution, dense_as_convolution, pixels_read

    pad = keras.layers.ZeroPadding2D
    a = cnn_classifier((28, 28, 3))
    of_b = {"kernel_size": 5, "padding": "same"}
    b = cnn_classifier((32, 32, 3), filters=(32, 64, 64), hidden=(1000,), **of_b)
    # Large enough for fields to end inside it; one filter a layer, as more would see the same.
    larger = cnn_classifier((64, 64, 1), filters=(1, 1, 1), hidden=(), **of_b)
    perceptron = keras.Sequential([keras.Input([28 * 28 * 3]), keras.layers.Dense(26 * 26)])
    letters = convolve2d(DOTS, LETTER, mode="same")
    windows = np.lib.stride_tricks.sliding_window_view(letters, LETTER.shape)
    finder = keras.layers.Dense(1)
    finder.build((None, LETTER.size))  # gives 1 for an F, and less for all else
    finder.set_weights([2 * LETTER.reshape(-1, 1) - 1, 1 - LETTER.sum(keepdims=True)[0]])
    as_convolution = dense_as_convolution(finder, (*LETTER.shape, 1))
    return {
        "sizes": [
            keras.layers.Conv2D(1, k, strides=s)(pad(p)(np.zeros((1, n, n, 1)))).shape[1]
            for n, k, s, p in WINDOWS
        ],
        "A sizes": [layer.output.shape[1] for layer in a.layers[:5]],  # from the picture on
        "A weights": [layer.count_params() for layer in a.layers[1:5:2]],
        "B sizes": [layer.output.shape[1] for layer in b.layers[1:7]],
        "B weights": [layer.count_params() for layer in b.layers if layer.count_params()],
        "dense weights": perceptron.count_params(),
        "fields": pixels_read(b),
        "field sizes": [seen.any(axis=0).sum() for seen in pixels_read(larger).values()],
        "pixels": int(np.sum(pad(K - 1)(np.ones((1, N, N, 1))))),
        "same": convolution(FILTER, padding="same")(PICTURE),
        "valid": convolution(FILTER)(PICTURE),
        "flipped": convolution(FILTER[::-1, ::-1])(PICTURE),
        "biased": convolution(FILTER, BIAS)(PICTURE),
        "stamped": convolution(LETTER, padding="same")(DOTS),
        "letters": letters,
        "dense": np.asarray(finder(windows.reshape(*windows.shape[:2], -1)))[..., 0],
        "dense as convolution": np.asarray(as_convolution(letters[None, ..., None]))[0, ..., 0],
    }


@study.claims
def claims(built):
    from scipy.signal import convolve2d, correlate2d

    n, k, s, p = np.transpose(WINDOWS)
    a, b = describe(A_LAYERS, 28, 3), describe(B_LAYERS, 32, 3)
    convolved = convolve2d(PICTURE, FILTER)
    read = np.arange(N + K - 1) < N  # whether an index that A's formula reads is in the picture
    sides = f"heights of the outputs of {len(WINDOWS)} layers"
    outputs = f"outputs for a picture of {N}x{N} pixels"
    return [
        identity("A 6.2", "Without padding a 3x3 filter gives n − 2 pixels a side",
                 "height of the output for n = 28", 28 - 2, built["A sizes"][1]),
        identity("A 6.2", "The input's indices run from 0 to 25, as its output's do",
                 "last index of the input of that layer", 25, built["A sizes"][0] - 1),
        identity("B Q1", "The output has ⌊(n − k + 2p)/s⌋ + 1 pixels a side", sides,
                 [output_size(*window) for window in WINDOWS], built["sizes"]),
        identity("B Q7", "The output has (n − k + 2p)/s + 1 pixels a side, not rounded down",
                 sides, (n - k + 2 * p) / s + 1, built["sizes"]),
        identity("A 6.3", "Layer j has N_j(n²N_{j−1} + 1) parameters",
                 "parameters of 3x3x3 → 32 and 3x3x32 → 64",
                 [row.parameters for row in a[::2]], built["A weights"]),
        identity("A 6.3", "These two layers have 13,932 parameters", "parameters in all",
                 13_932, sum(built["A weights"])),
        identity("B Q1", "A dense layer from x·y·z numbers to x'·y' has x·y·z·x'·y' parameters, "
                 "where a convolution's are counted with its bias",
                 "parameters from 28x28x3 to 26x26", 28 * 28 * 3 * 26 * 26, built["dense weights"]),
        identity("B Q10", "Pooling leaves 16, 8 and 4 pixels a side", "heights of the outputs",
                 [16, 8, 4], built["B sizes"][1::2]),
        identity("B Q10", "The weights to learn, layer by layer", "parameters of the five layers",
                 B_WEIGHTS, built["B weights"]),
        identity("B Q11", "The network has 1,190,160 weights to learn", "parameters in all",
                 1_190_160, sum(built["B weights"])),
        identity("B Q7", "The receptive field grows by (k − 1)·j, the jump j by the factor s",
                 "sides of the squares of pixels that change one output of B's six layers",
                 [row.field for row in b[:6]], built["field sizes"]),
        identity("A 6.2", "With padding, what has i or j inside is read from the picture",
                 f"places of g' that are read from a picture of {N}x{N}",
                 np.sum(read[:, None] | read), built["pixels"]),
        identity("A 6.2", "With padding, G(i, j) sums f(k, l) g'(i + k, j + l)", outputs,
                 correlate2d(np.pad(PICTURE, (0, K - 1)), FILTER, "valid"), built["same"]),
        identity("D 2.1.1", "What networks compute, eq. 4, is the cross-correlation", outputs,
                 correlate2d(PICTURE, FILTER, "valid"), built["valid"]),
        identity("D 2.1.1", "Convolution, eq. 10, is eq. 4 with the kernel flipped on both axes",
                 outputs, convolve2d(PICTURE, FILTER, "valid"), built["flipped"]),
        identity("D 2.1.1", "Convolution is commutative, eq. 11", f"{outputs}, all of it",
                 convolved, convolve2d(FILTER, PICTURE)),
        identity("D 2.1.1", "The convolution of eq. 10 ends at the index n(m) − 1",
                 f"last row that is not zero, for n(m) = {N}",
                 N - 1, np.flatnonzero(convolved.any(axis=1))[-1]),
        identity("D 2.1 (eq. 5, 6)", "The bias stands inside the double sum", outputs,
                 built["valid"] + FILTER.size * BIAS, built["biased"]),
        identity("B Q5-6", "A dense layer is a convolution with a kernel of its input's size, and "
                 "on a larger picture gives what the dense layer gives of each window",
                 "outputs on each window", built["dense"], built["dense as convolution"]),
    ]  # fmt: skip


@study.table
def network(built):
    columns = ["layer", "output", "weights by B", "parameters in Keras", "receptive field", "jump"]
    names = ["convolution, pooling"] * 3 + ["dense"] * 2
    layers = describe(B_LAYERS, 32, 3)
    outputs = [*layers[1:6:2], *layers[6:]]
    rows = [
        [name, f"{row.size} x {row.size} x {row.channels}", printed, counted, row.field, row.jump]
        for name, row, printed, counted in zip(
            names, outputs, B_WEIGHTS, built["B weights"], strict=True
        )
    ]
    total = ["in all", "", sum(B_WEIGHTS), sum(built["B weights"]), None, None]
    note = "Field and jump in pixels; of fields above 32 the rest is padding."
    return Table("B's network for CIFAR-10", columns, [*rows, total], note)


@study.figure(
    caption="A convolution with a 3x3 filter, stride 1 and zero padding, as A draws it: an output "
    "stands where the centre of its window lies. The filter answers to upright edges, and to the "
    "one that the zeros make on the right.",
    alt="A picture of numbers with zeros around, a window on it, the filter, and the output.",
    of="no data",
)
def sliding_filter(built):
    return grids.draw_convolution(PICTURE, FILTER, built["same"].astype(int), row=1, column=2)


@study.figure(
    caption="What a padded 3x3 convolution reads of a 5x5 picture. A's condition asks the picture "
    "for pixels that it does not have (?), and A's indices put the zeros at one end, so that the "
    "window of output (0, 0), framed, has this output in its corner and not in its centre.",
    alt="Two grids: A's formula reads 20 cells that do not exist, Keras a border of zeros.",
    of="no data",
)
def padding_by_or_and_by_and(built):
    fig, axes = plots.figure(1, 2, width=11, height=5.6)
    grids.draw_reads(axes[0], PICTURE, 0, N + K - 2, np.logical_or)
    grids.draw_reads(axes[1], PICTURE, -1, N + K - 3, np.logical_and)
    titles = "A: i or j inside, g′(i + k, j + l)", "Keras: i and j inside, g′(i + k − 1, j + l − 1)"
    for start, ax, title in zip((1, 0), axes, titles, strict=True):
        grids.frame(ax, start, start, K)
        ax.set_title(title)
    return fig


@study.figure(
    caption="The pixels of a 32x32 picture, bright, that change the middle output of each layer of "
    "B's network, found by trying each pixel; framed, the receptive field by B's formula. Where it "
    "leaves the picture it sees padding.",
    alt="Six pictures with a growing bright square, from 5 to more than 32 pixels wide.",
    of="no data",
)
def receptive_fields(built):
    fig, axes = plots.figure(2, 3, width=9.5, height=6.7)
    rows = describe(B_LAYERS, 32, 3)
    for ax, (name, seen), row in zip(axes.flat, built["fields"].items(), rows, strict=False):
        grids.draw_picture(ax, seen)
        start = row.start + row.size // 2 * row.jump
        grids.frame(ax, start, start, row.field)
        ax.set(title=f"{name}: {row.field} x {row.field}", xlim=(-1, 38), ylim=(38, -1))
    return fig


@study.figure(
    caption="A kernel on a picture of single dots. Convolution puts the kernel at every dot; "
    "Keras's convolution layer, a cross-correlation, puts it there turned by 180 degrees.",
    alt="Dots, a letter F as the kernel, upside-down letters by Keras, upright by convolution.",
    of="no data",
)
def correlation_and_convolution(built):
    pictures = {"Picture": DOTS, "Kernel": LETTER, "Keras's Conv2D": built["stamped"],
                "Convolution": built["letters"]}  # fmt: skip
    fig, _ = grids.draw_pictures(pictures, width=13, height=3.4)
    return fig


@study.figure(
    caption="A dense layer of one neuron for pictures of 7x5 pixels gives 1 for the letter F and "
    "less for all else. As a convolution it takes a larger picture, and gives in one go what the "
    "dense layer gives of each window: 1, framed, where a letter begins.",
    alt="The weights of the neuron, a picture with five letters, and the map of outputs.",
    of="no data",
)
def dense_layer_on_a_larger_picture(built):
    outputs = built["dense as convolution"]
    pictures = {"Weights": 2 * LETTER - 1, "Larger picture": built["letters"], "Outputs": outputs}
    fig, axes = grids.draw_pictures(pictures, width=11, height=4.2)
    for row, column in np.argwhere(outputs == 1):
        grids.frame(axes[1], row, column, *LETTER.shape)
        grids.frame(axes[2], row, column, 1)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
