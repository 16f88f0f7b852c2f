"""One hidden layer of growing width, against functions on the unit cube (E)."""

import itertools

import numpy as np

from experiments.analyses.universal_approximation import approximation
from experiments.analyses.universal_approximation.approximation import (
    BOUNDS,
    RELUS,
    SIGMOIDS,
    SOLVED,
    TRAINED,
    WRITTEN,
    by_width,
)
from reporting import Study, Table, direction, identity, summary
from reporting.figures import images, palette, plots

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

NEURONS = SIGMOIDS, RELUS
CASES = list(itertools.product((1, 2), NEURONS))  # dimension m and hidden neurons
SHOWN = 4, 16, 64  # neurons, of widths that each preset has


@study.runs
def runs(lab):
    """Case → width → `Approximation`."""
    widths = lab.choose(quick=(1, *SHOWN), paper=(1, 2, 4, 8, 16, 32, 64, 128))
    how = lab.choose(quick=1000, paper=2000), range(lab.seeds), lab.tuning_seeds
    return {case: {n: approximation.approximate(*case, n, *how) for n in widths} for case in CASES}


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
        slope, rate, errors = of_case[width]
        for way, error in errors.items():
            largest, rms = approximation.largest(error), approximation.rms(error)
            of_starts = largest.max() / largest.min(), f"{slope}, {rate:g}"
            row = f"{neurons}, m = {m}", way, summary(largest), summary(rms)
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
    for ax, ((m, neurons), of_case) in zip(axes.flat, runs.items(), strict=True):
        widths = np.array(list(of_case))
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        for way in of_case[1].errors:
            plots.mean_and_band(ax, widths, by_width(of_case, way), way)
        if m == 1:
            ax.plot(widths, BOUNDS[neurons](widths), color=palette.BLACK, ls=":", lw=1.2)
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
    x, f = approximation.TEST[1], approximation.target(approximation.TEST[1])
    for ax, (neurons, n) in zip(axes.flat, itertools.product(NEURONS, SHOWN), strict=True):
        ax.plot(x, f, color=palette.BLACK, lw=1.2, label="function")
        for way in (WRITTEN, TRAINED):
            color, line, _ = palette.method_style(way)
            ax.plot(x, f + runs[1, neurons][n].errors[way][0], color=color, ls=line, label=way)
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
    f = approximation.target(approximation.TEST[2])
    for row, neurons in zip(axes, NEURONS, strict=True):
        wrong = [runs[2, neurons][n].errors[TRAINED][0] for n in SHOWN]
        titles = ["Function", *(f"{n} {neurons}" for n in SHOWN), "Error, times ten"]
        pictures = [f, *(f + error for error in wrong), 10 * wrong[-1]]
        for ax, title, values in zip(row, titles, pictures, strict=True):
            images.draw_image(ax, values.reshape(100, 100), (-1, 1))
            plots.label_axes(ax, "", "", title)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
