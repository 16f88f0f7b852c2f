"""Gradients on their way down deep networks (E, “Zoom on the sigmoid function”)."""

import dataclasses
from dataclasses import dataclass

from experiments.analyses import vanishing_gradients as analysis
from experiments.analyses.vanishing_gradients import END, START, first_norm, reaching
from reporting import Measure, Methods, Study, compare, direction, identity, table_of
from reporting.study.tables import facts
from reporting.verdicts.measures import LOSS_MARGIN, TRAINING_LOSS, final, over_seeds

SIGMOIDS, RELUS = "E, “Zoom on the sigmoid function”", "E, “The rectified Linear Unit function”"

study = Study(
    name="vanishing_gradients",
    title="Vanishing gradients",
    question="How much of the gradient reaches the first layer of a deep network with sigmoid, "
    "tanh or ReLU, and does that decide how well the network learns?",
    sources=[SIGMOIDS, RELUS],
    says="Sigmoid's derivative lies in [0, ¼], which shrinks the gradient from layer to layer. "
    "ReLU's is 1 where it is active: no gradient vanishes, and convergence improves greatly.",
    datasets=["fashion_mnist"],
    seeds={"quick": 2, "paper": 5},
)

# 784-64-…-64-10, as deep as the labels say, trained on the cross-entropy of the softmax by SGD.
NEURONS = 64  # of each hidden layer
BATCH_SIZE = 150
ACTIVATIONS = {  # Glorot's initial weights but for the last
    "sigmoid": {"activation": "sigmoid"},
    "tanh": {"activation": "tanh"},
    "ReLU": {"activation": "relu"},
    "ReLU, He": {"activation": "relu", "initializer": "he_normal"},
}
SIGMOID, TANH, RELU, RELU_HE = ACTIVATIONS


@dataclass(frozen=True)
class Runs:
    """The networks of every depth at their own rates, and what their first gradients show.

    Attributes:
        by_depth: Number of hidden layers → the networks.
        he: The deepest with sigmoid and tanh at He's initial weights, for one update.
        zeros: The shallowest with sigmoid and ReLU from weights that are all 0.
        slopes: Smallest and largest of sigmoid's derivative.
        bounds: For each seed, what `analysis.sigmoid_bounds` returns.
    """

    by_depth: dict[int, Methods]
    he: Methods
    zeros: Methods
    slopes: list[float]
    bounds: list[float]

    @property
    def depths(self):
        """The numbers of hidden layers, ascending."""
        return list(self.by_depth)


@study.runs
def runs(lab):
    n, iterations = lab.choose(quick=(3_000, 120), paper=(60_000, 400))
    depths = lab.choose(quick=(2, 6), paper=(2, 5, 10, 20))
    rates = lab.choose(quick=(0.1, 0.3), paper=(0.03, 0.1, 0.3, 1.0))
    base = lab.config(
        model="dense",
        train_size=n,
        optimizer="sgd",
        batch_size=BATCH_SIZE,
        iterations=iterations,
        keep=("gradient norms",),
    )
    networks = {
        (f"{depth} hidden layers", label): base.replace(hidden=(NEURONS,) * depth, **fields)
        for depth in depths
        for label, fields in ACTIVATIONS.items()
    }
    tuned = lab.tune(networks, rates)
    best = {
        depth: {label: tuned[f"{depth} hidden layers", label] for label in ACTIVATIONS}
        for depth in depths
    }
    shallow, deep = best[depths[0]], best[depths[-1]]
    # The first gradient depends on no learning rate.
    he = {
        label: deep[label].replace(initializer="he_normal", iterations=1)
        for label in (SIGMOID, TANH)
    }
    zeros = {
        label: shallow[label].replace(initializer="zeros", keep=(*base.keep, "weights"))
        for label in (SIGMOID, RELU)
    }
    return Runs(
        by_depth={depth: lab.train(best[depth]) for depth in depths},
        he=lab.train(he),
        zeros=lab.train(zeros),
        slopes=lab.compute("slopes", analysis.sigmoid_slopes),
        bounds=lab.compute("bounds", analysis.sigmoid_bounds, NEURONS, lab.seeds),
    )


NORM_MARGIN = 0.1  # of ratios: a tenth of a gradient's norm, small beside its spread over batches
REACHING = {
    when: Measure(
        "norm of the first layer's gradient by that of the last",
        reaching(when),
        better="higher",
        margin=NORM_MARGIN,
    )
    for when in (START, END)
}
FACTOR = Measure(
    f"factor from layer to layer, {START}", analysis.factor, better="higher", margin=NORM_MARGIN
)
FIRST_NORM = Measure(f"its norm {START}", first_norm, better="higher", margin=NORM_MARGIN)
LOSS = Measure(
    "training loss after the last update", final("loss"), better="lower", margin=LOSS_MARGIN
)


@study.claims
def claims(runs):
    own = "Our own question: "
    few, many = runs.depths[0], runs.depths[-1]
    deep = runs.by_depth[many]
    seeds = len(deep[SIGMOID])

    def below(statement, measure, bound, bounds):
        return direction(
            source=SIGMOIDS,
            statement=statement,
            measure=measure,
            lower=("measured", over_seeds(deep[SIGMOID], measure)),
            higher=(bound, bounds),
            ratio=True,
        )

    def reaches(lower, higher, when=START, whose=""):
        return compare(
            source=RELUS,
            statement=f"{whose}More reaches the first of {many} layers with {higher} than with "
            f"{lower}, {when}",
            measure=REACHING[when],
            runs=deep,
            lower=lower,
            higher=higher,
            ratio=True,
        )

    def keeps(label):
        ends = {f"{depth} layers": runs.by_depth[depth][label] for depth in (few, many)}
        return compare(
            source=RELUS,
            statement=f"{label}: the first layer's gradient does not shrink with depth",
            measure=FIRST_NORM,
            runs=ends,
            lower=f"{few} layers",
            higher=f"{many} layers",
            ratio=True,
        )

    def converges(depth, lower, higher, whose=""):
        return compare(
            source=RELUS,
            statement=f"{whose}{lower} converges better than {higher} ({depth} layers)",
            measure=LOSS,
            runs=runs.by_depth[depth],
            lower=lower,
            higher=higher,
        )

    return [
        identity(
            source=SIGMOIDS,
            statement="Sigmoid's derivative has values in [0, ¼]",
            quantity="smallest and largest",
            says=[0, 1 / 4],
            holds=runs.slopes,
        ),
        *(
            below(
                f"Sigmoid shrinks the gradient down {many} layers, {when}",
                REACHING[when],
                "1",
                [1] * seeds,
            )
            for when in (START, END)
        ),
        below(
            "A layer passes on less than ¼, as Glorot's weights hardly change a gradient's size",
            FACTOR,
            "¼",
            [1 / 4] * seeds,
        ),
        below(
            "That is well within what sigmoid and weights W allow, ¼·‖W‖",
            FACTOR,
            "¼·‖W‖",
            runs.bounds,
        ),
        *(reaches(SIGMOID, RELU, when) for when in (START, END)),
        reaches(SIGMOID, TANH, whose=own),
        reaches(TANH, RELU, whose=own),
        *(keeps(label) for label in (RELU, RELU_HE)),
        *(converges(depth, RELU, SIGMOID) for depth in (few, many)),
        converges(many, RELU, TANH, whose=own),
        converges(many, RELU_HE, RELU, whose=own),
        identity(
            source=RELUS,
            statement=f"{own}From weights all 0, ReLU's hidden layers never get a gradient",
            quantity="largest norm of any iteration and seed",
            says=0,
            holds=over_seeds(runs.zeros[RELU], analysis.hidden_gradient).max(),
        ),
        identity(
            source=SIGMOIDS,
            statement=f"{own}From weights all 0, a layer of sigmoids stays one neuron",
            quantity="different neurons in each hidden layer after training, each seed",
            says=[[1] * few] * seeds,
            holds=[analysis.different_neurons(record) for record in runs.zeros[SIGMOID]],
        ),
    ]


@study.table
def results(runs):
    networks = {
        f"{label}, {depth} layers": records
        for depth, networks in runs.by_depth.items()
        for label, records in networks.items()
    }
    measures = [
        Measure(f"first layer's gradient {START}", first_norm),
        dataclasses.replace(REACHING[START], name="by the last one's"),
        dataclasses.replace(REACHING[END], name=f"that {END}"),
        TRAINING_LOSS,
    ]
    title = "Each network at its own rate"
    return table_of(title, "network", networks, measures, facts("learning rate"))


@study.figure(
    caption="The gradient in every hidden layer of the deepest networks, by initial weights, and "
    "in training. Where a line falls to the left, the gradient shrinks by a factor in every layer.",
    alt="Norm of the gradient against the layer: far lower in the first layers with sigmoid alone.",
)
def gradient_of_each_layer(runs):
    deep = runs.by_depth[runs.depths[-1]]
    glorot = {label: deep[label] for label in (SIGMOID, TANH, RELU)}
    he = runs.he | {RELU_HE: deep[RELU_HE]}
    return analysis.draw_layers(
        {
            f"Glorot, {START}": (START, glorot),
            f"He, {START}": (START, he),
            END.capitalize(): (END, deep),
        }
    )


@study.figure(
    caption="The gradient in the first layer at each iteration, a moving average over 15.",
    alt="Norm of the first layer's gradient against iterations, for networks of several depths.",
)
def first_layer_in_training(runs):
    return analysis.draw_first_layers(runs.by_depth, window=15)


@study.figure(
    caption="The gradient is that at the start. With ReLU half of the neurons are silent, and what "
    "passes a layer, up or down, loses half of its square at Glorot's weights: the gradient is "
    "small in all layers alike, the smaller the deeper the network. He's weights make up for it. "
    "The loss is that of all training images after the last update; ln 10 ≈ 2.3 is guessing.",
    alt="Norm of the first layer's gradient at the start, and training loss, against the depth.",
)
def networks_of_each_depth(runs):
    measures = {"Norm of the first layer's gradient": first_norm, "Training loss": TRAINING_LOSS}
    return analysis.draw_depths(runs.by_depth, measures)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
