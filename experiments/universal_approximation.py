"""One hidden layer of growing width, against functions on the unit cube (E)."""

import itertools

import numpy as np

from models import one_layer
from reporting import Study, Table, direction, grids, identity, plots, summary

CHAPTER = "E, “Universal Approximation Theorem”"

study = Study(
    name="universal_approximation",
    title="What one hidden layer can do, and what training finds",
    question="How far does the error of one hidden layer fall as it grows wider, and does gradient "
    "descent find weights as good as those that exist?",
    sources=[CHAPTER],
    says="One hidden layer of enough neurons, of sigmoids or of ReLUs, approximates any continuous "
    "function on [0, 1]^m. How to estimate its parameters efficiently is not said.",
    datasets=[],
)

SIGMOIDS, RELUS = "sigmoids", "ReLUs"
ACTIVATIONS = {SIGMOIDS: "sigmoid", RELUS: "relu"}
CASES = list(itertools.product((1, 2), ACTIVATIONS))  # dimension m and hidden neurons
TRAINED, SOLVED, WRITTEN = plots.FAMILIES["weights"]
SHOWN = 4, 16, 64  # neurons, of widths that each preset has
SETTINGS = list(itertools.product((6, 20), (0.01, 0.03, 0.1, 0.3)))  # slope and learning rate
WRITE = {SIGMOIDS: one_layer.staircase, RELUS: one_layer.straight_lines}
BOUNDS = {
    SIGMOIDS: lambda n: 5 * np.pi / (2 * (n + 1)),  # |f′| is at most 5π,
    RELUS: lambda n: 22 * np.pi**2 / (8 * n**2),  # and |f″| at most 22π²
}


def target(x):
    """The function f at points, shape (n, m): two waves for m = 1, a round ripple for m = 2."""
    if x.shape[1] == 1:
        return np.sin(2 * np.pi * x[:, 0]) + np.sin(6 * np.pi * x[:, 0]) / 2
    return np.cos(2 * np.pi * np.hypot(*(x - 0.5).T))


def grid(side, m):
    """All points of [0, 1]^m with these coordinates, shape (len(side)^m, m)."""
    return np.stack(np.meshgrid(*m * [side]), axis=-1).reshape(-1, m)


TRAINING = {m: grid(np.linspace(0, 1, n), m) for m, n in {1: 256, 2: 32}.items()}
TEST = {m: grid((np.arange(n) + 0.5) / n, m) for m, n in {1: 2000, 2: 100}.items()}


def errors(neurons, weights, x):
    """Output less f at points, of networks side by side, shape (networks, points)."""
    return one_layer.outputs(ACTIVATIONS[neurons], weights, x) - target(x)


def largest(errors):
    return np.abs(errors).max(axis=-1)


def rms(errors):
    return np.sqrt(np.mean(errors**2, axis=-1))


def start(m, width, slopes_and_seeds):
    networks = [one_layer.draw(m, width, slope, seed) for slope, seed in slopes_and_seeds]
    return one_layer.stack(networks)


def tune(neurons, m, width, seeds, updates):
    """The setting with the lowest training error."""
    trials = [(*setting, seed) for setting in SETTINGS for seed in seeds]
    weights = start(m, width, [(slope, seed) for slope, _, seed in trials])
    data = TRAINING[m], target(TRAINING[m]), [rate for _, rate, _ in trials]
    weights = one_layer.train(ACTIVATIONS[neurons], weights, *data, updates)
    scores = rms(errors(neurons, weights, TRAINING[m])).reshape(len(SETTINGS), -1)
    return SETTINGS[scores.mean(axis=1).argmin()]


def approximate(neurons, m, width, lab, updates):
    """The setting of training, and way to get the weights → errors at the test points."""
    slope, rate = tune(neurons, m, width, lab.tuning_seeds, updates)
    weights = start(m, width, [(slope, seed) for seed in range(lab.seeds)])
    data = ACTIVATIONS[neurons], weights, TRAINING[m], target(TRAINING[m])
    found = {
        TRAINED: one_layer.train(*data, lab.seeds * [rate], updates),
        SOLVED: one_layer.solve(*data),
    }
    if m == 1:
        found[WRITTEN] = WRITE[neurons](target, width)
    return (slope, rate), {way: errors(neurons, w, TEST[m]) for way, w in found.items()}


@study.runs
def runs(lab):
    """Case → width → setting and errors."""
    widths = lab.choose(quick=(1, *SHOWN), paper=(1, 2, 4, 8, 16, 32, 64, 128))
    updates = lab.choose(quick=1000, paper=2000)
    return {
        (m, neurons): {n: approximate(neurons, m, n, lab, updates) for n in widths}
        for m, neurons in CASES
    }


def by_width(of_case, way):
    """Largest error of each network at each width, shape (networks, widths)."""
    return np.transpose([largest(wrong[way]) for _, wrong in of_case.values()])


@study.claims
def claims(runs):
    widths = np.array(list(runs[CASES[0]]))

    def falls(m, neurons):
        error = by_width(runs[m, neurons], TRAINED)
        pair = [(f"N = {widths[k]}", error[:, k]) for k in (-1, 0)]
        return direction(CHAPTER, f"More neurons bring the error down ({neurons}, m = {m})",
                         "largest error after training", *pair, ratio=True)  # fmt: skip

    def bounded(neurons, formula):
        ratio = by_width(runs[1, neurons], WRITTEN)[0] / BOUNDS[neurons](widths)
        return identity(CHAPTER, f"N {neurons} exist whose error is at most {formula} (m = 1)",
                        "share of the largest error above it, each width", np.zeros(len(widths)),
                        np.maximum(ratio - 1, 0), tolerance=1e-6)  # fmt: skip

    def missed(way, m, neurons):
        known, trained = (by_width(runs[m, neurons], w)[:, -1] for w in (way, TRAINED))
        pair = (way, np.resize(known, trained.shape)), (TRAINED, trained)
        case = f"{way}; {neurons}, m = {m}"
        statement = f"Training, on which the theorem is silent, misses weights that exist ({case})"
        quantity = f"largest error at N = {widths[-1]}"
        return direction(CHAPTER, statement, quantity, *pair, ratio=True)

    return [
        *(falls(*case) for case in CASES),
        bounded(SIGMOIDS, "max|f′| / 2(N + 1)"),
        bounded(RELUS, "max|f″| / 8N²"),
        missed(WRITTEN, 1, RELUS),
        *(missed(SOLVED, *case) for case in CASES),
    ]


@study.table
def widest(runs):
    rows, width = [], max(runs[CASES[0]])
    for (m, neurons), of_case in runs.items():
        (slope, rate), wrong = of_case[width]
        for way, error in wrong.items():
            of_starts = largest(error).max() / largest(error).min(), f"{slope}, {rate:g}"
            row = f"{neurons}, m = {m}", way, summary(largest(error)), summary(rms(error))
            rows.append([*row, *(of_starts if way == TRAINED else ("—", "—"))])
    columns = ["hidden layer", "weights", "largest error", "root mean square",
               "worst start / best", "slope, rate"]  # fmt: skip
    note = (
        "At points not trained on; mean over starts, 95 % interval. At each width training takes "
        "the slope, which is the standard deviation of the first hidden weights, and Adam's first "
        "rate with the lowest training error on other seeds."
    )
    return Table(f"With {width} neurons", columns, rows, note)


@study.figure(
    caption="Largest error at points not trained on. Dotted: what the weights that are written "
    "down stay below, max|f′| / 2(N + 1) for a staircase of N steep sigmoids and max|f″| / 8N² for "
    "straight lines between N ReLUs. The output layer is solved for behind the hidden layer that "
    "training starts from.",
    alt="Four panels of error falling with width; trained networks end above others in most.",
)
def error_against_width(runs):
    fig, axes = plots.figure(2, 2, width=11, height=8.6)
    for ax, (m, neurons) in zip(axes.flat, CASES, strict=True):
        of_case = runs[m, neurons]
        widths = np.array(list(of_case))
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        for way in of_case[1][1]:
            plots.mean_and_band(ax, widths, by_width(of_case, way), way)
        if m == 1:
            ax.plot(widths, BOUNDS[neurons](widths), color=plots.BLACK, ls=":", lw=1.2)
        plots.label_axes(ax, "Neurons N", "Largest error", f"N {neurons}, m = {m}")
        ax.set_xticks(widths, widths)
        ax.set_xticks([], minor=True)
    plots.legend(fig)
    return fig


@study.figure(
    caption="The function of one variable, black, what training makes of it, and the weights that "
    "are written down.",
    alt="Six panels: rough fits by 4 neurons, and by 64 trained ones that nearly hide the curve.",
    of="seed 0",
)
def fits_of_one_variable(runs):
    fig, axes = plots.figure(2, 3, width=13, height=7.4, sharex=True, sharey=True)
    x, f = TEST[1], target(TEST[1])
    for ax, (neurons, n) in zip(axes.flat, itertools.product(ACTIVATIONS, SHOWN), strict=True):
        ax.plot(x, f, color=plots.BLACK, lw=1.2, label="function")
        for way in (WRITTEN, TRAINED):
            color, line, _ = plots.method_style(way)
            ax.plot(x, f + runs[1, neurons][n][1][way][0], color=color, ls=line, label=way)
        plots.label_axes(ax, "x", "f(x)", f"{n} {neurons}")
        ax.label_outer()
    plots.legend(fig)
    return fig


@study.figure(
    caption="The function of two variables, what training makes of it, and the error of the "
    "widest of these networks. Dark is −1 and bright 1; of the error, −0.1 and 0.1.",
    alt="A round ripple as 4, 16 and 64 neurons draw it: with few creases, then nearly round.",
    of="seed 0",
)
def fits_of_two_variables(runs):
    fig, axes = plots.figure(2, 5, width=13, height=6)
    f = target(TEST[2])
    for row, neurons in zip(axes, ACTIVATIONS, strict=True):
        wrong = [runs[2, neurons][n][1][TRAINED][0] for n in SHOWN]
        titles = ["Function", *(f"{n} {neurons}" for n in SHOWN), "Error, times ten"]
        pictures = [f, *(f + error for error in wrong), 10 * wrong[-1]]
        for ax, title, values in zip(row, titles, pictures, strict=True):
            grids.draw_picture(ax, values.reshape(100, 100), (-1, 1))
            plots.label_axes(ax, "", "", title)
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
