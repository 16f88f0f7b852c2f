"""One two-layer network on two circles, with its gradient written four ways (B, section 1.2)."""

import numpy as np

from datasets import points
from experiments.analyses import circles as analysis
from models.from_scratch import tanh_network
from models.from_scratch.descent import Descent, batches, descend, differences
from reporting import Study, Table, compare, identity, summary, value
from reporting.figures import decision_boundaries, plots
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

HIDDEN, RATE, BATCH_SIZE = 4, 0.5, 10  # as many hidden neurons as in B's question 4
SIZE = 200  # of the training set, and of the test set
ITERATIONS, COMPARED = 1000, 200  # until the network has learned; of the four ways
SHOWN = 0, 200, 400, 1000  # iterations after which the boundary is drawn
WAYS = "manual gradient", "automatic gradient", "Keras layers", "Keras optimizer"
MANUAL, AUTOMATIC, LAYERS, OPTIMIZER = WAYS


@study.runs
def runs(lab):
    import_keras()
    from training.loop.gradients import value_and_gradients

    model = analysis.keras_model(2, HIDDEN, 2, RATE)
    of_keras = [value_and_gradients(loss) for loss in analysis.keras_losses(model)]
    gradients = dict(zip(WAYS, [analysis.loss_and_gradients, *of_keras], strict=False))
    return [train(gradients, model, seed) for seed in range(lab.seeds)]


def train(gradients, model, seed):
    """One set of points, one start and one order of batches, for all four ways."""
    from training import fit

    x, y = points.circles(2 * SIZE, seed=seed)
    training, test = points.train_and_test(x.astype("float32"), y, SIZE, seed)
    start = tanh_network(hidden=HIDDEN, seed=seed).get_weights()  # from N(0, 0.3²)

    def by_hand(way, iterations=COMPARED):
        order = batches(*training, BATCH_SIZE, iterations, seed)
        return descend(gradients[way], start, order, RATE)

    trained = {way: by_hand(way) for way in gradients}
    model.set_weights(start)
    options = {"batch_size": BATCH_SIZE, "iterations": COMPARED, "jit_compile": False}
    history = fit(model, *training, seed=seed, **options)
    trained[OPTIMIZER] = Descent([model.get_weights()], history.iteration_loss)
    path = by_hand(MANUAL, ITERATIONS).path
    return {"training": training, "test": test, "path": path, "trained": trained}


def measured(runs, part, every=10):
    """Loss and accuracy along each seed's path, each of shape (seeds, iterations)."""
    metrics = [analysis.metrics(run["path"][::every], *run[part]) for run in runs]
    return np.swapaxes(metrics, 0, 1)


@study.claims
def claims(runs):
    (training, _), (test, _) = (measured(runs, part, every=500) for part in ("training", "test"))

    def similar(source, what, way):
        quantity = f"loss of each of {COMPARED} batches, {len(runs)} seeds"
        sides = (np.array([run["trained"][w].losses for run in runs]) for w in (MANUAL, way))
        return identity(source, f"{what} gives similar results", quantity, *sides, tolerance=1e-5)

    def falls(statement, quantity, losses, start):
        stages = "the untrained network", "the half-trained network", "the trained network"
        of_stage = dict(zip(stages, losses.T, strict=True))
        return compare("B 1.2.1", statement, quantity, of_stage, float, stages[2], stages[start])

    return [
        similar("B 1.2.2", "The automatic gradient", AUTOMATIC),
        similar("B 1.2.3", "A forward pass of Keras's layers", LAYERS),
        similar("B 1.2.4", "Keras's optimizer", OPTIMIZER),
        falls("The error on the training points decreases", "training loss", training, 0),
        falls("The error on the test points decreases", "test loss", test, 0),
        falls("The network does not over-fit: the test loss still falls in the second half",
              "test loss", test, 1),
        value("B 1.2.1", "Training reaches a loss of about 0.15", "training loss at the end",
              0.15, training[:, 2], better="lower", about_source_data=False),
    ]  # fmt: skip


@study.table
def ways(runs):
    rows = []
    for way in WAYS:
        pairs = [(run["trained"][way], run["trained"][MANUAL]) for run in runs]
        largest = np.max([differences(*pair) for pair in pairs], axis=0)
        rows.append([way, *largest, summary([descent.losses[-20:].mean() for descent, _ in pairs])])
    columns = ["written with", "largest difference of a loss", "of a parameter", "loss at the end"]
    note = (
        f"Over {COMPARED} updates and {len(runs)} seeds; differences from the manual gradient, in "
        "float32. The loss at the end is that of the last 20 batches, with its 95 % interval."
    )
    return Table("From one start, with the same batches", columns, rows, note)


@study.figure(
    caption="Loss and accuracy on all training points and on all test points. At first the network "
    "hardly learns: no straight line, which is all that its small weights draw, tells the circles "
    "apart.",
    alt="Loss falling and accuracy rising, nearly the same for training and test points.",
)
def learning(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5)
    for part in ("training", "test"):
        for ax, name, curves in zip(axes, ("Loss", "Accuracy"), measured(runs, part), strict=True):
            plots.mean_and_band(ax, np.arange(0, ITERATIONS + 1, 10), curves, part)
            plots.label_axes(ax, "Iterations", name)
    plots.legend(fig)
    return fig


def draw_boundaries(run, iterations, width, height):
    scores = {f"After {k} iterations": analysis.log_odds(run["path"][k]) for k in iterations}
    points = *run["training"], ("outer circle", "inner circle")
    return decision_boundaries.draw_panels(scores, *points, width, height, limits=(-1.5, 1.5))


@study.figure(
    caption="The training points and where the network changes its mind, black, in the course of "
    "training. Shades change where it gives a class 75 % and 90 %.",
    alt="Four maps: of one colour, then cut by one line, then by two, then a closed curve.",
    of="seed 0",
)
def boundary(runs):
    return draw_boundaries(runs[0], SHOWN, width=12, height=4.3)


@study.animation(
    caption=f"The same boundary after every 50 of {ITERATIONS} iterations.",
    alt="A line enters the plane, bends around the inner circle, and closes.",
    of="seed 0",
)
def boundary_in_motion(runs):
    for iteration in range(0, ITERATIONS + 1, 50):
        yield draw_boundaries(runs[0], [iteration], width=5.5, height=6.1)


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
