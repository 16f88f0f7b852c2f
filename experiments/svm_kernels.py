"""Support vector machines with three kinds of kernels on two circles (B, section 1.2.6)."""

import numpy as np

from datasets import points
from experiments.analyses.svm_kernels import (
    CS,
    DEGREES,
    GAMMAS,
    KERNELS,
    LIFTED,
    LINEAR,
    RBF,
    best_fit,
    polynomial,
)
from reporting import Study, Table, compare, identity, summary
from reporting.figures import cells, decision_boundaries, plots
from reporting.verdicts.measures import over_seeds

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

SIZE, TEST_SIZE = 200, 1000  # of the training and of the validation set; of the test set
ENOUGH = 0.95  # a kernel is usable that has this share of the RBF kernel's mean test accuracy
FAMILIES = {0: "polynomial, coef0 = 0", 1: "polynomial, coef0 = 1"}


@study.runs
def runs(lab):
    """Kernel → a fit for each seed; and the training points of seed 0."""
    drawn = [points.circles(2 * SIZE + TEST_SIZE, seed=seed) for seed in range(lab.seeds)]
    sets = [points.train_validation_and_test(*xy, SIZE, TEST_SIZE, k) for k, xy in enumerate(drawn)]
    fits = {kernel: [best_fit(kernel, *of_seed) for of_seed in sets] for kernel in KERNELS}
    return {"fits": fits, "points": sets[0][0]}


def accuracy(runs, kernel):
    """On the test points, shape (seeds,)."""
    return over_seeds(runs["fits"][kernel], lambda fit: fit.accuracy)


def usable(runs, *kernels):
    """Whether each kernel comes close enough to the RBF kernel."""
    enough = ENOUGH * accuracy(runs, RBF).mean()
    return [bool(accuracy(runs, kernel).mean() >= enough) for kernel in kernels]


@study.claims
def claims(runs):
    def whether(statement, quantity, says, kernels):
        quantity = f"{quantity} 95 % of the RBF kernel's accuracy"
        return identity("B 1.2.6", statement, quantity, says, usable(runs, *kernels))

    def of_degrees(coef0):
        name, degrees = FAMILIES[coef0], DEGREES[1:]
        kernels = [polynomial(coef0, degree) for degree in degrees]
        works = zip(degrees, usable(runs, *kernels), strict=True)
        return [
            identity("B 1.2.6", f"Degree 6 is the lowest that is usable ({name})",
                     "lowest degree with 95 % of the RBF kernel's accuracy",
                     6, min((degree for degree, is_usable in works if is_usable), default=0)),
            whether(f"Degrees from 6 on are usable, those below are not ({name})",
                    "whether degrees 2 to 7 have", [d >= 6 for d in degrees], kernels),
        ]  # fmt: skip

    return [
        compare("B 1.2.6", "The boundary must not be linear", "test accuracy", runs["fits"],
                lambda fit: fit.accuracy, LINEAR, RBF, better="higher"),
        whether("The linear kernel and degree 1 do not work", "whether linear and degree 1 have",
                [False, False], [LINEAR, polynomial(0, 1)]),
        *of_degrees(coef0=0),
        *of_degrees(coef0=1),
        whether("In more dimensions a linear kernel works",
                "whether linear with the coordinate x₁² + x₂² has", [True], [LIFTED]),
    ]  # fmt: skip


@study.table
def accuracies(runs):
    rows = []
    for kernel, fits in runs["fits"].items():
        chosen = ", ".join(f"({C:g}, {gamma:g})" for C, gamma in sorted({f[1] for f in fits}))
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
        of_seeds = np.transpose([accuracy(runs, kernel) for kernel in kernels])
        plots.mean_and_band(ax, DEGREES, of_seeds, name)
    plots.label_axes(ax, "Degree", "Test accuracy")
    plots.legend(fig)
    return fig


def draw_boundaries(runs, beside, coef0):
    kernels = beside | {f"Degree {degree}": polynomial(coef0, degree) for degree in DEGREES}
    fits = {title: runs["fits"][kernel][0] for title, kernel in kernels.items()}
    scores = {
        f"{title}: {100 * fit.accuracy:.0f} %": fit.machine.decision_function
        for title, fit in fits.items()
    }
    names, look = ("outer circle", "inner circle"), {"labels": ("x₁", "x₂"), "levels": (-1, 0, 1)}
    return decision_boundaries.draw_panels(scores, *runs["points"], names, 13, 7.8, rows=2, **look)


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
        percent = 100 * np.mean([fit.sweep for fit in runs["fits"][kernel]], axis=0)
        cells.draw_binary_accuracies(ax, percent, CS, GAMMAS)
        plots.label_axes(ax, "C", "gamma", title=title)
        ax.label_outer()
    return fig


if __name__ == "__main__":
    from experiments.commands.running import run_study

    run_study(study)
