"""A linear decision against one hidden layer, on data that no line separates (C)."""

from dataclasses import dataclass

import numpy as np

from datasets import points
from experiments.analyses.errata import as_printed
from models.from_scratch import OPTIMIZERS, check_gradients, sigmoid_network
from reporting import Measure, Study, compare, identity, network_of, table_of
from reporting.figures import decision_boundaries, palette, plots
from reporting.verdicts.measures import ACCURACY_MARGIN, LOSS_MARGIN, over_seeds

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

# 2-2 without a hidden layer, and 2-4-2 with sigmoids; weights from N(0, 0.3²), plain SGD on the
# cross-entropy of the softmax.
HIDDEN, BATCH_SIZE, ITERATIONS = 4, 10, 2000
SIZE = 200  # of the training set, and of the test set
LINEAR, LAYER = "linear decision", "hidden layer"
SIGMOIDS = "hidden layer, sigmoid outputs"
NETWORKS = {
    LINEAR: {"hidden": 0, "sigmoid_outputs": False},
    LAYER: {"hidden": HIDDEN, "sigmoid_outputs": False},
    SIGMOIDS: {"hidden": HIDDEN, "sigmoid_outputs": True},
}
RATES = {LINEAR: 0.05, LAYER: 2.0, SIGMOIDS: 2.0}  # steps of 2 would throw the line about
FLOOR = np.log(1 + np.exp(-1))  # of the loss where outputs lie in (0, 1): −log(e¹ / (e¹ + e⁰))


def network(kind, seed):
    return sigmoid_network(**NETWORKS[kind], seed=seed, dtype=np.float64)


@study.networks
def networks():
    return [
        network_of(
            network(kind, seed=0),
            kind,
            f"cross-entropy of the softmax · SGD · learning rate {rate} · batch size {BATCH_SIZE} "
            f"· {ITERATIONS:,} iterations · {SIZE} training points · weights and biases from "
            "N(0, 0.3²)",
        )
        for kind, rate in RATES.items()
    ]


@dataclass(frozen=True)
class Run:
    """What a network learned of the points of one seed.

    Attributes:
        losses: Loss of each batch before its update, float32, shape (ITERATIONS,).
        training_loss: Loss on all training points after training.
        accuracy: Accuracy on the test points.
        weights: The network's weights after training.
    """

    losses: np.ndarray
    training_loss: float
    accuracy: float
    weights: list[np.ndarray]


@dataclass(frozen=True)
class Runs:
    """What the networks learned; those of a seed see the same points in the same order.

    Attributes:
        networks: Kind of network → a run for each seed.
        separable: Whether a line separates the points, for each seed.
        gradient_errors: Largest relative error of the chain rule's gradient against differences
            of the loss, for each seed, before training, with sigmoid outputs.
        printed_losses: Training loss with sigmoid outputs by C's expression, for each seed.
        training: The training points of seed 0 and their labels.
    """

    networks: dict[str, list[Run]]
    separable: list[bool]
    gradient_errors: list[float]
    printed_losses: list[float]
    training: list[np.ndarray]


@study.runs
def runs(lab):
    computed = lab.compute("networks", train_networks, lab.seeds)
    trained = {
        kind: [Run(**stored) for stored in of_seeds]
        for kind, of_seeds in computed["networks"].items()
    }
    return Runs(**computed | {"networks": trained})


def train_networks(seeds):
    """Train every kind of network: the attributes of `Runs`, as they are stored."""
    drawn = [points.four_clusters(2 * SIZE, seed=seed) for seed in range(seeds)]
    parts = [points.train_and_test(x, y, SIZE, seed) for seed, (x, y) in enumerate(drawn)]
    trained = {
        kind: [train(kind, *of_seed, seed) for seed, of_seed in enumerate(parts)]
        for kind in NETWORKS
    }
    return {
        "networks": trained,
        "separable": [points.separable(x, y) for x, y in drawn],
        "gradient_errors": [
            gradient_error(*training, seed) for seed, (training, _) in enumerate(parts)
        ],
        "printed_losses": [
            as_printed.whole_network_loss(run["weights"], *training)
            for run, (training, _) in zip(trained[SIGMOIDS], parts, strict=True)
        ],
        "training": parts[0][0],
    }


def train(kind, training, test, seed):
    """The attributes of the `Run` of one network."""
    trained, sgd = network(kind, seed), OPTIMIZERS["sgd"](RATES[kind])
    history = trained.fit(*training, sgd, batch_size=BATCH_SIZE, iterations=ITERATIONS, seed=seed)
    return {
        "losses": history.iteration_loss.astype("float32"),
        "training_loss": trained.evaluate(*training, SIZE)["loss"],
        "accuracy": trained.evaluate(*test, SIZE)["accuracy"],
        "weights": trained.get_weights(),
    }


def gradient_error(x, y, seed):
    """Largest relative error of the chain rule's gradient, on the first batch."""
    return max(check_gradients(network(SIGMOIDS, seed), x[:BATCH_SIZE], y[:BATCH_SIZE]))


ACCURACY = Measure(
    "test accuracy", lambda run: run.accuracy, better="higher", margin=ACCURACY_MARGIN
)
LOSS = Measure("training loss", lambda run: run.training_loss, better="lower", margin=LOSS_MARGIN)


@study.claims
def claims(runs):
    seeds = len(runs.separable)

    def compared(statement, measure, lower, higher):
        return compare(
            source=CHAPTER,
            statement=statement,
            measure=measure,
            runs=runs.networks,
            lower=lower,
            higher=higher,
        )

    layer_of_source = "A hidden layer, with sigmoids as in the source"
    return [
        compared(f"{layer_of_source}, is more accurate", ACCURACY, LINEAR, SIGMOIDS),
        compared("So is one without sigmoids on the outputs", ACCURACY, LINEAR, LAYER),
        compared(f"{layer_of_source}, has a lower loss", LOSS, SIGMOIDS, LINEAR),
        identity(
            source=CHAPTER,
            statement="There is no linear decision",
            quantity="whether a line separates, each seed",
            says=[False] * seeds,
            holds=runs.separable,
        ),
        identity(
            source=CHAPTER,
            statement="The chain rule, layer by layer from the output, gives the gradient",
            quantity="relative error against differences of the loss, each seed",
            says=np.zeros(seeds),
            holds=runs.gradient_errors,
            tolerance=1e-6,
        ),
        identity(
            source=CHAPTER,
            statement="The expression of the whole network, its first term without b₂, is its "
            "cross-entropy",
            quantity="training loss after training, each seed",
            says=runs.printed_losses,
            holds=over_seeds(runs.networks[SIGMOIDS], LOSS),
            tolerance=1e-6,
        ),
    ]


@study.table
def results(runs):
    note = (
        f"{HIDDEN} hidden neurons, {ITERATIONS:,} updates; mean over seeds, 95 % interval. Outputs "
        f"behind a sigmoid cannot reach a loss below log(1 + 1/e) = {FLOOR:.3f}."
    )
    return table_of("After training", "network", runs.networks, [LOSS, ACCURACY], note=note)


@study.figure(
    caption="What each network makes of four clusters, of which opposite ones are of one class; "
    "above, its test accuracy. Black, where it changes its mind; dotted, where a hidden neuron's "
    "output is one half. Shades change at 75 % and 90 %. No line gets more than three clusters "
    "right.",
    alt="Three maps of four clusters: cut by a line, and twice by what four hidden neurons draw.",
    of="seed 0",
)
def boundary(runs):
    shown = {kind: of_seeds[0] for kind, of_seeds in runs.networks.items()}
    scores = {
        f"{kind.capitalize()}: {100 * run.accuracy:.0f} %": log_odds(kind, run.weights)
        for kind, run in shown.items()
    }
    fig = decision_boundaries.draw_panels(
        scores,
        *runs.training,
        ("same signs", "different signs"),
        width=12,
        height=5,
        limits=(-2.3, 2.3),
    )
    for ax, kind in zip(fig.axes[1:], (LAYER, SIGMOIDS), strict=True):
        hidden_weights, hidden_biases, *_ = shown[kind].weights
        for w, b in zip(hidden_weights.T, hidden_biases, strict=True):
            foot = -b * w / (w @ w)  # of the perpendicular from the origin
            ax.axline(foot, (foot[0] + w[1], foot[1] - w[0]), color=palette.BLACK, ls=":", lw=1.2)
    return fig


def log_odds(kind, weights):
    """The function of points that gives a trained network's log-odds of class 1 against 0."""
    trained = network(kind, seed=0)
    trained.set_weights(weights)
    return lambda x: trained.predict(x) @ [-1, 1]


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 50 updates. Dotted: "
    "log(1 + 1/e), below which no loss lies whose outputs lie between 0 and 1.",
    alt="The linear decision stays where it starts; the hidden layer falls to nearly 0, with "
    "sigmoids on the outputs to a floor.",
)
def loss(runs):
    fig, ax = plots.figure()
    updates = np.arange(1, ITERATIONS + 1)
    for kind, of_seeds in runs.networks.items():
        curves = [run.losses for run in of_seeds]
        plots.mean_and_band(ax, updates, curves, kind, window=50)
    ax.axhline(FLOOR, color=palette.BLACK, ls=":", lw=1.2)
    plots.label_axes(ax, "Updates", "Loss of the batch")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
