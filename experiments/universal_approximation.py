"""One hidden layer of growing width, against functions on the unit cube (E)."""

import itertools
from dataclasses import dataclass

import numpy as np

from experiments.analyses.universal_approximation import approximation
from experiments.analyses.universal_approximation.approximation import (
    ACTIVATIONS,
    BOUNDS,
    RELUS,
    SETTINGS,
    SIGMOIDS,
    SOLVED,
    TRAINED,
    TRAINING,
    WRITE,
    WRITTEN,
    Approximations,
)
from experiments.analyses.universal_approximation.one_layer import LAYERS
from models.from_scratch import Dense, Network, mean_squared_error
from reporting import Measure, Study, Table, direction, identity, network_of, summary
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

# m-N-1 with sigmoids or ReLUs on the hidden layer, trained by Adam on the mean squared error.
NEURONS = SIGMOIDS, RELUS
CASES = list(itertools.product((1, 2), NEURONS))  # number of inputs m, and hidden neurons
SHOWN = 4, 16, 64  # numbers of neurons N to draw; every preset has them
UPDATES = {"quick": 1000, "paper": 2000}
BATCH_SIZE = 32


@study.networks
def networks():
    _, rates = zip(*SETTINGS, strict=True)
    training = (
        f"mean squared error · Adam · learning rate {min(rates)} to {max(rates)}, falling to 0 as "
        f"half a cosine · batch size {BATCH_SIZE} · {UPDATES['paper']:,} updates "
        f"({UPDATES['quick']:,} in the quick preset)"
    )
    width = SHOWN[-1]
    described = []
    for m, neurons in CASES:
        layers = [Dense(width), LAYERS[ACTIVATIONS[neurons]](), Dense(1)]
        described.append(
            network_of(
                Network(layers, mean_squared_error, input_shape=(m,)),
                f"{neurons}, m = {m}, here with N = {width}",
                f"{training} · {len(TRAINING[m]):,} training points",
            )
        )
    return described


@dataclass(frozen=True)
class Runs:
    """How well networks of each width approximate f.

    Attributes:
        widths: Numbers of neurons N, ascending.
        cases: (m, hidden neurons) → their `Approximations`.
    """

    widths: tuple[int, ...]
    cases: dict[tuple[int, str], Approximations]


@study.runs
def runs(lab):
    widths = lab.choose(quick=(1, *SHOWN), paper=(1, 2, 4, 8, 16, 32, 64, 128))
    cases = {}
    for m, neurons in CASES:
        computed = lab.compute(
            f"{neurons}, m = {m}",
            approximation.approximate,
            m,
            neurons,
            widths,
            updates=lab.choose(**UPDATES),
            batch_size=BATCH_SIZE,
            seeds=range(lab.seeds),
            tuning_seeds=lab.tuning_seeds,
            shown=SHOWN,
        )
        cases[m, neurons] = Approximations(**computed)
    return Runs(widths, cases)


def largest_error(name):
    return Measure(name, better="lower", margin=0.05)  # of the ratio: 5 % of an error


@study.claims
def claims(runs):
    widths = np.array(runs.widths)

    def falls(m, neurons):
        trained = runs.cases[m, neurons].largest[TRAINED]
        return direction(
            source=CHAPTER,
            statement=f"More neurons bring the error down ({neurons}, m = {m})",
            measure=largest_error("largest error after training"),
            lower=(f"N = {widths[-1]}", trained[:, -1]),
            higher=(f"N = {widths[0]}", trained[:, 0]),
            ratio=True,
        )

    def bounded(neurons, formula):
        (written,) = runs.cases[1, neurons].largest[WRITTEN]
        return identity(
            source=CHAPTER,
            statement=f"N {neurons} exist whose error is at most {formula} (m = 1)",
            quantity="share of the largest error above it, each width",
            says=np.zeros(len(widths)),
            holds=np.maximum(written / BOUNDS[neurons](widths) - 1, 0),
            tolerance=1e-6,
        )

    def missed(method, m, neurons):
        found = runs.cases[m, neurons].largest
        trained, known = found[TRAINED][:, -1], found[method][:, -1]
        return direction(
            source=CHAPTER,
            statement="Training, on which the theorem is silent, misses weights that exist "
            f"({method}; {neurons}, m = {m})",
            measure=largest_error(f"largest error at N = {widths[-1]}"),
            # Weights that are written down are the same for every seed.
            lower=(method, np.resize(known, trained.shape)),
            higher=(TRAINED, trained),
            ratio=True,
        )

    return [
        *(falls(*case) for case in CASES),
        bounded(SIGMOIDS, "max|f′| / 2(N + 1)"),
        bounded(RELUS, "max|f″| / 8N²"),
        missed(WRITTEN, 1, RELUS),
        *(missed(SOLVED, *case) for case in CASES),
    ]


@study.table
def widest(runs):
    rows = []
    for (m, neurons), case in runs.cases.items():
        slope, rate = case.settings[-1]
        for method in case.largest:
            largest, rms = case.largest[method][:, -1], case.rms[method][:, -1]
            spread, setting = "—", "—"
            if method == TRAINED:
                spread, setting = largest.max() / largest.min(), f"{slope}, {rate:g}"
            errors = summary(largest), summary(rms)
            rows.append([f"{neurons}, m = {m}", method, *errors, spread, setting])
    columns = [
        "hidden layer",
        "weights",
        "largest error",
        "root mean square",
        "worst start / best",
        "slope, rate",
    ]
    note = (
        "At points not trained on; mean over starts, 95 % interval. At each width training takes "
        "the slope, which is the standard deviation of the first hidden weights, and Adam's first "
        "rate with the lowest training error on other seeds."
    )
    return Table(f"With {runs.widths[-1]} neurons", columns, rows, note)


@study.figure(
    caption="Largest error at points not trained on. Dotted: what the weights that are written "
    "down stay below, max|f′| / 2(N + 1) for a staircase of N steep sigmoids and max|f″| / 8N² for "
    "straight lines between N ReLUs. The output layer is solved for behind the hidden layer that "
    "training starts from.",
    alt="Four panels of error falling with width; trained networks end above others in most.",
)
def error_against_width(runs):
    fig, axes = plots.figure(2, 2, width=11, height=8.6)
    widths = np.array(runs.widths)
    for ax, ((m, neurons), case) in zip(axes.flat, runs.cases.items(), strict=True):
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        for method, largest in case.largest.items():
            plots.mean_and_band(ax, widths, largest, method)
        if m == 1:
            ax.plot(widths, BOUNDS[neurons](widths), color=palette.BLACK, ls=":", lw=1.2)
        plots.label_axes(ax, "Neurons N", "Largest error", f"N {neurons}, m = {m}")
        ax.set_xticks(widths, widths)
        ax.set_xticks([], minor=True)
    plots.legend(fig)
    return fig


def trained_errors(runs, m, neurons, width):
    """Error at the test points of the network trained from seed 0."""
    weights = runs.cases[m, neurons].shown[str(width)]
    return approximation.errors(neurons, weights, approximation.TEST[m])


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
        (written,) = approximation.errors(neurons, WRITE[neurons](approximation.target, n), x)
        errors = {WRITTEN: written, TRAINED: trained_errors(runs, 1, neurons, n)}
        ax.plot(x, f, color=palette.BLACK, lw=1.2, label="function")
        for method, error in errors.items():
            color, line, _ = palette.method_style(method)
            ax.plot(x, f + error, color=color, ls=line, label=method)
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
        errors = [trained_errors(runs, 2, neurons, n) for n in SHOWN]
        titles = ["Function", *(f"{n} {neurons}" for n in SHOWN), "Error, times ten"]
        pictures = [f, *(f + error for error in errors), 10 * errors[-1]]
        for ax, title, values in zip(row, titles, pictures, strict=True):
            images.draw_image(ax, values.reshape(100, 100), (-1, 1))
            plots.label_axes(ax, "", "", title)
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
