"""A linear decision against one hidden layer, on data that no line separates (C)."""

import numpy as np

from datasets import points
from models.from_scratch import (
    OPTIMIZERS,
    Dense,
    Network,
    Sigmoid,
    categorical_accuracy,
    categorical_cross_entropy,
    check_gradients,
    normal,
)
from models.from_scratch.activations import sigmoid
from reporting import Study, Table, boundaries, direction, identity, plots, summary

CHAPTER = "C, “Non linear decision”"

study = Study(
    name="linear_vs_hidden_layer",
    title="A linear decision and a hidden layer",
    question="Can a neural network classify what no line separates, and what does a hidden layer "
    "do for it?",
    sources=[CHAPTER],
    says="Where there is no linear decision the problem is more difficult, and a hidden layer of "
    "neurons solves it. The gradient comes from the chain rule, layer by layer from the output.",
    datasets=[],
    seeds={"quick": 5, "paper": 5},
)

SIZE = 200  # of the training set, and of the test set
HIDDEN, BATCH_SIZE, ITERATIONS = 4, 10, 2000
LINEAR, LAYER, SIGMOIDS = "linear decision", "hidden layer", "hidden layer, sigmoid outputs"
RATES = {LINEAR: 0.05, LAYER: 2.0, SIGMOIDS: 2.0}  # steps of 2 would throw the line about
STYLES = {
    LINEAR: plots.Style(plots.VERMILLION, plots.DASHED, "o"),
    LAYER: plots.Style(plots.BLUE, plots.SOLID, "s"),
    SIGMOIDS: plots.Style(plots.GREEN, plots.DASH_DOT, "^"),
}
FLOOR = np.log(1 + np.exp(-1))  # of the loss where outputs lie in (0, 1): −log(e¹ / (e¹ + e⁰))


def network(kind, seed):
    """Layers behind which a softmax gives the two classes; all parameters from N(0, 0.3²)."""
    layers = [Dense(2, normal(0.3), normal(0.3))]
    if kind != LINEAR:
        layers = [Dense(HIDDEN, normal(0.3), normal(0.3)), Sigmoid(), *layers]
    if kind == SIGMOIDS:  # as C's slides have it
        layers.append(Sigmoid())
    return Network(
        layers, categorical_cross_entropy, (2,), metrics={"accuracy": categorical_accuracy},
        seed=seed, dtype=np.float64,
    )  # fmt: skip


@study.runs
def runs(lab):
    """For each seed one set of points and one order of batches, for all networks."""
    found = []
    for seed in range(lab.seeds):
        x, y = points.four_clusters(2 * SIZE, seed=seed)
        training, test = points.train_and_test(x, y, SIZE, seed)
        run = {"points": (x, y), "training": training, "networks": {}, "losses": {}, "final": {}}
        for kind in STYLES:
            trained = run["networks"][kind] = network(kind, seed)
            sgd = OPTIMIZERS["sgd"](RATES[kind])
            options = {"batch_size": BATCH_SIZE, "iterations": ITERATIONS, "seed": seed}
            run["losses"][kind] = trained.fit(*training, sgd, **options).iteration_loss
            run["final"][kind] = {
                "loss": trained.evaluate(*training, SIZE)["loss"],
                "accuracy": trained.evaluate(*test, SIZE)["accuracy"],
            }
        found.append(run)
    return found


def final(runs, kind, metric):
    return np.array([run["final"][kind][metric] for run in runs])


def printed_loss(parameters, x, y):
    """The loss of a batch by C's expression of the whole network, whose first term has no b₂."""
    w1, b1, w2, b2 = parameters
    z = sigmoid(x @ w1 + b1)
    first_term = sigmoid(z @ w2)[np.arange(len(x)), y]
    return np.mean(-first_term + np.log(np.exp(sigmoid(z @ w2 + b2)).sum(axis=1)))


@study.claims
def claims(runs):
    seeds = len(runs)
    in_c = [(run["networks"][SIGMOIDS], run["training"]) for run in runs]
    errors = [
        max(check_gradients(network(SIGMOIDS, seed), x[:BATCH_SIZE], y[:BATCH_SIZE]))
        for seed, (_, (x, y)) in enumerate(in_c)
    ]

    def of(metric, *kinds):
        return [(kind, final(runs, kind, metric)) for kind in kinds]

    return [
        direction(CHAPTER, "A hidden layer, with sigmoids as in the source, is more accurate",
                  "test accuracy", *of("accuracy", LINEAR, SIGMOIDS), better="higher"),
        direction(CHAPTER, "So is one without sigmoids on the outputs", "test accuracy",
                  *of("accuracy", LINEAR, LAYER), better="higher"),
        direction(CHAPTER, "A hidden layer, with sigmoids as in the source, has a lower loss",
                  "training loss", *of("loss", SIGMOIDS, LINEAR)),
        identity(CHAPTER, "There is no linear decision", "whether a line separates, each seed",
                 [False] * seeds, [points.separable(*run["points"]) for run in runs]),
        identity(CHAPTER, "The chain rule, layer by layer from the output, gives the gradient",
                 "relative error against differences of the loss, each seed", np.zeros(seeds),
                 errors, tolerance=1e-6),
        identity(CHAPTER, "The expression of the whole network, its first term without b₂, is its "
                 "cross-entropy", "training loss after training, each seed",
                 [printed_loss(trained.parameters, *training) for trained, training in in_c],
                 final(runs, SIGMOIDS, "loss"), tolerance=1e-6),
    ]  # fmt: skip


@study.table
def results(runs):
    rows = [
        [kind, summary(final(runs, kind, "loss")), summary(final(runs, kind, "accuracy"))]
        for kind in STYLES
    ]
    note = (
        f"{HIDDEN} hidden neurons, {ITERATIONS:,} updates; mean over seeds, 95 % interval. Outputs "
        f"behind a sigmoid cannot reach a loss below log(1 + 1/e) = {FLOOR:.3f}."
    )
    return Table("After training", ["network", "training loss", "test accuracy"], rows, note)


def draw_boundary(ax, run, kind):
    trained = run["networks"][kind]

    def log_odds(x):
        return trained.predict(x) @ [-1, 1]

    names = "same signs", "different signs"
    boundaries.draw(ax, log_odds, *run["training"], names, limits=(-2.3, 2.3))
    title = f"{kind.capitalize()}: {100 * run['final'][kind]['accuracy']:.0f} %"
    plots.label_axes(ax, "First coordinate", "Second coordinate", title)
    ax.label_outer()


@study.figure(
    caption="What each network makes of four clusters, of which opposite ones are of one class; "
    "above, its test accuracy. Black, where it changes its mind; dotted, where a hidden neuron's "
    "output is one half. Shades change at 75 % and 90 %. No line gets more than three clusters "
    "right.",
    alt="Three maps of four clusters: cut by a line, and twice by what four hidden neurons draw.",
    of="seed 0",
)
def boundary(runs):
    fig, axes = plots.figure(1, 3, width=12, height=5, sharey=True)
    for ax, kind in zip(axes, STYLES, strict=True):
        draw_boundary(ax, runs[0], kind)
        if kind != LINEAR:
            weights, biases, *_ = runs[0]["networks"][kind].parameters
            for w, b in zip(weights.T, biases, strict=True):
                foot = -b * w / (w @ w)  # of the perpendicular from the origin
                ax.axline(foot, (foot[0] + w[1], foot[1] - w[0]), color=plots.BLACK, ls=":", lw=1.2)
    plots.legend(fig)
    return fig


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 50 updates. Dotted: "
    "log(1 + 1/e), below which no loss lies whose outputs lie between 0 and 1.",
    alt="The linear decision stays where it starts; the hidden layer falls to nearly 0, with "
    "sigmoids on the outputs to a floor.",
)
def loss(runs):
    fig, ax = plots.figure()
    for kind, style in STYLES.items():
        curves = [run["losses"][kind] for run in runs]
        updates = np.arange(1, ITERATIONS + 1)
        plots.mean_and_band(ax, updates, curves, kind, window=50, style=style)
    ax.axhline(FLOOR, color=plots.BLACK, ls=":", lw=1.2)
    plots.label_axes(ax, "Updates", "Loss of the batch")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
