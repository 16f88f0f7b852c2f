"""One two-layer network on two circles, with its gradient written four ways (B, section 1.2)."""

import numpy as np

from datasets import points
from models.from_scratch import (
    categorical_accuracy,
    categorical_cross_entropy,
    epoch_order,
    tanh_network,
)
from reporting import Study, Table, boundaries, direction, identity, plots, summary, value
from training.backend import import_tensorflow

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
NAMES = "outer circle", "inner circle"
SHOWN = 0, 200, 400, 1000  # iterations after which the boundary is drawn
MANUAL, AUTOMATIC, LAYERS, OPTIMIZER = (
    "manual gradient", "automatic gradient", "Keras layers", "Keras optimizer"
)  # fmt: skip


def logits(weights, x):
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    return np.tanh(x @ hidden_weights + hidden_bias) @ output_weights + output_bias


def manual_gradients(weights, x, y):
    """Loss and gradients of a batch by B's formulas (1) to (16), with tanh² where B has tan²."""
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    h = np.tanh(x @ hidden_weights + hidden_bias)
    exponentials = np.exp(h @ output_weights + output_bias)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    true = np.eye(2, dtype=x.dtype)[y]
    loss = -np.mean(np.sum(true * np.log(p), axis=1))
    at_logits = (p - true) / len(x)
    at_hidden = at_logits @ output_weights.T * (1 - h**2)
    return loss, [
        x.T @ at_hidden, at_hidden.sum(axis=0), h.T @ at_logits, at_logits.sum(axis=0)
    ]  # fmt: skip


def descend(loss_and_gradients, weights, x, y, seed, iterations):
    """Update by hand: the weights before the first and after each update, and each batch's loss."""
    path, losses = [weights], []
    for iteration in range(iterations):
        epoch, place = divmod(iteration, SIZE // BATCH_SIZE)
        batch = epoch_order(SIZE, seed, epoch)[place * BATCH_SIZE :][:BATCH_SIZE]
        loss, gradients = loss_and_gradients(path[-1], x[batch], y[batch])
        path.append([w - RATE * g for w, g in zip(path[-1], gradients, strict=True)])
        losses.append(loss)
    return path, np.array(losses)


def keras_ways():
    """Way → function (weights, x, y, seed) that trains, and gives the last weights and losses."""
    import_tensorflow()
    import keras

    from training import fit
    from training.gradients import value_and_gradients

    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input([2]), dense(HIDDEN, "tanh"), dense(2)])

    def loss_of_formula(weights, x, y):
        hidden_weights, hidden_bias, output_weights, output_bias = weights
        h = keras.ops.tanh(x @ hidden_weights + hidden_bias)
        return cross_entropy(y, h @ output_weights + output_bias)

    def loss_of_layers(weights, x, y):
        return cross_entropy(y, model.stateless_call(weights, [], x)[0])

    def by_hand(loss):
        gradients = value_and_gradients(loss)

        def train(*start_and_data):
            path, losses = descend(gradients, *start_and_data, COMPARED)
            return path[-1], losses

        return train

    def by_optimizer(weights, x, y, seed):
        model.set_weights(weights)
        model.compile(keras.optimizers.SGD(RATE), cross_entropy)
        options = {"iterations": COMPARED, "seed": seed, "jit_compile": False}
        history = fit(model, x, y, batch_size=BATCH_SIZE, **options)
        return model.get_weights(), history.iteration_loss

    return {
        AUTOMATIC: by_hand(loss_of_formula),
        LAYERS: by_hand(loss_of_layers),
        OPTIMIZER: by_optimizer,
    }


@study.runs
def runs(lab):
    """For each seed one set of points, one start and one order of batches, for all four ways."""
    ways, found = keras_ways(), []
    for seed in range(lab.seeds):
        x, y = points.circles(2 * SIZE, seed=seed)
        sets = points.train_and_test(x.astype("float32"), y, SIZE, seed)
        start = tanh_network(hidden=HIDDEN, seed=seed).get_weights()  # from N(0, 0.3²)
        path, losses = descend(manual_gradients, start, *sets[0], seed, ITERATIONS)
        trained = {way: train(start, *sets[0], seed) for way, train in ways.items()}
        trained[MANUAL] = path[COMPARED], losses[:COMPARED]
        found.append({"training": sets[0], "test": sets[1], "path": path, "ways": trained})
    return found


def measured(runs, measure, part, every=10):
    """A function of logits and labels along each seed's path, shape (seeds, points)."""
    return np.array([
        [measure(logits(weights, run[part][0]), run[part][1]) for weights in run["path"][::every]]
        for run in runs
    ])  # fmt: skip


def loss_of(logits, y):
    return categorical_cross_entropy(logits, y)[0]


@study.claims
def claims(runs):
    training, test = (measured(runs, loss_of, part, every=500) for part in ("training", "test"))
    manual = np.array([run["ways"][MANUAL][1] for run in runs])
    stages = "the untrained network", "the half-trained network", "the trained network"
    same = {
        AUTOMATIC: ("B 1.2.2", "The automatic gradient gives similar results"),
        LAYERS: ("B 1.2.3", "A forward pass of Keras's layers gives similar results"),
        OPTIMIZER: ("B 1.2.4", "Keras's optimizer gives similar results"),
    }

    def falls(statement, quantity, losses, start):
        lower, higher = ((stages[k], losses[:, k]) for k in (2, start))
        return direction("B 1.2.1", statement, quantity, lower, higher)

    return [
        *(identity(*source_and_statement, f"loss of each of {COMPARED} batches, {len(runs)} seeds",
                   manual, np.array([run["ways"][way][1] for run in runs]), tolerance=1e-5)
          for way, source_and_statement in same.items()),
        falls("The error on the training points decreases", "training loss", training, 0),
        falls("The error on the test points decreases", "test loss", test, 0),
        falls("The network does not over-fit: the test loss still falls in the second half",
              "test loss", test, 1),
        value("B 1.2.1", "Training reaches a loss of about 0.15", "training loss at the end",
              0.15, training[:, 2], better="lower", about_source_data=False),
    ]  # fmt: skip


@study.table
def ways(runs):
    def differences(way, place):
        pairs = [(run["ways"][way][place], run["ways"][MANUAL][place]) for run in runs]
        return max(np.abs(a - b).max() for pair in pairs for a, b in zip(*pair, strict=True))

    rows = [
        [way, differences(way, 1), differences(way, 0),
         summary([run["ways"][way][1][-20:].mean() for run in runs])]
        for way in (MANUAL, AUTOMATIC, LAYERS, OPTIMIZER)
    ]  # fmt: skip
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
    iterations = np.arange(0, ITERATIONS + 1, 10)
    dashed = plots.method_style("training, after the epoch")._replace(linestyle=plots.DASHED)
    styles = {"training": dashed, "test": plots.method_style("test")}
    for ax, measure, name in zip(
        axes, (loss_of, categorical_accuracy), ("Loss", "Accuracy"), strict=True
    ):
        for part, style in styles.items():
            curves = measured(runs, measure, part)
            plots.mean_and_band(ax, iterations, curves, part, style=style)
        plots.label_axes(ax, "Iterations", name)
    plots.legend(fig)
    return fig


def draw_boundary(ax, run, iteration):
    def log_odds(x):
        return logits(run["path"][iteration], x) @ [-1, 1]

    boundaries.draw(ax, log_odds, *run["training"], NAMES, limits=(-1.5, 1.5))
    title = f"After {iteration} iterations"
    plots.label_axes(ax, "First coordinate", "Second coordinate", title)


@study.figure(
    caption="The training points and where the network changes its mind, black, in the course of "
    "training. Shades change where it gives a class 75 % and 90 %.",
    alt="Four maps: of one colour, then cut by one line, then by two, then a closed curve.",
    of="seed 0",
)
def boundary(runs):
    fig, axes = plots.figure(1, len(SHOWN), width=12, height=4.3, sharey=True)
    for ax, iteration in zip(axes, SHOWN, strict=True):
        draw_boundary(ax, runs[0], iteration)
        ax.label_outer()
    plots.legend(fig)
    return fig


@study.animation(
    caption=f"The same boundary after every 50 of {ITERATIONS} iterations.",
    alt="A line enters the plane, bends around the inner circle, and closes.",
    of="seed 0",
)
def boundary_in_motion(runs):
    for iteration in range(0, ITERATIONS + 1, 50):
        fig, ax = plots.figure(width=5.5, height=6.1)
        draw_boundary(ax, runs[0], iteration)
        plots.legend(fig)
        yield fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
