"""Loss curves of methods, against what they cost."""

import numpy as np

from reporting import plots
from reporting.findings import Figure
from reporting.lab import TUNING_SEEDS

COSTS = {
    "Iterations": lambda record: np.arange(1, len(record.iteration_loss) + 1),
    "Sample gradients": lambda record: record.sample_gradients,
    "Seconds": lambda record: record.elapsed,
}
"""Label of the x-axis → function of a record that gives the cost up to each iteration."""


def draw_losses(ax, methods, cost="Iterations", first=None, windows=None):
    """Draw each method's loss at every iteration: the mean over seeds, and their band.

    Args:
        ax: axes; iterations are drawn on a linear scale, other costs on a logarithmic one.
        methods: label → list of `RunRecord`, one for each seed.
        cost: key of `COSTS`.
        first: draw only that many iterations.
        windows: label → iterations of a moving average, for methods too noisy to be seen
            without; 1 where it names none.
    """
    if cost != "Iterations":
        ax.set_xscale("log")
    for label, records in methods.items():
        x = np.mean([COSTS[cost](record) for record in records], axis=0)
        curves = np.array([record.iteration_loss for record in records])
        window = (windows or {}).get(label, 1)
        plots.mean_and_band(ax, x[:first], curves[:, :first], label, window)
    plots.label_axes(ax, cost, "Loss of the batch")


def draw_costs(methods, first, windows):
    """Draw the losses against every one of `COSTS`, side by side.

    Args:
        methods: label → list of `RunRecord`.
        first: iterations drawn against iterations; a method that `windows` names is not drawn
            there, as its noise would hide the others.
        windows: as in `draw_losses`.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(COSTS), width=13, height=5, sharey=True)
    for ax, cost in zip(axes, COSTS, strict=True):
        if cost == "Iterations":
            calm = {label: records for label, records in methods.items() if label not in windows}
            draw_losses(ax, calm, cost, first)
        else:
            draw_losses(ax, methods, cost, windows=windows)
        ax.label_outer()
    plots.legend(fig)
    return fig


def draw_epochs(ax, records, metric, label):
    """Draw a metric after each epoch: the mean over seeds, and their band.

    Args:
        ax: axes.
        records: of one method, one for each seed.
        metric: key of `RunRecord.epochs`.
        label: with a style in `plots.FAMILIES`.
    """
    curves = np.array([record.epochs[metric] for record in records])
    plots.mean_and_band(ax, np.arange(1, curves.shape[1] + 1), curves, label)


TUNING_FIGURE = Figure(
    name="learning_rates",
    caption="How the learning rates were chosen: the criterion after the last update, on "
    f"{len(TUNING_SEEDS)} seeds that no comparison uses. Each method takes the rate of its lowest "
    "point.",
    alt="The criterion that each method's learning rate was chosen by, over the rates tried.",
)


def draw_tuning(tunings):
    """Draw each method's criterion over the learning rates tried.

    Args:
        tunings: label → `Tuning`.

    Returns:
        The figure, to go with `TUNING_FIGURE`.
    """
    fig, ax = plots.figure()
    ax.set_xscale("log")
    ax.set_yscale("log")
    for label, tuning in tunings.items():
        plots.mean_and_band(ax, tuning.rates, tuning.scores, label)
    plots.label_axes(ax, "Learning rate", f"{tuning.criterion.capitalize()} after the last update")
    plots.legend(fig)
    return fig
