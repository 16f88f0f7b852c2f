"""Figures of a search for hyperparameters: trials against their settings, and their curves."""

import dataclasses

import numpy as np

from reporting.figures import palette, plots
from reporting.verdicts.formatting import format_number
from reporting.verdicts.measures import over_seeds
from training.search.trials import score

EPOCHS, SCORE = "epochs", "validation accuracy"

MOST_TICKS = 8
"""Different values of a hyperparameter up to which each has a tick."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A trial and its runs.

    Attributes:
        number: from 1, in the order in which settings were chosen.
        settings: hyperparameter → value; without those that were not used.
        records: of its runs, one for each seed.
    """

    number: int
    settings: dict
    records: list

    @property
    def scores(self):
        """Validation accuracy of each run after the last epoch, 0 if it failed."""
        return over_seeds(self.records, score)

    @property
    def score(self):
        """What the search maximises."""
        return round(float(self.scores.mean()), 6)

    @property
    def epochs(self):
        """Epochs that its runs were asked for."""
        return self.records[0].config.epochs

    @property
    def values(self):
        """What it can be drawn against: its settings, epochs and score."""
        return self.settings | {EPOCHS: self.epochs, SCORE: self.score}

    @property
    def failed(self):
        """Whether one of its runs failed."""
        return any(record.failed for record in self.records)


def best_of(trials):
    """The first trial with the highest score."""
    return max(trials, key=lambda trial: trial.score)


@dataclasses.dataclass(frozen=True)
class Axis:
    """A hyperparameter as an axis.

    Attributes:
        name: of the hyperparameter.
        values: those that trials had, in order; of numbers ascending.
        logarithmic: whether it is drawn so.
        named: whether its values are names, or truth values, which are drawn evenly apart.
    """

    name: str
    values: list
    logarithmic: bool
    named: bool

    def text(self, value):
        """A value as the reader sees it; a dash for None."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            value = float(f"{value:.3g}")
        return value if isinstance(value, str) else format_number(value)

    def place(self, trial):
        """A trial's value as a number, NaN where it is not used."""
        value = trial.values.get(self.name)
        if value is None:
            return np.nan
        return self.values.index(value) if self.named else value

    def share(self, place):
        """A place as a number from 0 to 1 along the axis."""
        scale = np.log if self.logarithmic else np.asarray
        low, high = scale(self.limits)
        return float((scale(place) - low) / (high - low))

    @property
    def limits(self):
        """The smallest and largest place, apart from each other."""
        low, high = (0, len(self.values) - 1) if self.named else (self.values[0], self.values[-1])
        if low < high:
            return low, high
        return (low / 2, high * 2) if self.logarithmic else (low - 0.5, high + 0.5)

    @property
    def ticks(self):
        """Place → text."""
        if self.named:
            return {place: self.text(value) for place, value in enumerate(self.values)}
        if len(self.values) <= MOST_TICKS:
            return {value: self.text(value) for value in self.values}
        from matplotlib.ticker import LogLocator, MaxNLocator

        low, high = self.limits
        locator = LogLocator() if self.logarithmic else MaxNLocator(5)
        places = [place for place in locator.tick_values(low, high) if low <= place <= high]
        return {place: self.text(place) for place in places}


def axes_of(space, trials):
    """The `Axis` of each hyperparameter that trials used.

    Args:
        space: as `HyperParameters.get_config()["space"]` of keras-tuner gives it.
        trials: list of `Trial`.
    """
    stated = {one["config"]["name"]: one["config"] for one in space}
    axes = []
    for name, config in stated.items():
        used = {trial.settings[name] for trial in trials if name in trial.settings}
        named = any(isinstance(value, str | bool) for value in used)
        order = config.get("values", sorted(used)) if named else sorted(used)
        values = [value for value in order if value in used]
        logarithmic = config.get("sampling") == "log" and not named
        if values:
            axes.append(Axis(name, values, logarithmic, named))
    return axes


def _axis_of(name, trials):
    """The `Axis` of the epochs, or of the score."""
    return Axis(name, sorted({trial.values[name] for trial in trials}), False, False)


def _drawn(axes, trials):
    """The axes and, where trials were trained for different epochs, that of the epochs."""
    epochs = _axis_of(EPOCHS, trials)
    return [*axes, *[epochs] * (len(epochs.values) > 1)]


def draw_parallel(axes, trials):
    """Draw each trial as a line through its settings to its score.

    Args:
        axes: list of `Axis`.
        trials: list of `Trial`.

    Returns:
        The figure.
    """
    from matplotlib.patheffects import withStroke

    colors = _Colors(trials)
    columns = [*_drawn(axes, trials), _axis_of(SCORE, trials)]
    fig, ax = plots.figure(width=max(8, 0.6 + 1.6 * len(columns)), height=5.6)
    best = best_of(trials)
    for trial in sorted(trials, key=lambda trial: (trial.score, trial is best)):
        heights = np.array([axis.share(axis.place(trial)) for axis in columns])
        heights[np.isnan(heights)] = -0.12  # of what is not used
        color = palette.ORANGE if trial is best else colors.of(trial)
        ax.plot(
            heights, color=color, linewidth=3.5 if trial is best else 1.5, solid_joinstyle="round"
        )
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
    colors.bar(fig, ax)
    return fig


def draw_scores(axes, trials):
    """Draw the score of each trial against each of its settings.

    Args:
        axes: list of `Axis`.
        trials: list of `Trial`.

    Returns:
        The figure.
    """
    axes = _drawn(axes, trials)
    columns = min(3, len(axes))
    rows = -(-len(axes) // columns)
    width = {1: 8, 2: 10, 3: 12}[columns]
    fig, panels = plots.figure(rows, columns, width, 0.9 + 3.4 * rows, sharey=True, squeeze=False)
    best = best_of(trials)
    for panel, axis in zip(panels.flat, axes, strict=False):
        if axis.logarithmic:
            panel.set_xscale("log")
        for trial in trials:
            if axis.name in trial.values:
                _draw_score(panel, axis.place(trial), trial, trial is best)
        plots.label_axes(panel, axis.name[:1].upper() + axis.name[1:], "Validation accuracy")
        panel.set_xticks(list(axis.ticks), list(axis.ticks.values()), minor=False)
        panel.minorticks_off()
        if axis.named:
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


def draw_curves(trials):
    """Draw loss and validation accuracy of all trials over the epochs, the best highlighted.

    Args:
        trials: list of `Trial`.

    Returns:
        The figure.
    """
    colors, best = _Colors(trials), best_of(trials)
    fig, (losses, accuracies) = plots.figure(1, 2, width=12, height=5.4)
    for trial in sorted(trials, key=lambda trial: (trial.score, trial is best)):
        color = palette.ORANGE if trial is best else colors.of(trial)
        style = palette.Style(color, palette.SOLID, "")
        label = f"best: trial {trial.number}" if trial is best else "_"
        config = trial.records[0].config
        loss = np.array([record.iteration_loss for record in trial.records], float)
        epochs = trial.records[0].sample_gradients / config.train_size
        window = max(1, loss.shape[1] // 40)
        accuracy = np.array([record.epochs["val_accuracy"] for record in trial.records], float)
        accuracy[[record.failed for record in trial.records]] = np.nan
        for ax, x, curve, over in (
            (losses, epochs, loss, window),
            (accuracies, np.arange(1, accuracy.shape[1] + 1), accuracy, 1),
        ):
            if trial is not best:
                curve = curve.mean(axis=0, keepdims=True)
            drawn = len(ax.lines)
            plots.mean_and_band(ax, x, curve, label, over, style)
            for line in ax.lines[drawn:]:
                line.set(linewidth=3.5 if trial is best else 1.3)
    start = np.median([record.iteration_loss[0] for t in trials for record in t.records])
    losses.set_ylim(0, 1.3 * start)
    accuracies.locator_params(axis="x", integer=True)
    plots.label_axes(losses, "Epochs", "Loss of the batch")
    plots.label_axes(accuracies, "Epochs", "Validation accuracy")
    plots.legend(fig)
    colors.bar(fig, accuracies)
    return fig


def chart_of(trials, best=6):
    """What `charts.settings_data` draws: the best trials, and all of them.

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


class _Colors:
    """The colour of each trial by its score, the darker the higher, and the bar that explains it.

    The lowest quarter shares one colour, as one trial that learns nothing would take all others'.
    """

    def __init__(self, trials):
        import matplotlib
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        scores = np.array([t.score for t in trials if not t.failed] or [0.0])
        low = np.quantile(scores, 0.25, method="lower")
        self._clipped = any(trial.score < low for trial in trials)
        shades = matplotlib.colormaps["viridis"](np.linspace(0.9, 0, 256))
        norm = Normalize(low, scores.max() if scores.max() > low else low + 0.01)
        self._map = ScalarMappable(norm, ListedColormap(shades))

    def of(self, trial):
        return self._map.to_rgba(trial.score)

    def bar(self, fig, ax):
        extend = "min" if self._clipped else "neither"
        bar = fig.colorbar(self._map, ax=ax, extend=extend, aspect=28, pad=0.02)
        bar.set_label("Validation accuracy")
        bar.outline.set_visible(False)


def _wrapped(name):
    """A name of several words on two lines."""
    words = name.split(" ")
    half = -(-len(words) // 2)
    return "\n".join(" ".join(part) for part in (words[:half], words[half:]) if part)
