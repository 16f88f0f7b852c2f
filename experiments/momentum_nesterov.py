"""Momentum and Nesterov's momentum against plain SGD (A, section 3.5)."""

from dataclasses import dataclass

import numpy as np

from models.from_scratch.gradient_descent import nesterov
from reporting import Measure, Methods, Study, Table, compare, identity, summary_of
from reporting.figures import palette, plots
from reporting.figures.curves import draw_losses
from reporting.study.tables import OVER_SEEDS
from reporting.verdicts.measures import LOSS_MARGIN, TEST_ACCURACY, TRAINING_LOSS, final
from training import OPTIMIZERS

study = Study(
    name="momentum_nesterov",
    title="Momentum and Nesterov's momentum",
    question="Does momentum lower the loss, and what of it is left when each method has a learning "
    "rate of its own?",
    sources=["A 3.5"],
    says="With momentum 0.9 the loss drops significantly; Nesterov's momentum takes the gradient "
    "at the look-ahead point θ − γv and so corrects its path before the step.",
    datasets=["fashion_mnist"],
)

SGD, MOMENTUM, NESTEROV = (OPTIMIZERS[name].label for name in ("sgd", "momentum", "nesterov"))
TENFOLD = "SGD, ten times the rate"

# 784-128-10, trained on the cross-entropy of the softmax.
NETWORK = {"model": "dense", "hidden": (128,), "activation": "relu"}
BATCH_SIZE = 150  # A's
SHARED_RATE = 0.01  # Keras's default for SGD


@dataclass(frozen=True)
class Runs:
    """The runs at one learning rate for all methods, and with each method at its own.

    `paths` holds both forms of Nesterov's momentum on a bowl, as `nesterov_paths` returns them.
    """

    one_rate: Methods
    own_rates: Methods
    paths: dict[str, np.ndarray]


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(12_000, 2), paper=(60_000, 3))
    rates = lab.choose(quick=(0.03, 0.1, 0.3), paper=(0.01, 0.03, 0.1, 0.3, 1.0))
    sgd = lab.config(
        **NETWORK,
        train_size=n,
        optimizer="sgd",
        learning_rate=SHARED_RATE,
        batch_size=BATCH_SIZE,
        epochs=epochs,
    )
    methods = {
        SGD: sgd,
        MOMENTUM: sgd.replace(optimizer="momentum"),
        NESTEROV: sgd.replace(optimizer="nesterov"),
    }
    tenfold = sgd.replace(learning_rate=10 * SHARED_RATE)
    return Runs(
        one_rate=lab.train({**methods, TENFOLD: tenfold}),
        own_rates=lab.train(lab.tune(methods, rates)),
        paths=lab.compute("paths", nesterov_paths),
    )


CURVATURE = np.array([1.0, 12.0], "float32")  # of the bowl L(θ) = ½ Σ c_i θ_i², of slope c·θ
START, RATE, GAMMA, UPDATES = np.array([-2.0, 1.2]), 0.03, 0.9, 60


def nesterov_paths():
    """A's θ, A's look-ahead points and Keras's weights on the bowl, each (UPDATES + 1, 2)."""
    theta, look_ahead = nesterov(lambda theta: CURVATURE * theta, START, RATE, GAMMA, UPDATES)
    optimizer = OPTIMIZERS["nesterov"].build(RATE)
    import keras

    weights = keras.Variable(START, dtype="float32")
    path = [START]
    for _ in range(UPDATES):
        optimizer.apply([weights * CURVATURE], [weights])
        path.append(keras.ops.convert_to_numpy(weights))
    return {"theta": theta, "look_ahead": look_ahead, "keras_weights": np.array(path)}


LOSS = Measure(
    "training loss after the last update", final("loss"), better="lower", margin=LOSS_MARGIN
)


@study.claims
def claims(runs):
    def lower_loss(statement, methods, lower, higher):
        return compare(
            source="A 3.5",
            statement=statement,
            measure=LOSS,
            runs=methods,
            lower=lower,
            higher=higher,
        )

    at_one_rate, at_own_rates = "at one learning rate for all", "each at its own learning rate"
    momentum, nesterov = "Momentum lowers the loss", "Nesterov's momentum lowers the loss"
    return [
        lower_loss(f"{momentum}, {at_one_rate}", runs.one_rate, MOMENTUM, SGD),
        lower_loss(f"{nesterov}, {at_one_rate}", runs.one_rate, NESTEROV, SGD),
        lower_loss(
            f"{momentum} below that of SGD at ten times the rate", runs.one_rate, MOMENTUM, TENFOLD
        ),
        lower_loss(f"{momentum}, {at_own_rates}", runs.own_rates, MOMENTUM, SGD),
        lower_loss(f"{nesterov}, {at_own_rates}", runs.own_rates, NESTEROV, SGD),
        lower_loss(
            f"Nesterov's correction improves on momentum, {at_own_rates}",
            runs.own_rates,
            NESTEROV,
            MOMENTUM,
        ),
        identity(
            source="A 3.5.2",
            statement="A's Nesterov and Keras's are one algorithm: Keras's weights are A's "
            "look-ahead points",
            quantity=f"weights after each of {UPDATES} updates on a bowl",
            says=runs.paths["look_ahead"],
            holds=runs.paths["keras_weights"],
            tolerance=1e-5,
        ),
    ]


@study.table
def results(runs):
    columns = ["method", "rate", "learning rate", TRAINING_LOSS.name, TEST_ACCURACY.name]
    rows = []
    for setting, methods in (("shared", runs.one_rate), ("tuned", runs.own_rates)):
        for label, records in methods.items():
            measured = [summary_of(records, measure) for measure in (TRAINING_LOSS, TEST_ACCURACY)]
            rows.append([label, setting, records[0].config.learning_rate, *measured])
    return Table("After the last update", columns, rows, OVER_SEEDS)


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 25 iterations. Left: "
    f"one learning rate for all, {SHARED_RATE}, and SGD at ten times that, for momentum multiplies "
    "a steady gradient by 1/(1 − 0.9) = 10. Right: each method at its own rate.",
    alt="Training loss against iterations for SGD, momentum and Nesterov, at two kinds of rate.",
)
def loss_at_each_iteration(runs):
    fig, (left, right) = plots.figure(1, 2, width=11, height=5, sharey=True)
    left.set_title("One rate for all")
    right.set_title("Each at its own rate")
    for ax, methods in ((left, runs.one_rate), (right, runs.own_rates)):
        ax.set_yscale("log")
        draw_losses(ax, methods, windows=dict.fromkeys(methods, 25))
    plots.legend(fig)
    return fig


@study.chart("Zoom into every iteration", "Each batch's loss before its update, not averaged.")
def every_loss(runs):
    return {"one rate for all": runs.one_rate, "each at its own rate": runs.own_rates}


@study.figure(
    caption="Two forms of Nesterov's momentum on a bowl. A moves θ and takes the gradient at the "
    "look-ahead point θ − γv; Keras stores that point as its weights. Rings: A's look-ahead "
    "points; dots: Keras's weights, one in the other.",
    alt="Contours of a bowl with A's path, its look-ahead points, and Keras's weights on them.",
    of="no data",
)
def one_algorithm_two_forms(runs):
    fig, ax = plots.figure()
    x, y = np.meshgrid(np.linspace(-2.2, 1.4, 200), np.linspace(-1.4, 1.4, 160))
    loss = (CURVATURE[0] * x**2 + CURVATURE[1] * y**2) / 2
    ax.contour(x, y, loss, levels=np.geomspace(0.02, 15, 12), colors="#BBBBBB", linewidths=0.8)
    theta, look_ahead, keras_weights = (
        runs.paths[name][:26].T  # later points crowd around the minimum
        for name in ("theta", "look_ahead", "keras_weights")
    )
    ring = {"ms": 10, "mfc": "none", "mew": 1.6, "color": palette.BLUE}
    ax.plot(*theta, color=palette.ORANGE, label="A's θ")
    ax.plot(*look_ahead, "o", **ring, label="A's look-ahead points θ − γv")
    ax.plot(*keras_weights, ".", color=palette.BLACK, label="Keras's weights")
    plots.label_axes(ax, "First parameter", "Second parameter")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
