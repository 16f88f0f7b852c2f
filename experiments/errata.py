"""Statements of the five sources that do not hold, each computed as printed and as it holds."""

import numpy as np

from datasets import points
from experiments.analyses.errata import demonstrations, statements
from experiments.analyses.errata.erratum import PICTURE
from models.from_scratch import normal, zeros
from reporting import Study, Table, direction, identity
from reporting.figures import cells, palette, plots
from reporting.verdicts.formatting import format_exactly

study = Study(
    name="errata",
    title="Errata of the sources",
    question="Which statements of the sources do not hold, and what does instead?",
    sources=["A", "B", "C", "D", "E"],
    says="Numbers, formulas and pseudo-code, taken as printed. Each stands beside a computation "
    "of the same quantity that does not use it.",
    datasets=[],
    seeds={"quick": 5, "paper": 5},
)

PRINTED, HOLDS = "as printed", "what holds"


@study.runs
def runs(lab):
    """All of it is computed whenever the study is drawn."""
    marks = [points.movie_marks(1200, seed=seed) for seed in range(lab.seeds)]
    sets = [points.train_and_test(*of_seed, 1000, seed) for seed, of_seed in enumerate(marks)]
    return {
        "errata": statements.errata(),
        "accuracy": [demonstrations.accuracy_normalised(*of_seed, size=10) for of_seed in sets],
    }


@study.claims
def claims(runs):
    by_training_set, by_itself = np.transpose(runs["accuracy"])
    of_b = direction(
        "B 3.1 Q20", "Statistics of the training set must not normalise validation data",
        "accuracy on validation sets of 10 points", ("those of the training set", by_training_set),
        ("those of the validation set", by_itself), better="higher",
    )  # fmt: skip
    identities = [
        identity(of.source, of.printed, of.quantity, of.says, of.holds, tolerance=1e-6)
        for of in runs["errata"]
    ]
    return sorted([*identities, of_b], key=lambda claim: claim.source[0])


@study.table
def both_sides(runs):
    columns = ["source", "printed", "what holds", "quantity", "as printed", "as it holds"]
    rows = [[*of[:4], format_exactly(of.says), format_exactly(of.holds)] for of in runs["errata"]]
    return Table("Each erratum with both sides", columns, rows)


@study.table
def shown_elsewhere(runs):
    columns = ["source", "statement", "study"]
    return Table("Shown by other studies", columns, statements.SHOWN_BY_STUDIES)


def draw_both(ax, x, printed, holds):
    plots.mean_and_band(ax, x, [printed], PRINTED)
    plots.mean_and_band(ax, x, [holds], HOLDS)


@study.figure(
    caption="Three formulas as printed and as they hold. A's loss grows the surer the network is "
    "of the true class, and is negative; B's derivative of tanh leaves (0, 1] and has poles; with "
    "C's sign the updates climb, and the loss of a neuron that predicts marks grows.",
    alt="Loss against probability, derivative of tanh, and loss against updates; two curves each.",
    of="no data",
)
def formulas(runs):
    p, z = np.linspace(0.02, 1, 200), np.linspace(-1.3, 1.3, 200)
    x, y = points.movie_marks(100)
    losses = [demonstrations.neuron_losses(points.scaled_marks(x), y, rate) for rate in (-1, 1)]
    fig, (loss, derivative, descent) = plots.figure(1, 3, width=13, height=4.6)
    draw_both(loss, p, -1 + np.log(p), -np.log(p))
    title = "A 2.3: −1 + log p, −log p"
    plots.label_axes(loss, "Probability of the true class", "Loss", title)
    draw_both(derivative, z, 1 - np.tan(z) ** 2, 1 - np.tanh(z) ** 2)
    plots.label_axes(derivative, "z", "Derivative of tanh z", "B Q17: tan, tanh")
    draw_both(descent, np.arange(60), *losses)
    plots.label_axes(descent, "Updates", "Loss", "C: w + ε∇J, w − ε∇J")
    plots.legend(fig)
    return fig


@study.figure(
    caption="Backward pass of max pooling with windows of 3x3 pixels at stride 2. The pixel in the "
    "middle is the maximum of all four windows, whose outputs have the gradients 1, 2, 3 and 4. "
    "D's code keeps the 4; the loss changes by their sum.",
    alt="A picture with four overlapping windows; gradients 4 by D's code and 10 by adding.",
    of="no data",
)
def max_pooling_backward(runs):
    assigned, added = demonstrations.pooling_gradients()
    pictures = {"Picture and windows": PICTURE, "D 3.3: assigned": assigned,
                "By differences: added": added}  # fmt: skip
    fig, axes = plots.figure(1, 3, width=11, height=4.4)
    shades = np.where(added.round(6) != 0, palette.tint(palette.ORANGE), cells.PAPER)
    for ax, (title, values) in zip(axes, pictures.items(), strict=True):
        cells.draw_cells(ax, values.round(6) + 0.0, shades)
        ax.set_title(title)
    colors = palette.VERMILLION, palette.BLUE, palette.GREEN, palette.PURPLE
    for window, color in zip(np.argwhere(demonstrations.AT_OUTPUTS), colors, strict=True):
        cells.frame(
            axes[0], *demonstrations.POOL_STRIDE * window, demonstrations.POOL_SIZE, color=color
        )
    return fig


@study.figure(
    caption="Down a bowl that is 50 times as steep one way as the other, in 40 updates, each at "
    "the best of 41 learning rates that do not climb. Divided by one number, as printed, the step "
    "keeps the gradient's direction and has the trouble of gradient descent with such bowls; "
    "divided coordinate by coordinate it has not.",
    alt="Paths on an elongated bowl and losses, for AdaGrad and RMSProp, as printed and as known.",
    of="no data",
)
def elongated_bowl(runs):
    fig, axes = plots.figure(2, 2, width=11, height=8, sharey="row")
    side = np.linspace(-2.2, 0.6, 200), np.linspace(-1.1, 1.1, 200)
    heights = demonstrations.loss_on_bowl(np.stack(np.meshgrid(*side), axis=-1))
    for rule, (bowl, losses) in zip(demonstrations.RULES, axes.T, strict=True):
        bowl.contour(*side, heights, np.geomspace(0.02, 60, 9), colors="#C8C8C8", linewidths=1)
        losses.set_yscale("log")
        for name in (PRINTED, HOLDS):
            path = demonstrations.best_path(rule, name == PRINTED)
            color, linestyle, marker = palette.method_style(name)
            bowl.plot(*path.T, marker, color=color, linestyle=linestyle, lw=1.5, ms=5)
            plots.mean_and_band(
                losses, np.arange(len(path)), [demonstrations.loss_on_bowl(path)], name
            )
        losses.set_ylim(1e-8)
        plots.label_axes(bowl, "w₁", "w₂", title=rule)
        plots.label_axes(losses, "Updates", "Loss")
    plots.legend(fig)
    return fig


@study.figure(
    caption="A network of four hidden neurons that learns where two inputs have the same sign. "
    "Started at 0, its neurons get the same gradient in every update and remain one neuron; "
    "started at random they part, and the loss falls further.",
    alt="Weights of four neurons: one line from a start at 0, four from a random one; the losses.",
    of="no data",
)
def start_at_zero(runs):
    fig, axes = plots.figure(1, 3, width=13, height=4.6)
    starts = {PRINTED: ("Start at 0", zeros), HOLDS: ("Random start", normal(1))}
    for ax, (name, (title, initializer)) in zip(axes, starts.items(), strict=False):
        weights, losses = demonstrations.hidden_weights(initializer)
        updates = np.arange(len(losses))
        for k, style in enumerate(palette.ordered_styles(4)):
            plots.mean_and_band(ax, updates, weights.T[[k]], f"neuron {k + 1}", style=style)
        plots.mean_and_band(axes[2], updates, [losses], name)
        plots.label_axes(ax, "Updates", "Weight of the first input", title=title)
    plots.label_axes(axes[2], "Updates", "Loss", title="Loss from both")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
