"""Gradients on their way down deep networks (E, “Zoom on the sigmoid function”)."""

from experiments.analyses import vanishing_gradients as analysis
from experiments.analyses.vanishing_gradients import END, START, first_norm, reaching
from reporting import Study, compare, direction, identity, table_of
from reporting.verdicts.measures import final_loss, over_seeds

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

NETWORKS = {  # Glorot's initial weights but for the last
    "sigmoid": {"activation": "sigmoid"},
    "tanh": {"activation": "tanh"},
    "ReLU": {"activation": "relu"},
    "ReLU, He": {"activation": "relu", "initializer": "he_normal"},
}
SIGMOID, TANH, RELU, RELU_HE = NETWORKS
NEURONS = 64  # of each hidden layer
REACHING = "norm of the first layer's gradient by that of the last"
FACTOR = f"factor from layer to layer, {START}"


@study.runs
def runs(lab):
    n, iterations = lab.choose(quick=(3_000, 120), paper=(60_000, 400))
    depths = lab.choose(quick=(2, 6), paper=(2, 5, 10, 20))
    base = lab.config(train_size=n, iterations=iterations, keep=("gradient norms",))
    networks = {
        (f"{depth} hidden layers", label): base.replace(hidden=depth * (NEURONS,), **fields)
        for depth in depths
        for label, fields in NETWORKS.items()
    }
    tuned = lab.tune(networks, lab.choose(quick=(0.1, 0.3), paper=(0.03, 0.1, 0.3, 1.0)))
    best = {(len(config.options["hidden"]), label): config for (_, label), config in tuned.items()}
    # The first gradient depends on no learning rate.
    he = {k: best[depths[-1], k].replace(initializer="he_normal", iterations=1)
          for k in (SIGMOID, TANH)}  # fmt: skip
    zeros = {k: best[depths[0], k].replace(initializer="zeros", keep=(*base.keep, "weights"))
             for k in (SIGMOID, RELU)}  # fmt: skip
    trained = {depth: lab.train({k: best[depth, k] for k in NETWORKS}) for depth in depths}
    return {"trained": trained, "he": lab.train(he), "zeros": lab.train(zeros)}


@study.claims
def claims(runs):
    own, of_depths, (equal, dead) = "Our own question: ", runs["trained"], runs["zeros"].values()
    few, *_, many = of_depths
    deep, seeds = of_depths[many], len(equal)

    def below(statement, quantity, measure, *bounds):
        measured = "measured", over_seeds(deep[SIGMOID], measure)
        return direction(SIGMOIDS, statement, quantity, measured, bounds, ratio=True)

    def reaches(lower, higher, when=START, whose=""):
        return compare(RELUS, f"{whose}More reaches the first of {many} layers with {higher} than "
                       f"with {lower}, {when}", REACHING, deep, reaching(when), lower, higher,
                       ratio=True)  # fmt: skip

    def keeps(label):
        ends = {f"{depth} layers": of_depths[depth][label] for depth in (few, many)}
        return compare(RELUS, f"{label}: the first layer's gradient does not shrink with depth",
                       f"its norm {START}", ends, first_norm, *ends, ratio=True)  # fmt: skip

    def converges(depth, lower, higher, whose=""):
        return compare(RELUS, f"{whose}{lower} converges better than {higher} ({depth} layers)",
                       "training loss after the last update", of_depths[depth], final_loss,
                       lower, higher)  # fmt: skip

    return [
        identity(SIGMOIDS, "Sigmoid's derivative has values in [0, ¼]", "smallest and largest",
                 [0, 1 / 4], analysis.sigmoid_slopes()),
        *(below(f"Sigmoid shrinks the gradient down {many} layers, {when}", REACHING,
                reaching(when), "1", seeds * [1]) for when in (START, END)),
        below("A layer passes on less than ¼, as Glorot's weights hardly change a gradient's size",
              FACTOR, analysis.factor, "¼", seeds * [1 / 4]),
        below("That is well within what sigmoid and weights W allow, ¼·‖W‖", FACTOR,
              analysis.factor, "¼·‖W‖", analysis.sigmoid_bounds(NEURONS, seeds)),
        *(reaches(SIGMOID, RELU, when) for when in (START, END)),
        reaches(SIGMOID, TANH, whose=own),
        reaches(TANH, RELU, whose=own),
        *(keeps(label) for label in (RELU, RELU_HE)),
        *(converges(depth, RELU, SIGMOID) for depth in (few, many)),
        converges(many, RELU, TANH, whose=own),
        converges(many, RELU_HE, RELU, whose=own),
        identity(RELUS, own + "From weights all 0, ReLU's hidden layers never get a gradient",
                 "largest norm of any iteration and seed", 0,
                 over_seeds(dead, analysis.hidden_gradient).max()),
        identity(SIGMOIDS, own + "From weights all 0, a layer of sigmoids stays one neuron",
                 "different neurons in each hidden layer after training, each seed",
                 seeds * [few * [1]], [analysis.different_neurons(r) for r in equal]),
    ]  # fmt: skip


@study.table
def results(runs):
    networks = {f"{label}, {depth} layers": records for depth, of_depth in runs["trained"].items()
                for label, records in of_depth.items()}  # fmt: skip
    measures = {f"first layer's gradient {START}": first_norm, "by the last one's": reaching(START),
                f"that {END}": reaching(END), "training loss": final_loss}  # fmt: skip
    return table_of("Each network at its own rate", "network", networks, measures,
                    {"learning rate": lambda record: record.config.learning_rate})  # fmt: skip


@study.figure(
    caption="The gradient in every hidden layer of the deepest networks, by initial weights, and "
    "in training. Where a line falls to the left, the gradient shrinks by a factor in every layer.",
    alt="Norm of the gradient against the layer: far lower in the first layers with sigmoid alone.",
)
def gradient_of_each_layer(runs):
    deep = runs["trained"][max(runs["trained"])]
    glorot = {label: deep[label] for label in (SIGMOID, TANH, RELU)}
    at_start = {"Glorot": glorot, "He": runs["he"] | {RELU_HE: deep[RELU_HE]}}
    panels = {f"{name}, {START}": (START, networks) for name, networks in at_start.items()}
    return analysis.draw_layers(panels | {END.capitalize(): (END, deep)})


@study.figure(
    caption="The gradient in the first layer at each iteration, a moving average over 15.",
    alt="Norm of the first layer's gradient against iterations, for networks of several depths.",
)
def first_layer_in_training(runs):
    return analysis.draw_first_layers(runs["trained"], window=15)


@study.figure(
    caption="The gradient is that at the start. With ReLU half of the neurons are silent, and what "
    "passes a layer, up or down, loses half of its square at Glorot's weights: the gradient is "
    "small in all layers alike, the smaller the deeper the network. He's weights make up for it. "
    "The loss is that of all training images after the last update; ln 10 ≈ 2.3 is guessing.",
    alt="Norm of the first layer's gradient at the start, and training loss, against the depth.",
)
def networks_of_each_depth(runs):
    measures = {"Norm of the first layer's gradient": first_norm, "Training loss": final_loss}
    return analysis.draw_depths(runs["trained"], measures)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
