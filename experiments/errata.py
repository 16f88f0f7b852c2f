"""Statements of the five sources that do not hold, each computed as printed and as it holds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets import points
from experiments.analyses.errata import demonstrations, statements
from experiments.analyses.errata.erratum import HOLDS, PICTURE, PRINTED, Erratum
from reporting import Measure, Study, Table, direction, identity
from reporting.figures import cells, palette, plots
from reporting.verdicts.formatting import format_exactly
from reporting.verdicts.measures import ACCURACY_MARGIN

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

# No network of its own: each statement is computed on the smallest example that decides it. Only
# what becomes of validation data needs seeds: a logistic regression on marks of movies.
TRAINING, VALIDATION, VALIDATION_SET = 200, 1000, 10  # points; those of one validation set
NORMALISED_BY = "the training set", "the validation set"


@dataclass(frozen=True)
class Runs:
    """Both sides of each erratum, and what is drawn of some.

    Attributes:
        errata: Every erratum.
        accuracies: Accuracy on validation sets, for each seed, normalised by the statistics of
            each of `NORMALISED_BY`.
        neuron_losses: Side → losses; the sides, here and below, are `PRINTED` and `HOLDS`.
        pooling_gradients: Side → gradient at each pixel of `PICTURE`.
        paths: Rule → side → path down the bowl.
        hidden_neurons: Side → "weights" of four neurons and "losses" along their training.
    """

    errata: list[Erratum]
    accuracies: dict[str, list[float]]
    neuron_losses: dict[str, np.ndarray]
    pooling_gradients: dict[str, np.ndarray]
    paths: dict[str, dict[str, np.ndarray]]
    hidden_neurons: dict[str, dict[str, Any]]


@study.runs
def runs(lab):
    return Runs(
        errata=[Erratum(**stored) for stored in lab.compute("errata", both_sides_of_all)],
        accuracies=lab.compute("accuracies", accuracies, lab.seeds),
        **lab.compute("demonstrations", demonstrations.demonstrations),
    )


def both_sides_of_all():
    return [erratum._asdict() for erratum in statements.errata()]


def accuracies(seeds):
    """What `Runs.accuracies` holds."""
    measured = []
    for seed in range(seeds):
        x, y = points.movie_marks(TRAINING + VALIDATION, seed=seed)
        parts = points.train_and_test(x, y, VALIDATION, seed)
        measured.append(demonstrations.accuracy_normalised(*parts, size=VALIDATION_SET))
    by_training_set, by_itself = zip(*measured, strict=True)
    return dict(zip(NORMALISED_BY, (by_training_set, by_itself), strict=True))


ACCURACY = Measure(
    f"accuracy on validation sets of {VALIDATION_SET} points",
    better="higher",
    margin=ACCURACY_MARGIN,
)


@study.claims
def claims(runs):
    identities = [
        identity(
            source=erratum.source,
            statement=erratum.printed,
            quantity=erratum.quantity,
            says=erratum.says,
            holds=erratum.holds,
            tolerance=1e-6,
        )
        for erratum in runs.errata
    ]
    training_set, validation_set = NORMALISED_BY
    normalisation = direction(
        source="B 3.1 Q20",
        statement="Statistics of the training set must not normalise validation data",
        measure=ACCURACY,
        lower=(f"those of {training_set}", runs.accuracies[training_set]),
        higher=(f"those of {validation_set}", runs.accuracies[validation_set]),
    )
    return sorted([*identities, normalisation], key=lambda claim: claim.source[0])


@study.table
def both_sides(runs):
    columns = ["source", "printed", "what holds", "quantity", "as printed", "as it holds"]
    rows = [
        [
            erratum.source,
            erratum.printed,
            erratum.correct,
            erratum.quantity,
            format_exactly(erratum.says),
            format_exactly(erratum.holds),
        ]
        for erratum in runs.errata
    ]
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
    losses = runs.neuron_losses
    fig, (loss, derivative, descent) = plots.figure(1, 3, width=13, height=4.6)
    draw_both(loss, p, -1 + np.log(p), -np.log(p))
    title = "A 2.3: −1 + log p, −log p"
    plots.label_axes(loss, "Probability of the true class", "Loss", title)
    draw_both(derivative, z, 1 - np.tan(z) ** 2, 1 - np.tanh(z) ** 2)
    plots.label_axes(derivative, "z", "Derivative of tanh z", "B Q17: tan, tanh")
    draw_both(descent, np.arange(len(losses[HOLDS])), losses[PRINTED], losses[HOLDS])
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
    added = runs.pooling_gradients[HOLDS]
    pictures = {
        "Picture and windows": PICTURE,
        "D 3.3: assigned": runs.pooling_gradients[PRINTED],
        "By differences: added": added,
    }
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
    w1, w2 = np.linspace(-2.2, 0.6, 200), np.linspace(-1.1, 1.1, 200)
    heights = demonstrations.loss_on_bowl(np.stack(np.meshgrid(w1, w2), axis=-1))
    for (rule, paths), (bowl, losses) in zip(runs.paths.items(), axes.T, strict=True):
        bowl.contour(w1, w2, heights, np.geomspace(0.02, 60, 9), colors="#C8C8C8", linewidths=1)
        losses.set_yscale("log")
        for side, path in paths.items():
            color, linestyle, marker = palette.method_style(side)
            bowl.plot(*path.T, marker, color=color, linestyle=linestyle, lw=1.5, ms=5)
            loss = demonstrations.loss_on_bowl(path)
            plots.mean_and_band(losses, np.arange(len(path)), [loss], side)
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
    titles = {PRINTED: "Start at 0", HOLDS: "Random start"}
    for ax, (side, trained) in zip(axes[:2], runs.hidden_neurons.items(), strict=True):
        updates = np.arange(len(trained["losses"]))
        for k, style in enumerate(palette.ordered_styles(4)):
            weights = trained["weights"][:, k]
            plots.mean_and_band(ax, updates, [weights], f"neuron {k + 1}", style=style)
        plots.mean_and_band(axes[2], updates, [trained["losses"]], side)
        plots.label_axes(ax, "Updates", "Weight of the first input", title=titles[side])
    plots.label_axes(axes[2], "Updates", "Loss", title="Loss from both")
    plots.legend(fig)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
