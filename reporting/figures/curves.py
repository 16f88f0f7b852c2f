"""Loss curves of methods, against what they cost."""

import numpy as np

from reporting.figures import palette, plots
from reporting.findings import Figure
from reporting.verdicts.measures import over_rates, over_seeds
from reporting.verdicts.statistics import mean_interval
from training.optimizers import learning_rates

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
        metric: key of `RunRecord.epochs`, or function of a record that gives such a curve.
        label: of the method, which also gives its style.
    """
    curve = metric if callable(metric) else lambda record: record.epochs[metric]
    curves = np.array([curve(record) for record in records])
    plots.mean_and_band(ax, np.arange(1, curves.shape[1] + 1), curves, label)
    ax.locator_params(axis="x", integer=True)


def draw_metric(ax, methods, metric, name):
    """Draw a metric of each method after each epoch, as `draw_epochs` does, and label the axes.

    Args:
        ax: axes.
        methods: label → list of `RunRecord`, one for each seed.
        metric: as for `draw_epochs`.
        name: of the metric, for the axis.
    """
    for label, records in methods.items():
        draw_epochs(ax, records, metric, label)
    plots.label_axes(ax, "Epochs", name)


def draw_convergence(settings, window, highest):
    """Draw the losses of methods and, below, their validation accuracy, one column a setting.

    Args:
        settings: title → {label → list of `RunRecord`}.
        window: iterations of the moving average of the losses.
        highest: loss that is drawn.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(2, len(settings), width=13, height=9, sharey="row")
    for (loss, accuracy), (title, methods) in zip(axes.T, settings.items(), strict=True):
        draw_losses(loss, methods, windows=dict.fromkeys(methods, window))
        plots.label_axes(loss, "Iterations", "Loss of the batch", title)
        draw_metric(accuracy, methods, "val_accuracy", "Validation accuracy")
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    axes[0, 0].set_ylim(0, highest)
    plots.legend(fig)
    return fig


def draw_sweep(ax, of_settings, measure, label):
    """Draw a measure against a setting of numbers: the mean over seeds, and their band.

    Args:
        ax: axes.
        of_settings: number, ascending → list of `RunRecord`, one for each seed.
        measure: function of a record that gives a number.
        label: of the method, which also gives its style.
    """
    plots.mean_and_band(ax, list(of_settings), over_rates(of_settings, measure), label)


def draw_sweeps(of_settings, panels, x, width, height):
    """Draw measures against a setting, side by side.

    Args:
        of_settings: as for `draw_sweep`.
        panels: name of the y-axis → {label → measure}, as for `draw_sweep`.
        x: name of the setting, or (name, unit).
        width: of the figure in inches.
        height: of the figure in inches.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(panels), width, height)
    for ax, (name, measures) in zip(axes, panels.items(), strict=True):
        for label, measure in measures.items():
            draw_sweep(ax, of_settings, measure, label)
        plots.label_axes(ax, x, name)
    plots.legend(fig)
    return fig


def draw_rates(methods, window):
    """Draw the losses of methods side by side, each at several learning rates.

    Args:
        methods: label → {learning rate → list of `RunRecord`}.
        window: iterations of the moving average.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(methods), width=11, height=5.4, sharey=True)
    rates = sorted({rate for of_rates in methods.values() for rate in of_rates})
    styles = dict(zip(rates, palette.ordered_styles(len(rates)), strict=True))
    for rate, style in styles.items():  # the legend's order
        axes[0].plot([], color=style.color, linestyle=style.linestyle, label=f"{rate:g}")
    for ax, (label, of_rates) in zip(axes, methods.items(), strict=True):
        for rate, records in of_rates.items():
            losses = np.array([record.iteration_loss for record in records])
            x, name = np.arange(1, losses.shape[1] + 1), f"{rate:g}"
            plots.mean_and_band(ax, x, losses, name, window, styles[rate])
        plots.label_axes(ax, "Iterations", "Loss of the batch", title=label)
        ax.label_outer()
    # A loss that explodes would leave all others on the floor.
    axes[0].set_ylim(0, 3.5)
    plots.legend(fig, "Learning rate")
    return fig


def draw_intervals(ax, runs, measure):
    """Draw a number of each method: its mean with the 95 % interval, and the seeds as small dots.

    Args:
        ax: axes; methods lie one below the other, the first on top.
        runs: label → records, one for each seed.
        measure: function of a record that gives the number.
    """
    for row, (label, records) in enumerate(runs.items()):
        values = over_seeds(records, measure)
        values = values[np.isfinite(values)]
        color = palette.method_style(label).color
        ax.plot(values, np.full(len(values), row), "o", color=color, alpha=0.35, markersize=4)
        if not len(values):
            continue
        mean, low, high = mean_interval(values)
        ax.plot([low, high], [row, row], color=color, linewidth=2.5)
        ax.plot(mean, row, palette.method_style(label).marker, color=color, markersize=8)
    ax.set_yticks(np.arange(len(runs)), list(runs))
    ax.set_ylim(len(runs) - 0.5, -0.5)


def draw_schedules(schedules, points=600):
    """Draw how each schedule changes the learning rate, on a linear and a logarithmic axis.

    Args:
        schedules: label → key of `training.optimizers.SCHEDULES`.
        points: of each curve.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, 2, width=11, height=4.8)
    axes[1].set_yscale("log")
    share = np.linspace(0, 1, points, endpoint=False)
    for label, schedule in schedules.items():
        rates = learning_rates(schedule, 1.0, points)
        for ax in axes:
            plots.mean_and_band(ax, share, [rates], label)
            plots.label_axes(ax, "Share of the iterations", "Learning rate / largest")
    plots.legend(fig)
    return fig


TUNING_FIGURE = Figure(
    name="learning_rates",
    caption="How the learning rates were chosen: the criterion after the last update, on "
    "seeds that no comparison uses. Each method takes the rate of its lowest "
    "point. A cross above the axes is a rate at which a run diverged: a loss was not finite, or "
    "climbed to twice its start and ended no lower than ln 10, that of guessing.",
    alt="The criterion that each method's learning rate was chosen by, over the rates tried.",
)


def draw_tuning(tunings):
    """Draw each method's criterion over the learning rates tried.

    Args:
        tunings: label → `Tuning`; where labels are pairs (setting, label), such as those of
            networks of several depths, each setting has axes of its own.

    Returns:
        The figure, to go with `TUNING_FIGURE`.
    """
    settings = {}
    for label, tuning in tunings.items():
        setting, method = label if isinstance(label, tuple) else ("", label)
        settings.setdefault(setting, {})[method] = tuning
    width = max(8, 1 + 4 * len(settings))
    fig, axes = plots.figure(1, len(settings), width, height=5.5, sharey=True, squeeze=False)
    for ax, (setting, of_methods) in zip(axes.flat, settings.items(), strict=True):
        _draw_criterion(ax, of_methods, f"Learning rate, {setting}" if setting else "Learning rate")
        ax.label_outer()
    plots.legend(fig)
    return fig


def _draw_criterion(ax, tunings, x):
    ax.set_xscale("log")
    ax.set_yscale("log")
    crossed = {}
    for label, tuning in tunings.items():
        alive = np.isfinite(tuning.scores).all(axis=0)
        plots.mean_and_band(ax, tuning.rates[alive], tuning.scores[:, alive], label)
        if not alive.all():
            crossed[label] = tuning.rates[~alive]
    _draw_diverged(ax, crossed)
    criterion = f"{tuning.criterion.capitalize()} after the last update"
    plots.label_axes(ax, x, criterion)


def _draw_diverged(ax, rates_of_methods):
    """Mark the rates at which methods diverged by crosses above the axes, a row for each method."""
    over, heights = ax.get_xaxis_transform(), {}
    for row, (label, rates) in enumerate(reversed(rates_of_methods.items())):
        heights[label] = 1.05 + 0.05 * row
        ax.plot(rates, np.full(len(rates), heights[label]), "x", ms=8, mew=2.2, transform=over,
                color=palette.method_style(label).color, clip_on=False)  # fmt: skip
    first, last = np.log(ax.get_xlim())
    for label, height in heights.items():
        low, high = rates_of_methods[label].min(), rates_of_methods[label].max()
        before = np.log(low) - first > last - np.log(high)  # where there is more room
        rate, away, side = (low, -9, "right") if before else (high, 9, "left")
        with plots.style():
            ax.annotate(f"{label} diverged", (rate, height), (away, 0), over, "offset points",
                        ha=side, va="center", size=9.5, annotation_clip=False)  # fmt: skip
