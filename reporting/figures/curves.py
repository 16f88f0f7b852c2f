"""Loss curves, and other numbers of methods, against what they cost or depend on.

In: records by method. Out: curves with bands, drawn on axes that a study gives, or whole figures.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reporting.figures import palette, plots
from reporting.findings import Figure
from reporting.verdicts.measures import over_rates, over_seeds
from reporting.verdicts.statistics import mean_interval
from training import RunRecord
from training.optimizers import learning_rates
from training.record import FAILED

Methods = Mapping[str, Sequence[RunRecord]]
"""Label → records of a method, one for each seed."""

Settings = Mapping[Any, Sequence[RunRecord]]
"""Value of a setting, ascending → records of one method, one for each seed."""

COSTS: dict[str, Callable[[RunRecord], NDArray]] = {
    "Iterations": lambda record: np.arange(1, len(record.iteration_loss) + 1),
    "Sample gradients": lambda record: record.sample_gradients,
    "Seconds": lambda record: record.elapsed,
}
"""Label of the x-axis → function of a record that returns the cost up to each iteration."""


def draw_losses(
    ax: Any,
    methods: Methods,
    cost: str = "Iterations",
    first: int | None = None,
    windows: Mapping[str, int] | None = None,
    count_failed: bool = True,
) -> None:
    """Draw each method's loss at every iteration: the mean over seeds, and their band.

    Args:
        ax: The axes. Iterations are drawn on a linear scale, other costs on a logarithmic one.
        methods: Label → records.
        cost: Key of `COSTS`. Defaults to "Iterations".
        first: Number of iterations to draw. Defaults to all.
        windows: Label → iterations of the moving average, for methods that are too noisy to be
            seen without one. Defaults to none: the exact losses.
        count_failed: Whether the legend says how many runs failed. Defaults to True.
    """
    if cost != "Iterations":
        ax.set_xscale("log")
    for label, records in methods.items():
        x = np.mean([COSTS[cost](record) for record in records], axis=0)
        curves = np.array([record.iteration_loss for record in records])
        window = (windows or {}).get(label, 1)
        failed = sum(record.failed for record in records) if count_failed else 0
        plots.mean_and_band(ax, x[:first], curves[:, :first], label, window, failed=failed)
    plots.label_axes(ax, cost, "Loss of the batch")


def draw_costs(methods: Methods, first: int, windows: Mapping[str, int]) -> Any:
    """Draw the losses against every one of `COSTS`, side by side.

    Args:
        methods: Label → records.
        first: Number of iterations drawn against iterations. A method in `windows` is not drawn
            there, as its noise would hide the others.
        windows: As for `draw_losses`.

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


def draw_epochs(
    ax: Any,
    records: Sequence[RunRecord],
    metric: str | Callable[[RunRecord], ArrayLike],
    label: str,
) -> None:
    """Draw a metric after each epoch: the mean over seeds, and their band.

    Args:
        ax: The axes.
        records: Of one method, one for each seed.
        metric: Key of `RunRecord.epochs`, or function of a record that returns such a curve.
        label: Name of the method, which also gives its style.
    """
    curves = np.array([_metric_curve(record, metric) for record in records])
    plots.mean_and_band(ax, np.arange(1, curves.shape[1] + 1), curves, label)
    ax.locator_params(axis="x", integer=True)


def _metric_curve(record, metric):
    return metric(record) if callable(metric) else record.epochs[metric]


def draw_metric(
    ax: Any, methods: Methods, metric: str | Callable[[RunRecord], ArrayLike], name: str
) -> None:
    """Draw a metric of each method after each epoch, as `draw_epochs` does, and label the axes.

    Args:
        ax: The axes.
        methods: Label → records.
        metric: As for `draw_epochs`.
        name: Of the metric, for the y-axis.
    """
    for label, records in methods.items():
        draw_epochs(ax, records, metric, label)
    plots.label_axes(ax, "Epochs", name)


def draw_convergence(settings: Mapping[str, Methods], window: int, highest: float) -> Any:
    """Draw the losses of methods and, below, their validation accuracy, one column a setting.

    Args:
        settings: Title → {label → records}.
        window: Iterations of the moving average of the losses.
        highest: Largest loss that is drawn.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(2, len(settings), width=13, height=9, sharey="row")
    for (loss, accuracy), (title, methods) in zip(axes.T, settings.items(), strict=True):
        # Methods share one legend, so where one failed stands above its column.
        draw_losses(loss, methods, windows=dict.fromkeys(methods, window), count_failed=False)
        failed = [label for label, records in methods.items() if any(r.failed for r in records)]
        if failed:
            title = f"{title} ({', '.join(failed)}: failed)"
        plots.label_axes(loss, "Iterations", "Loss of the batch", title)
        draw_metric(accuracy, methods, "val_accuracy", "Validation accuracy")
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    axes[0, 0].set_ylim(0, highest)
    plots.legend(fig)
    return fig


def draw_sweep(
    ax: Any, settings: Settings, measure: Callable[[RunRecord], float], label: str
) -> None:
    """Draw a measure against a setting of numbers: the mean over seeds, and their band.

    Args:
        ax: The axes.
        settings: Value of the setting → records.
        measure: Function of a record that returns a number.
        label: Name of the method or measure, which also gives its style.
    """
    plots.mean_and_band(ax, list(settings), over_rates(settings, measure), label)


def draw_sweeps(
    settings: Settings,
    panels: Mapping[str, Mapping[str, Callable[[RunRecord], float]]],
    x: str | tuple[str, str],
    width: float,
    height: float,
) -> Any:
    """Draw measures against a setting, side by side.

    Args:
        settings: Value of the setting → records.
        panels: Label of the y-axis → {label → measure}, as for `draw_sweep`.
        x: Name of the setting, or (name, unit).
        width: Of the figure, in inches.
        height: Of the figure, in inches.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(panels), width, height)
    for ax, (name, measures) in zip(axes, panels.items(), strict=True):
        for label, measure in measures.items():
            draw_sweep(ax, settings, measure, label)
        plots.label_axes(ax, x, name)
    plots.legend(fig)
    return fig


def draw_rates(methods: Mapping[str, Settings], window: int) -> Any:
    """Draw the losses of methods side by side, each at several learning rates.

    Args:
        methods: Label → {learning rate → records}.
        window: Iterations of the moving average.

    Returns:
        The figure.
    """
    fig, axes = plots.figure(1, len(methods), width=11, height=5.4, sharey=True)
    rates = sorted({rate for runs_by_rate in methods.values() for rate in runs_by_rate})
    styles = dict(zip(rates, palette.ordered_styles(len(rates)), strict=True))
    for rate, style in styles.items():  # so that the legend lists the rates in order
        axes[0].plot([], color=style.color, linestyle=style.linestyle, label=f"{rate:g}")
    for ax, (label, runs_by_rate) in zip(axes, methods.items(), strict=True):
        for rate, records in runs_by_rate.items():
            losses = np.array([record.iteration_loss for record in records])
            x, name = np.arange(1, losses.shape[1] + 1), f"{rate:g}"
            plots.mean_and_band(ax, x, losses, name, window, styles[rate], failed=0)
        plots.label_axes(ax, "Iterations", "Loss of the batch", title=label)
        ax.label_outer()
    # A loss that explodes would flatten all others.
    axes[0].set_ylim(0, 3.5)
    plots.legend(fig, "Learning rate")
    return fig


def draw_intervals(
    ax: Any, runs: Mapping[str, Sequence[Any]], measure: Callable[[Any], float]
) -> None:
    """Draw a number of each method: its mean with the 95 % interval, and the seeds as small dots.

    Args:
        ax: The axes. Methods lie one below the other, the first on top.
        runs: Label → runs, one for each seed.
        measure: Function of a run that returns the number.
    """
    for row, (label, runs_of_seeds) in enumerate(runs.items()):
        values = over_seeds(runs_of_seeds, measure)
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


def draw_schedules(schedules: Mapping[str, str], points: int = 600) -> Any:
    """Draw how each schedule changes the learning rate, on a linear and a logarithmic axis.

    Args:
        schedules: Label → key of `training.optimizers.SCHEDULES`.
        points: Of each curve. Defaults to 600.

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
    f"point. A cross above the axes is a rate at which a run failed: {FAILED}.",
    alt="The criterion that each method's learning rate was chosen by, over the rates tried.",
)


def draw_tuning(tunings: Mapping[Hashable, Any]) -> Any:
    """Draw each method's criterion over the learning rates tried.

    Args:
        tunings: Label → `Tuning`. Where labels are pairs (setting, label), such as those of
            networks of several depths, each setting has axes of its own.

    Returns:
        The figure, to go with `TUNING_FIGURE`.
    """
    settings: dict[str, dict[str, Any]] = {}
    for label, tuning in tunings.items():
        setting, method = label if isinstance(label, tuple) else ("", label)
        settings.setdefault(setting, {})[method] = tuning
    width = max(8, 1 + 4 * len(settings))
    fig, axes = plots.figure(1, len(settings), width, height=5.5, sharey=True, squeeze=False)
    for ax, (setting, methods) in zip(axes.flat, settings.items(), strict=True):
        _draw_criterion(ax, methods, f"Learning rate, {setting}" if setting else "Learning rate")
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
    _draw_failed_rates(ax, crossed)
    criterion = f"{tuning.criterion.capitalize()} after the last update"
    plots.label_axes(ax, x, criterion)


def _draw_failed_rates(ax, methods):
    """Mark the rates at which methods failed by crosses above the axes, a row for each method."""
    over, heights = ax.get_xaxis_transform(), {}
    for row, (label, rates) in enumerate(reversed(methods.items())):
        heights[label] = 1.05 + 0.05 * row
        crosses = {"color": palette.method_style(label).color, "ms": 8, "mew": 2.2}
        row_height = np.full(len(rates), heights[label])
        ax.plot(rates, row_height, "x", transform=over, clip_on=False, **crosses)
    first, last = np.log(ax.get_xlim())
    for label, height in heights.items():
        low, high = methods[label].min(), methods[label].max()
        more_room_before = np.log(low) - first > last - np.log(high)
        rate, offset, side = (low, -9, "right") if more_room_before else (high, 9, "left")
        text = {"ha": side, "va": "center", "size": 9.5, "annotation_clip": False}
        with plots.style():
            ax.annotate(
                f"{label} failed", (rate, height), (offset, 0), over, "offset points", **text
            )
