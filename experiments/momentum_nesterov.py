"""Momentum and Nesterov's momentum against plain SGD (A, section 3.5)."""

import numpy as np

from models.from_scratch.descent import nesterov
from reporting import Study, Table, compare, identity, summary_of
from reporting.figures import palette, plots
from reporting.figures.curves import draw_losses
from reporting.study.tables import OVER_SEEDS
from reporting.verdicts.measures import final, final_loss
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
SHARED_RATE = 0.01  # Keras's default for SGD


@study.runs
def runs(lab):
    n, epochs = lab.choose(quick=(12_000, 2), paper=(60_000, 3))
    base = lab.config(train_size=n, batch_size=150, epochs=epochs, learning_rate=SHARED_RATE)
    methods = {
        SGD: base,
        MOMENTUM: base.replace(optimizer="momentum"),
        NESTEROV: base.replace(optimizer="nesterov"),
    }
    tenfold = base.replace(learning_rate=10 * SHARED_RATE)
    rates = lab.choose(quick=(0.03, 0.1, 0.3), paper=(0.01, 0.03, 0.1, 0.3, 1.0))
    return {
        "shared": lab.train({**methods, TENFOLD: tenfold}),
        "tuned": lab.train(lab.tune(methods, rates)),
    }


@study.claims
def claims(runs):
    def lower_loss(statement, setting, lower, higher):
        quantity = "training loss after the last update"
        return compare("A 3.5", statement, quantity, runs[setting], final_loss, lower, higher)

    _, look_ahead, keras_weights = nesterov_paths()
    one_rate, own_rate = "at one learning rate for all", "each at its own learning rate"
    return [
        lower_loss(f"Momentum lowers the loss, {one_rate}", "shared", MOMENTUM, SGD),
        lower_loss(f"Nesterov's momentum lowers the loss, {one_rate}", "shared", NESTEROV, SGD),
        lower_loss("Momentum lowers the loss below that of SGD at ten times the rate",
                   "shared", MOMENTUM, TENFOLD),
        lower_loss(f"Momentum lowers the loss, {own_rate}", "tuned", MOMENTUM, SGD),
        lower_loss(f"Nesterov's momentum lowers the loss, {own_rate}", "tuned", NESTEROV, SGD),
        lower_loss(f"Nesterov's correction improves on momentum, {own_rate}",
                   "tuned", NESTEROV, MOMENTUM),
        identity("A 3.5.2", "A's Nesterov and Keras's are one algorithm: Keras's weights are A's "
                 "look-ahead points", "weights after each of 60 updates on a bowl",
                 says=look_ahead, holds=keras_weights, tolerance=1e-5),
    ]  # fmt: skip


CURVATURE = np.array([1.0, 12.0], "float32")  # of the bowl L(θ) = ½ Σ c_i θ_i², of slope c·θ
START, RATE, GAMMA, UPDATES = np.array([-2.0, 1.2]), 0.03, 0.9, 60


def nesterov_paths():
    """A's θ, A's look-ahead points and Keras's weights on the bowl, each (UPDATES + 1, 2)."""
    of_source = nesterov(lambda theta: CURVATURE * theta, START, RATE, GAMMA, UPDATES)
    optimizer = OPTIMIZERS["nesterov"].build(RATE)
    import keras

    weights = keras.Variable(START, dtype="float32")
    path = [START]
    for _ in range(UPDATES):
        optimizer.apply([weights * CURVATURE], [weights])
        path.append(weights.numpy())
    return *of_source, np.array(path)


@study.table
def results(runs):
    rows = [
        [label, setting, records[0].config.learning_rate, summary_of(records, final_loss),
         summary_of(records, final("test_accuracy"))]
        for setting in ("shared", "tuned")
        for label, records in runs[setting].items()
    ]  # fmt: skip
    columns = ["method", "rate", "learning rate", "training loss", "test accuracy"]
    return Table("After the last update", columns, rows, OVER_SEEDS)


@study.figure(
    caption="Each batch's loss before its update, as a moving average over 25 iterations. Left: "
    f"one learning rate for all, {SHARED_RATE}, and SGD at ten times that, for momentum multiplies "
    "a steady gradient by 1/(1 − 0.9) = 10. Right: each method at its own rate.",
    alt="Training loss against iterations for SGD, momentum and Nesterov, at two kinds of rate.",
)
def loss_at_each_iteration(runs):
    fig, axes = plots.figure(1, 2, width=11, height=5, sharey=True)
    for ax, setting, title in zip(
        axes, ("shared", "tuned"), ("One rate for all", "Each at its own rate"), strict=True
    ):
        ax.set_yscale("log")
        draw_losses(ax, runs[setting], windows=dict.fromkeys(runs[setting], 25))
        ax.set_title(title)
    plots.legend(fig)
    return fig


@study.chart("Zoom into every iteration", "Each batch's loss before its update, not averaged.")
def every_loss(runs):
    return {"one rate for all": runs["shared"], "each at its own rate": runs["tuned"]}


@study.figure(
    caption="Two forms of Nesterov's momentum on a bowl. A moves θ and takes the gradient at the "
    "look-ahead point θ − γv; Keras stores that point as its weights. Rings: A's look-ahead "
    "points; dots: Keras's weights, one in the other.",
    alt="Contours of a bowl with A's path, its look-ahead points, and Keras's weights on them.",
    of="no data",
)
def one_algorithm_two_forms(runs):
    theta, look_ahead, keras_weights = nesterov_paths()
    fig, ax = plots.figure()
    grid = np.meshgrid(np.linspace(-2.2, 1.4, 200), np.linspace(-1.4, 1.4, 160))
    loss = sum(c * x**2 for c, x in zip(CURVATURE, grid, strict=True)) / 2
    ax.contour(*grid, loss, levels=np.geomspace(0.02, 15, 12), colors="#BBBBBB", linewidths=0.8)
    shown = slice(26)  # later ones crowd around the minimum
    ax.plot(*theta[shown].T, color=palette.ORANGE, label="A's θ")
    ax.plot(*look_ahead[shown].T, "o", ms=10, mfc="none", color=palette.BLUE, mew=1.6,
            label="A's look-ahead points θ − γv")  # fmt: skip
    ax.plot(*keras_weights[shown].T, ".", color=palette.BLACK, label="Keras's weights")
    plots.label_axes(ax, "First parameter", "Second parameter")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
