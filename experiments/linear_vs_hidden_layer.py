"""A linear decision against one hidden layer, on data that no line separates (C)."""

from typing import NamedTuple

import numpy as np

from datasets import points
from experiments.analyses.errata import as_printed
from models.from_scratch import OPTIMIZERS, Network, check_gradients, sigmoid_network
from reporting import Study, compare, identity, table_of
from reporting.figures import decision_boundaries, palette, plots
from reporting.verdicts.measures import over_seeds

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
LINEAR, LAYER = "linear decision", "hidden layer"
SIGMOIDS = "hidden layer, sigmoid outputs"
NETWORKS = {
    LINEAR: {"hidden": 0, "sigmoid_outputs": False},
    LAYER: {"hidden": HIDDEN, "sigmoid_outputs": False},
    SIGMOIDS: {"hidden": HIDDEN},
}
RATES = {LINEAR: 0.05, LAYER: 2.0, SIGMOIDS: 2.0}  # steps of 2 would throw the line about
FLOOR = np.log(1 + np.exp(-1))  # of the loss where outputs lie in (0, 1): −log(e¹ / (e¹ + e⁰))


class Run(NamedTuple):
    """A network that trained on the points of one seed."""

    network: Network
    points: tuple
    training: tuple
    test: tuple
    losses: np.ndarray  # of each batch before its update


@study.runs
def runs(lab):
    """Kind → a run for each seed; those of a seed see one set of points in one order."""
    return {kind: [run(kind, seed) for seed in range(lab.seeds)] for kind in NETWORKS}


def run(kind, seed):
    x, y = points.four_clusters(2 * SIZE, seed=seed)
    training, test = points.train_and_test(x, y, SIZE, seed)
    trained, sgd = network(kind, seed), OPTIMIZERS["sgd"](RATES[kind])
    options = {"batch_size": BATCH_SIZE, "iterations": ITERATIONS, "seed": seed}
    losses = trained.fit(*training, sgd, **options).iteration_loss
    return Run(trained, (x, y), training, test, losses)


def network(kind, seed):
    return sigmoid_network(**NETWORKS[kind], seed=seed, dtype=np.float64)


def training_loss(run):
    return run.network.evaluate(*run.training, SIZE)["loss"]


def accuracy(run):
    return run.network.evaluate(*run.test, SIZE)["accuracy"]


@study.claims
def claims(runs):
    of_source, seeds = runs[SIGMOIDS], len(runs[SIGMOIDS])

    def gradient_error(seed):
        batch = (part[:BATCH_SIZE] for part in of_source[seed].training)
        return max(check_gradients(network(SIGMOIDS, seed), *batch))

    return [
        compare(CHAPTER, "A hidden layer, with sigmoids as in the source, is more accurate",
                "test accuracy", runs, accuracy, LINEAR, SIGMOIDS, better="higher"),
        compare(CHAPTER, "So is one without sigmoids on the outputs",
                "test accuracy", runs, accuracy, LINEAR, LAYER, better="higher"),
        compare(CHAPTER, "A hidden layer, with sigmoids as in the source, has a lower loss",
                "training loss", runs, training_loss, SIGMOIDS, LINEAR),
        identity(CHAPTER, "There is no linear decision", "whether a line separates, each seed",
                 [False] * seeds, [points.separable(*run.points) for run in of_source]),
        identity(CHAPTER, "The chain rule, layer by layer from the output, gives the gradient",
                 "relative error against differences of the loss, each seed", np.zeros(seeds),
                 [gradient_error(seed) for seed in range(seeds)], tolerance=1e-6),
        identity(CHAPTER, "The expression of the whole network, its first term without b₂, is its "
                 "cross-entropy", "training loss after training, each seed",
                 [as_printed.whole_network_loss(run.network.parameters, *run.training)
                  for run in of_source], over_seeds(of_source, training_loss), tolerance=1e-6),
    ]  # fmt: skip


@study.table
def results(runs):
    measures = {"training loss": training_loss, "test accuracy": accuracy}
    note = (
        f"{HIDDEN} hidden neurons, {ITERATIONS:,} updates; mean over seeds, 95 % interval. Outputs "
        f"behind a sigmoid cannot reach a loss below log(1 + 1/e) = {FLOOR:.3f}."
    )
    return table_of("After training", "network", runs, measures, note=note)


@study.figure(
    caption="What each network makes of four clusters, of which opposite ones are of one class; "
    "above, its test accuracy. Black, where it changes its mind; dotted, where a hidden neuron's "
    "output is one half. Shades change at 75 % and 90 %. No line gets more than three clusters "
    "right.",
    alt="Three maps of four clusters: cut by a line, and twice by what four hidden neurons draw.",
    of="seed 0",
)
def boundary(runs):
    shown = {kind: of_kind[0] for kind, of_kind in runs.items()}
    titles = [f"{kind.capitalize()}: {100 * accuracy(run):.0f} %" for kind, run in shown.items()]
    scores = dict(zip(titles, [log_odds(run.network) for run in shown.values()], strict=True))
    of_points = *shown[LINEAR].training, ("same signs", "different signs")
    fig = decision_boundaries.draw_panels(
        scores, *of_points, width=12, height=5, limits=(-2.3, 2.3)
    )
    for ax, kind in zip(fig.axes[1:], (LAYER, SIGMOIDS), strict=True):
        weights, biases, *_ = shown[kind].network.parameters
        for w, b in zip(weights.T, biases, strict=True):
            foot = -b * w / (w @ w)  # of the perpendicular from the origin
            ax.axline(foot, (foot[0] + w[1], foot[1] - w[0]), color=palette.BLACK, ls=":", lw=1.2)
    return fig


def log_odds(network):
    return lambda x: network.predict(x) @ [-1, 1]


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 50 updates. Dotted: "
    "log(1 + 1/e), below which no loss lies whose outputs lie between 0 and 1.",
    alt="The linear decision stays where it starts; the hidden layer falls to nearly 0, with "
    "sigmoids on the outputs to a floor.",
)
def loss(runs):
    fig, ax = plots.figure()
    updates = np.arange(1, ITERATIONS + 1)
    for kind, of_kind in runs.items():
        plots.mean_and_band(ax, updates, [run.losses for run in of_kind], kind, window=50)
    ax.axhline(FLOOR, color=palette.BLACK, ls=":", lw=1.2)
    plots.label_axes(ax, "Updates", "Loss of the batch")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
