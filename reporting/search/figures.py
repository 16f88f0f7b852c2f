"""Figures of a search for hyperparameters: trials in, Matplotlib figures and chart curves out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reporting.figures import palette, plots
from reporting.search.axes import Axis, epochs_axis, score_axis, values_of
from training.record import RunRecord
from training.search.trials import Trial, best_of


def draw_parallel(axes: Sequence[Axis], trials: Sequence[Trial]) -> Any:
    """Draw each trial as a line through its settings to its score.

    Args:
        axes: Of the hyperparameters.
        trials: Of the search.

    Returns:
        The figure.
    """
    from matplotlib.patheffects import withStroke

    colors = _ScoreColors(trials)
    columns = [*_with_epochs(axes, trials), score_axis(trials)]
    fig, ax = plots.figure(width=max(8, 0.6 + 1.6 * len(columns)), height=5.6)
    best = best_of(trials)
    for trial in sorted(trials, key=lambda trial: (trial.score, trial is best)):
        heights = np.array([axis.share(axis.place(trial)) for axis in columns])
        heights[np.isnan(heights)] = -0.12  # for hyperparameters that are not used
        color, width = (palette.ORANGE, 3.5) if trial is best else (colors.color(trial), 1.5)
        ax.plot(heights, color=color, linewidth=width, solid_joinstyle="round")
    halo = [withStroke(linewidth=3, foreground="white")]
    unused = any(axis.name not in trial.settings for axis in axes for trial in trials)
    for column, axis in enumerate(columns):
        ax.axvline(column, color="#4D4D4D", linewidth=1, zorder=3)
        for place, text in axis.ticks.items():
            height = axis.share(place)
            ax.text(column + 0.04, height, text, va="center", path_effects=halo, zorder=5, size=11)
    if unused:
        ax.text(0, -0.12, "not used ", va="center", ha="right", size=11)
    ax.set_xticks(range(len(columns)), [_wrapped(axis.name) for axis in columns])
    ax.set_yticks([])
    ax.set_xlim(-0.1 - 0.4 * unused, len(columns) - 0.45)
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    colors.draw_bar(fig, ax)
    return fig


def draw_scores(axes: Sequence[Axis], trials: Sequence[Trial]) -> Any:
    """Draw the score of each trial against each of its settings.

    Args:
        axes: Of the hyperparameters.
        trials: Of the search.

    Returns:
        The figure.
    """
    axes = _with_epochs(axes, trials)
    columns = min(3, len(axes))
    rows = -(-len(axes) // columns)
    width = {1: 8, 2: 10, 3: 12}[columns]
    fig, panels = plots.figure(rows, columns, width, 0.9 + 3.4 * rows, sharey=True, squeeze=False)
    best = best_of(trials)
    for panel, axis in zip(panels.flat, axes, strict=False):
        if axis.logarithmic:
            panel.set_xscale("log")
        for trial in trials:
            if axis.name in values_of(trial):
                _draw_score(panel, axis.place(trial), trial, trial is best)
        plots.label_axes(panel, axis.name[:1].upper() + axis.name[1:], "Validation accuracy")
        panel.set_xticks(list(axis.ticks), list(axis.ticks.values()), minor=False)
        panel.minorticks_off()
        if axis.categorical:
            panel.set_xlim(-0.5, len(axis.values) - 0.5)
            if sum(map(len, axis.ticks.values())) > 28:
                panel.tick_params(axis="x", rotation=40)
    for panel in panels[:, 1:].flat:
        panel.set_ylabel("")
    for panel in panels.flat[len(axes) :]:
        panel.set_visible(False)
    return fig


def _draw_score(panel, place, trial, best):
    if trial.failed:
        foot = panel.get_xaxis_transform()
        panel.plot(place, 0.02, "x", color=palette.GREY, mew=2, transform=foot, clip_on=False)
        return
    scores = trial.scores
    color, marker, size = (palette.ORANGE, "*", 17) if best else (palette.BLUE, "o", 6)
    look = {"color": color, "zorder": 4 if best else 3, "alpha": 1 if best else 0.75}
    panel.vlines(place, scores.min(), scores.max(), linewidth=1.5, **look)
    panel.plot(place, scores.mean(), marker, markersize=size, mec="white", mew=0.7, **look)


def draw_curves(trials: Sequence[Trial]) -> Any:
    """Draw loss and validation accuracy of all trials over the epochs, the best highlighted.

    Args:
        trials: Of the search.

    Returns:
        The figure.
    """
    colors, best = _ScoreColors(trials), best_of(trials)
    fig, (losses, accuracies) = plots.figure(1, 2, width=12, height=5.4)
    for trial in sorted(trials, key=lambda trial: (trial.score, trial is best)):
        color = palette.ORANGE if trial is best else colors.color(trial)
        style = palette.Style(color, palette.SOLID, "")
        label = f"best: trial {trial.number}" if trial is best else "_"
        config = trial.records[0].config
        loss = np.array([record.iteration_loss for record in trial.records], float)
        epochs = trial.records[0].sample_gradients / config.train_size
        window = max(1, loss.shape[1] // 40)
        accuracy = np.array([record.epochs["val_accuracy"] for record in trial.records], float)
        accuracy[[record.failed for record in trial.records]] = np.nan
        for ax, x, curves, averaged in (
            (losses, epochs, loss, window),
            (accuracies, np.arange(1, accuracy.shape[1] + 1), accuracy, 1),
        ):
            if trial is not best:
                curves = curves.mean(axis=0, keepdims=True)
            lines_before = len(ax.lines)
            plots.mean_and_band(ax, x, curves, label, averaged, style)
            for line in ax.lines[lines_before:]:
                line.set(linewidth=3.5 if trial is best else 1.3)
    starts = [record.iteration_loss[0] for trial in trials for record in trial.records]
    losses.set_ylim(0, 1.3 * np.median(starts))
    accuracies.locator_params(axis="x", integer=True)
    plots.label_axes(losses, "Epochs", "Loss of the batch")
    plots.label_axes(accuracies, "Epochs", "Validation accuracy")
    plots.legend(fig)
    colors.draw_bar(fig, accuracies)
    return fig


def chart_of(
    trials: Sequence[Trial], best: int = 6
) -> tuple[dict[str, dict[str, list[RunRecord]]], dict[str, palette.Style]]:
    """Return what `charts.settings_data` draws: the best trials, and all of them.

    Args:
        trials: Of the search.
        best: Number of trials shown first. Defaults to 6.

    Returns:
        Title → {label → records}, and label → style.
    """
    ranked = sorted(trials, key=lambda trial: -trial.score)
    labels = {trial.number: f"trial {trial.number}: {trial.score:.4f}" for trial in trials}
    settings = {
        title: {labels[trial.number]: trial.records for trial in some}
        for title, some in ((f"best {best}", ranked[:best]), (f"all {len(trials)}", ranked))
    }
    if len(trials) <= best:
        del settings[f"best {best}"]
    colors = palette.ordered_styles(min(best, len(trials)))
    styles = {
        labels[trial.number]: colors[min(rank, len(colors) - 1)]
        for rank, trial in enumerate(ranked)
    }
    return settings, styles


class _ScoreColors:
    """The colour of each trial by its score, the darker the higher, and the bar that explains it.

    The lowest quarter shares one colour, as one trial that learns nothing would take up most of the
    range.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        import matplotlib
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        scores = np.array([trial.score for trial in trials if not trial.failed] or [0.0])
        low = np.quantile(scores, 0.25, method="lower")
        self._clipped = any(trial.score < low for trial in trials)
        shades = matplotlib.colormaps["viridis"](np.linspace(0.9, 0, 256))
        norm = Normalize(low, scores.max() if scores.max() > low else low + 0.01)
        self._map = ScalarMappable(norm, ListedColormap(shades))

    def color(self, trial: Trial) -> Any:
        return self._map.to_rgba(trial.score)

    def draw_bar(self, fig: Any, ax: Any) -> None:
        extend = "min" if self._clipped else "neither"
        bar = fig.colorbar(self._map, ax=ax, extend=extend, aspect=28, pad=0.02)
        bar.set_label("Validation accuracy")
        bar.outline.set_visible(False)


def _with_epochs(axes, trials):
    """The axes and, if trials were trained for different numbers of epochs, that of the epochs."""
    epochs = epochs_axis(trials)
    return [*axes, epochs] if len(epochs.values) > 1 else list(axes)


def _wrapped(name):
    """A name of several words on two lines."""
    words = name.split(" ")
    half = -(-len(words) // 2)
    return "\n".join(" ".join(part) for part in (words[:half], words[half:]) if part)
