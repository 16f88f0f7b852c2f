"""One two-layer network on two circles, with its gradient written four ways (B, section 1.2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets import points
from experiments.analyses import circles as analysis
from models.from_scratch import tanh_network
from models.from_scratch.gradient_descent import Descent, batches, descend, differences
from reporting import (
    Measure,
    Study,
    Table,
    compare,
    identity,
    network_of,
    summary,
    value,
)
from reporting.figures import decision_boundaries, plots
from reporting.verdicts.measures import LOSS_MARGIN
from training.backend import import_keras

study = Study(
    name="circles",
    title="Two circles, and one network written four ways",
    question="Do the manual backward pass, the automatic gradient, Keras's layers and Keras's "
    "optimizer train one and the same network, and does it learn two circles?",
    sources=["B 1.2.1-1.2.4"],
    says="The points are well classified. The loss falls to about 0.15, on the test points too, so "
    "that the network does not over-fit. Written in three other ways it gives similar results, "
    "though its parameters seem to evolve slightly differently.",
    datasets=[],
    seeds={"quick": 5, "paper": 5},
)

# 2-4-2 with tanh, weights from N(0, 0.3²), plain SGD on the cross-entropy of the softmax.
HIDDEN, RATE, BATCH_SIZE = 4, 0.5, 10  # as many hidden neurons as in B's question 4
SIZE = 200  # of the training set, and of the test set
ITERATIONS = 1000  # until the network has learned
COMPARED = 200  # iterations over which the four ways are compared
EVERY = 10  # iterations between two measurements
SHOWN_EVERY = 50  # iterations between two boundaries

WAYS = "manual gradient", "automatic gradient", "Keras layers", "Keras optimizer"
MANUAL, AUTOMATIC, LAYERS, OPTIMIZER = WAYS


@study.networks
def networks():
    training = (
        f"cross-entropy of the softmax · SGD · learning rate {RATE} · batch size {BATCH_SIZE} · "
        f"{ITERATIONS:,} iterations ({COMPARED} for the comparison) · {SIZE} training points · "
        "weights and biases from N(0, 0.3²)"
    )
    return [network_of(tanh_network(hidden=HIDDEN), "all four ways", training)]


@dataclass(frozen=True)
class Runs:
    """What `train` returned for each seed."""

    seeds: list[dict[str, Any]]


@study.runs
def runs(lab):
    return Runs(lab.compute("four ways", four_ways, lab.seeds))


def four_ways(seeds):
    """What `train` returns for each seed."""
    import_keras()
    from training.loop.gradients import value_and_gradients

    model = analysis.keras_model(2, HIDDEN, 2, RATE)
    formulas, layers = map(value_and_gradients, analysis.keras_losses(model))
    gradients = {MANUAL: analysis.loss_and_gradients, AUTOMATIC: formulas, LAYERS: layers}
    return [train(gradients, model, seed) for seed in range(seeds)]


def train(gradients, model, seed):
    """Train from one start on the same batches, in all four ways.

    Returns:
        The points "training" and "test", each [x, y]; way → "losses" of each batch and "weights"
        at the end; and of the manual gradient, trained for longer, the loss and accuracy on both
        sets every `EVERY` iterations and the "boundaries", weights every `SHOWN_EVERY` iterations.
    """
    from training.loop.fitting import fit

    x, y = points.circles(2 * SIZE, seed=seed)
    training, test = points.train_and_test(x.astype("float32"), y, SIZE, seed)
    start = tanh_network(hidden=HIDDEN, seed=seed).get_weights()

    def by_hand(way, iterations=COMPARED):
        order = batches(*training, BATCH_SIZE, iterations, seed)
        return descend(gradients[way], start, order, RATE)

    descents = {way: by_hand(way) for way in gradients}
    model.set_weights(start)
    history = fit(
        model,
        *training,
        batch_size=BATCH_SIZE,
        iterations=COMPARED,
        seed=seed,
        jit_compile=False,
    )
    descents[OPTIMIZER] = Descent([model.get_weights()], history.iteration_loss)
    path = by_hand(MANUAL, ITERATIONS).path
    return {
        "training": training,
        "test": test,
        "losses": {way: descent.losses for way, descent in descents.items()},
        "weights": {way: descent.path[-1] for way, descent in descents.items()},
        "metrics": {
            "training": analysis.metrics(path[::EVERY], *training),
            "test": analysis.metrics(path[::EVERY], *test),
        },
        "boundaries": [np.stack(weights) for weights in zip(*path[::SHOWN_EVERY], strict=True)],
    }


def metrics_of(runs, part):
    """Loss and accuracy along each seed's path, each of shape (seeds, measurements)."""
    return np.swapaxes([seed["metrics"][part] for seed in runs.seeds], 0, 1)


TRAINING_LOSS = Measure("training loss", float, better="lower", margin=LOSS_MARGIN)
TEST_LOSS = Measure("test loss", float, better="lower", margin=LOSS_MARGIN)
LOSS_AT_THE_END = Measure("training loss at the end", better="lower", margin=LOSS_MARGIN)

STAGES = "the untrained network", "the half-trained network", "the trained network"
UNTRAINED, HALF_TRAINED, TRAINED = STAGES


@study.claims
def claims(runs):
    (training, _), (test, _) = metrics_of(runs, "training"), metrics_of(runs, "test")

    def similar(source, what, way):
        return identity(
            source=source,
            statement=f"{what} gives similar results",
            quantity=f"loss of each of {COMPARED} batches, {len(runs.seeds)} seeds",
            says=np.array([seed["losses"][MANUAL] for seed in runs.seeds]),
            holds=np.array([seed["losses"][way] for seed in runs.seeds]),
            tolerance=1e-5,
        )

    def falls(statement, measure, losses, start):
        third = (losses.shape[1] - 1) // 2
        return compare(
            source="B 1.2.1",
            statement=statement,
            measure=measure,
            runs=dict(zip(STAGES, losses[:, ::third].T, strict=True)),
            lower=TRAINED,
            higher=start,
        )

    return [
        similar("B 1.2.2", "The automatic gradient", AUTOMATIC),
        similar("B 1.2.3", "A forward pass of Keras's layers", LAYERS),
        similar("B 1.2.4", "Keras's optimizer", OPTIMIZER),
        falls("The error on the training points decreases", TRAINING_LOSS, training, UNTRAINED),
        falls("The error on the test points decreases", TEST_LOSS, test, UNTRAINED),
        falls(
            "The network does not over-fit: the test loss still falls in the second half",
            TEST_LOSS,
            test,
            HALF_TRAINED,
        ),
        value(
            source="B 1.2.1",
            statement="Training reaches a loss of about 0.15",
            measure=LOSS_AT_THE_END,
            says=0.15,
            values=training[:, -1],
            about_source_data=False,
        ),
    ]


@study.table
def ways(runs):
    rows = []
    for way in WAYS:
        pairs = [(_descent(seed, way), _descent(seed, MANUAL)) for seed in runs.seeds]
        largest = np.max([differences(*pair) for pair in pairs], axis=0)
        at_the_end = [seed["losses"][way][-20:].mean() for seed in runs.seeds]
        rows.append([way, *largest, summary(at_the_end)])
    columns = ["written with", "largest difference of a loss", "of a parameter", "loss at the end"]
    note = (
        f"Over {COMPARED} updates and {len(runs.seeds)} seeds; differences from the manual "
        "gradient, in float32. The loss at the end is that of the last 20 batches, with its 95 % "
        "interval."
    )
    return Table("From one start, with the same batches", columns, rows, note)


def _descent(seed, way):
    return Descent([seed["weights"][way]], seed["losses"][way])


@study.figure(
    caption="Loss and accuracy on all training points and on all test points. At first the network "
    "hardly learns: no straight line, which is all that its small weights draw, tells the circles "
    "apart.",
    alt="Loss falling and accuracy rising, nearly the same for training and test points.",
)
def learning(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5)
    for part in ("training", "test"):
        curves = metrics_of(runs, part)
        for ax, name, of_metric in zip(axes, ("Loss", "Accuracy"), curves, strict=True):
            plots.mean_and_band(ax, np.arange(0, ITERATIONS + 1, EVERY), of_metric, part)
            plots.label_axes(ax, "Iterations", name)
    plots.legend(fig)
    return fig


def draw_boundaries(seed, iterations, width, height):
    scores = {}
    for iteration in iterations:
        weights = [array[iteration // SHOWN_EVERY] for array in seed["boundaries"]]
        scores[f"After {iteration} iterations"] = analysis.log_odds(weights)
    return decision_boundaries.draw_panels(
        scores,
        *seed["training"],
        ("outer circle", "inner circle"),
        width,
        height,
        limits=(-1.5, 1.5),
    )


@study.figure(
    caption="The training points and where the network changes its mind, black, in the course of "
    "training. Shades change where it gives a class 75 % and 90 %.",
    alt="Four maps: of one colour, then cut by one line, then by two, then a closed curve.",
    of="seed 0",
)
def boundary(runs):
    return draw_boundaries(runs.seeds[0], (0, 200, 400, 1000), width=12, height=4.3)


@study.animation(
    caption=f"The same boundary after every {SHOWN_EVERY} of {ITERATIONS} iterations.",
    alt="A line enters the plane, bends around the inner circle, and closes.",
    of="seed 0",
)
def boundary_in_motion(runs):
    for iteration in range(0, ITERATIONS + 1, SHOWN_EVERY):
        yield draw_boundaries(runs.seeds[0], [iteration], width=5.5, height=6.1)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
