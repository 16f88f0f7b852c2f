"""Support vector machines with three kinds of kernels on two circles (B, section 1.2.6)."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from datasets import points
from experiments.analyses import svm_kernels as analysis
from experiments.analyses.svm_kernels import (
    CS,
    DEGREES,
    GAMMAS,
    KERNELS,
    LIFTED,
    LINEAR,
    RBF,
    Fit,
    polynomial,
)
from reporting import Measure, Study, Table, compare, identity, summary
from reporting.figures import cells, decision_boundaries, plots
from reporting.verdicts.measures import ACCURACY_MARGIN, over_seeds

study = Study(
    name="svm_kernels",
    title="Kernels of a support vector machine on two circles",
    question="Which kernels separate two circles, from which degree does the polynomial one, and "
    "what does its constant term coef0 change?",
    sources=["B 1.2.6"],
    says="The linear kernel and the polynomial one of degree 1 do not work; from degree 6 the "
    "polynomial kernel is usable. In more dimensions a linear kernel would work too.",
    datasets=[],
    seeds={"quick": 5, "paper": 5},
)

# No network: scikit-learn's support vector machines, with C of CS and γ of GAMMAS chosen on
# validation points.
SIZE, TEST_SIZE = 200, 1000  # of the training and of the validation set; of the test set
ENOUGH = 0.95  # a kernel is usable that has this share of the RBF kernel's mean test accuracy
FAMILIES = {0: "polynomial, coef0 = 0", 1: "polynomial, coef0 = 1"}  # coef0 → label


@dataclass(frozen=True)
class Runs:
    """The machines of each kernel.

    Attributes:
        fits: Kernel → its fit for each seed.
        solutions: Kernel → the machine of seed 0, as `analysis.solution` returns it.
        points: The training points of seed 0 and their labels.
    """

    fits: dict[str, list[Fit]]
    solutions: dict[str, dict[str, Any]]
    points: list[np.ndarray]


@study.runs
def runs(lab):
    computed = lab.compute("fits", fit_kernels, lab.seeds)
    fits = {
        kernel: [Fit(**fit) for fit in of_seeds] for kernel, of_seeds in computed["fits"].items()
    }
    return Runs(fits, computed["solutions"], computed["points"])


def fit_kernels(seeds):
    """Fit every kernel on the points of each seed: the attributes of `Runs`, as they are stored."""
    sets = []
    for seed in range(seeds):
        x, y = points.circles(2 * SIZE + TEST_SIZE, seed=seed)
        sets.append(points.train_validation_and_test(x, y, SIZE, TEST_SIZE, seed))
    fits, solutions = {}, {}
    for kernel in KERNELS:
        found = [analysis.best_fit(kernel, *parts) for parts in sets]
        fits[kernel] = [asdict(fit) for fit, _ in found]
        _, first_machine = found[0]
        solutions[kernel] = analysis.solution(first_machine)
    training, *_ = sets[0]
    return {"fits": fits, "solutions": solutions, "points": training}


ACCURACY = Measure(
    "test accuracy", lambda fit: fit.accuracy, better="higher", margin=ACCURACY_MARGIN
)


def accuracy(runs, kernel):
    """On the test points, shape (seeds,)."""
    return over_seeds(runs.fits[kernel], ACCURACY)


def usable(runs, *kernels):
    """Whether each kernel comes close enough to the RBF kernel."""
    enough = ENOUGH * accuracy(runs, RBF).mean()
    return [bool(accuracy(runs, kernel).mean() >= enough) for kernel in kernels]


@study.claims
def claims(runs):
    def whether(statement, quantity, says, kernels):
        return identity(
            source="B 1.2.6",
            statement=statement,
            quantity=f"{quantity} 95 % of the RBF kernel's accuracy",
            says=says,
            holds=usable(runs, *kernels),
        )

    def degrees_usable(coef0):
        name, degrees = FAMILIES[coef0], DEGREES[1:]
        kernels = [polynomial(coef0, degree) for degree in degrees]
        works = zip(degrees, usable(runs, *kernels), strict=True)
        return [
            identity(
                source="B 1.2.6",
                statement=f"Degree 6 is the lowest that is usable ({name})",
                quantity="lowest degree with 95 % of the RBF kernel's accuracy",
                says=6,
                holds=min((degree for degree, is_usable in works if is_usable), default=0),
            ),
            whether(
                f"Degrees from 6 on are usable, those below are not ({name})",
                "whether degrees 2 to 7 have",
                [degree >= 6 for degree in degrees],
                kernels,
            ),
        ]

    return [
        compare(
            source="B 1.2.6",
            statement="The boundary must not be linear",
            measure=ACCURACY,
            runs=runs.fits,
            lower=LINEAR,
            higher=RBF,
        ),
        whether(
            "The linear kernel and degree 1 do not work",
            "whether linear and degree 1 have",
            [False, False],
            [LINEAR, polynomial(0, 1)],
        ),
        *degrees_usable(coef0=0),
        *degrees_usable(coef0=1),
        whether(
            "In more dimensions a linear kernel works",
            "whether linear with the coordinate x₁² + x₂² has",
            [True],
            [LIFTED],
        ),
    ]


@study.table
def accuracies(runs):
    rows = []
    for kernel, fits in runs.fits.items():
        different = sorted({tuple(fit.settings) for fit in fits})
        chosen = ", ".join(f"({C:g}, {gamma:g})" for C, gamma in different)
        percent = summary(100 * accuracy(runs, kernel))
        rows.append([kernel, percent, *usable(runs, kernel), chosen])
    columns = ["kernel", "test accuracy (%)", "usable", "C and gamma, chosen"]
    note = (
        f"{SIZE} points for training, {SIZE} to choose C and gamma, {TEST_SIZE:,} for the test. "
        "Mean over seeds, 95 % interval. A linear kernel has no gamma."
    )
    return Table("Which kernels separate two circles", columns, rows, note)


@study.figure(
    caption="Test accuracy against the degree d of the polynomial kernel (γ·x·z + coef0)^d. With "
    "coef0 = 0 it holds terms of degree d alone. Even ones have powers of x₁² + x₂² and work from "
    "2 on. Odd ones give scores that differ from a constant in opposite ways at opposite points, "
    "on the outer circle as on the inner one, and do not work at all. With coef0 = 1 it holds all "
    "degrees up to d, and works from 2 on.",
    alt="Accuracy of polynomial kernels: a zigzag for coef0 = 0, level from degree 2 for 1.",
)
def accuracy_by_degree(runs):
    fig, ax = plots.figure(width=9, height=5.4)
    curves = {name: [polynomial(c, degree) for degree in DEGREES] for c, name in FAMILIES.items()}
    curves |= {kernel: [kernel] * len(DEGREES) for kernel in (RBF, LINEAR)}
    for name, kernels in curves.items():
        accuracies = np.transpose([accuracy(runs, kernel) for kernel in kernels])
        plots.mean_and_band(ax, DEGREES, accuracies, name)
    plots.label_axes(ax, "Degree", "Test accuracy")
    plots.legend(fig)
    return fig


def draw_boundaries(runs, beside, coef0):
    kernels = beside | {f"Degree {degree}": polynomial(coef0, degree) for degree in DEGREES}
    scores = {}
    for title, kernel in kernels.items():
        fit = runs.fits[kernel][0]
        _, gamma = fit.settings
        score = analysis.score(kernel, gamma, runs.solutions[kernel])
        scores[f"{title}: {100 * fit.accuracy:.0f} %"] = score
    return decision_boundaries.draw_panels(
        scores,
        *runs.points,
        ("outer circle", "inner circle"),
        width=13,
        height=7.8,
        rows=2,
        labels=("x₁", "x₂"),
        levels=(-1, 0, 1),
    )


@study.figure(
    caption="Boundaries of polynomial kernels with coef0 = 0, beside the linear one; the training "
    "points, and the accuracy on the test points. Shades change at the margins.",
    alt="Eight boundaries: closed around the inner circle for degrees 2, 4 and 6 alone.",
    of="seed 0",
)
def boundaries_without_coef0(runs):
    return draw_boundaries(runs, {"Linear": LINEAR}, coef0=0)


@study.figure(
    caption="The same with coef0 = 1, beside the RBF kernel.",
    alt="Eight boundaries: closed around the inner circle for RBF and every degree but 1.",
    of="seed 0",
)
def boundaries_with_coef0(runs):
    return draw_boundaries(runs, {"RBF": RBF}, coef0=1)


@study.figure(
    caption="Accuracy on the validation points (%) at each C and gamma, mean over seeds. Degrees "
    "2 and 6 need gamma or C large enough; degree 3 without coef0 fails at all of them.",
    alt="Six grids of numbers over C and gamma, one for each of six kernels.",
)
def settings_swept(runs):
    kernels = {f"Degree {d}, coef0 = {c}": polynomial(c, d) for c in FAMILIES for d in (2, 3, 6)}
    fig, axes = plots.figure(2, 3, width=11, height=6)
    for ax, (title, kernel) in zip(axes.flat, kernels.items(), strict=True):
        percent = 100 * np.mean([fit.sweep for fit in runs.fits[kernel]], axis=0)
        cells.draw_binary_accuracies(ax, percent, CS, GAMMAS)
        plots.label_axes(ax, "C", "gamma", title=title)
        ax.label_outer()
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
