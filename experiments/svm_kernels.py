"""Support vector machines with three kinds of kernels on two circles (B, section 1.2.6)."""

import itertools
import warnings
from typing import Any, NamedTuple

import numpy as np

from datasets import points
from reporting import Study, Table, boundaries, direction, grids, identity, plots, summary

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
CS, GAMMAS = (0.1, 1, 10, 100), (0.1, 1, 10)
DEGREES = range(1, 8)
ENOUGH = 0.95  # a kernel is usable that has this share of the RBF kernel's mean test accuracy
MOST_STEPS = 10_000  # of the solver, which hardly ends where the kernel does not fit the points

LINEAR, LIFTED, RBF = "linear", "linear, with x₁² + x₂² as a coordinate", "RBF"
COEF0 = {0: "polynomial, coef0 = 0", 1: "polynomial, coef0 = 1"}
KERNELS = {LINEAR: {"kernel": "linear"}, LIFTED: {"kernel": "linear"}, RBF: {"kernel": "rbf"}}
KERNELS |= {
    (coef0, degree): {"kernel": "poly", "coef0": coef0, "degree": degree}
    for coef0, degree in itertools.product(COEF0, DEGREES)
}


class Fit(NamedTuple):
    """One kernel on the points of one seed, with C and gamma as the validation points choose."""

    machine: Any
    settings: tuple  # (C, gamma)
    sweep: np.ndarray  # accuracy on the validation points, shape (GAMMAS, CS)
    accuracy: float  # on the test points


@study.runs
def runs(lab):
    """Kernel → a fit for each seed; and the training points of seed 0."""
    sets = [three_sets(seed) for seed in range(lab.seeds)]
    fits = {kernel: [best_fit(kernel, *of_seed) for of_seed in sets] for kernel in KERNELS}
    return {"fits": fits, "points": sets[0][0]}


def three_sets(seed):
    """Points and labels for training, for validation and for the test."""
    x, y = points.circles(2 * SIZE + TEST_SIZE, seed=seed)
    rest, test = points.train_and_test(x, y, TEST_SIZE, seed)
    return *points.train_and_test(*rest, SIZE, seed), test


def best_fit(kernel, training, validation, test):
    """Train at every C and gamma, and keep the machine that is best on the validation points."""
    settings = [(C, gamma) for gamma in GAMMAS for C in CS]
    with warnings.catch_warnings(action="ignore"):  # that the solver has not converged
        machines = [machine(kernel, C, gamma).fit(*training) for C, gamma in settings]
    sweep = np.array([fitted.score(*validation) for fitted in machines])
    best = int(sweep.argmax())
    accuracy = machines[best].score(*test)
    return Fit(machines[best], settings[best], sweep.reshape(len(GAMMAS), len(CS)), accuracy)


def machine(kernel, C, gamma):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import SVC

    machine = SVC(C=C, gamma=gamma, max_iter=MOST_STEPS, **KERNELS[kernel])
    return make_pipeline(FunctionTransformer(lift), machine) if kernel == LIFTED else machine


def lift(x):
    """The points with a third coordinate, their squared distance from the centre."""
    return np.column_stack([x, np.sum(x**2, axis=1)])


def accuracy(runs, kernel):
    """On the test points, shape (seeds,)."""
    return np.array([fit.accuracy for fit in runs["fits"][kernel]])


def usable(runs, *kernels):
    """Whether each kernel comes close enough to the RBF kernel."""
    enough = ENOUGH * accuracy(runs, RBF).mean()
    return [bool(accuracy(runs, kernel).mean() >= enough) for kernel in kernels]


@study.claims
def claims(runs):
    def whether(statement, quantity, says, kernels):
        return identity("B 1.2.6", statement, f"{quantity} 95 % of the RBF kernel's accuracy",
                        says, usable(runs, *kernels))  # fmt: skip

    def of_degrees(coef0):
        name, kernels = COEF0[coef0], [(coef0, degree) for degree in DEGREES[1:]]
        lowest = min((kernel[1] for kernel in kernels if usable(runs, kernel)[0]), default=0)
        return [
            identity("B 1.2.6", f"Degree 6 is the lowest that is usable ({name})",
                     "lowest degree with 95 % of the RBF kernel's accuracy", 6, lowest),
            whether(f"Degrees from 6 on are usable, those below are not ({name})",
                    "whether degrees 2 to 7 have", [d >= 6 for d in DEGREES[1:]], kernels),
        ]  # fmt: skip

    pair = [(kernel, accuracy(runs, kernel)) for kernel in (LINEAR, RBF)]
    return [
        direction("B 1.2.6", "The boundary must not be linear", "test accuracy", *pair,
                  better="higher"),
        whether("The linear kernel and degree 1 do not work", "whether linear and degree 1 have",
                [False, False], [LINEAR, (0, 1)]),
        *of_degrees(coef0=0),
        *of_degrees(coef0=1),
        whether("In more dimensions a linear kernel works",
                "whether linear with the coordinate x₁² + x₂² has", [True], [LIFTED]),
    ]  # fmt: skip


@study.table
def accuracies(runs):
    rows = []
    for kernel, fits in runs["fits"].items():
        name = f"{COEF0[kernel[0]]}, degree {kernel[1]}" if kernel[0] in COEF0 else kernel
        settings = ", ".join(f"({C:g}, {gamma:g})" for C, gamma in sorted({f[1] for f in fits}))
        percent = summary(100 * accuracy(runs, kernel))
        rows.append([name, percent, *usable(runs, kernel), settings])
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
    curves = {name: [(coef0, degree) for degree in DEGREES] for coef0, name in COEF0.items()}
    curves |= {kernel: [kernel] * len(DEGREES) for kernel in (RBF, LINEAR)}
    for name, kernels in curves.items():
        of_seeds = np.transpose([accuracy(runs, kernel) for kernel in kernels])
        plots.mean_and_band(ax, DEGREES, of_seeds, name)
    plots.label_axes(ax, "Degree", "Test accuracy")
    plots.legend(fig)
    return fig


def draw_boundaries(runs, kernels):
    fig, axes = plots.figure(2, 4, width=13, height=7.8, sharex=True, sharey=True)
    for ax, (title, kernel) in zip(axes.flat, kernels.items(), strict=True):
        fit = runs["fits"][kernel][0]
        names, margins = ("outer circle", "inner circle"), (-1, 0, 1)
        boundaries.draw(ax, fit.machine.decision_function, *runs["points"], names, margins)
        plots.label_axes(ax, "x₁", "x₂", title=f"{title}: {100 * fit.accuracy:.0f} %")
        ax.label_outer()
    plots.legend(fig)
    return fig


@study.figure(
    caption="Boundaries of polynomial kernels with coef0 = 0, beside the linear one; the training "
    "points, and the accuracy on the test points. Shades change at the margins.",
    alt="Eight boundaries: closed around the inner circle for degrees 2, 4 and 6 alone.",
    of="seed 0",
)
def boundaries_without_coef0(runs):
    kernels = {f"Degree {degree}": (0, degree) for degree in DEGREES}
    return draw_boundaries(runs, {"Linear": LINEAR, **kernels})


@study.figure(
    caption="The same with coef0 = 1, beside the RBF kernel.",
    alt="Eight boundaries: closed around the inner circle for RBF and every degree but 1.",
    of="seed 0",
)
def boundaries_with_coef0(runs):
    kernels = {f"Degree {degree}": (1, degree) for degree in DEGREES}
    return draw_boundaries(runs, {"RBF": RBF, **kernels})


@study.figure(
    caption="Accuracy on the validation points (%) at each C and gamma, mean over seeds. Degrees "
    "2 and 6 need gamma or C large enough; degree 3 without coef0 fails at all of them.",
    alt="Six grids of numbers over C and gamma, one for each of six kernels.",
)
def settings_swept(runs):
    kernels = {f"Degree {d}, coef0 = {c}": (c, d) for c in COEF0 for d in (2, 3, 6)}
    fig, axes = plots.figure(2, 3, width=11, height=6)
    for ax, (title, kernel) in zip(axes.flat, kernels.items(), strict=True):
        percent = 100 * np.mean([fit.sweep for fit in runs["fits"][kernel]], axis=0)
        shades = [[grids.tint(plots.BLUE, max(p - 50, 0) / 100) for p in row] for row in percent]
        grids.draw_cells(ax, [[f"{p:.0f}" for p in row] for row in percent], shades)
        ax.set_xticks(range(len(CS)), CS)
        ax.set_yticks(range(len(GAMMAS)), GAMMAS)
        plots.label_axes(ax, "C", "gamma", title=title)
        ax.label_outer()
    return fig


if __name__ == "__main__":
    from experiments.__main__ import run_one

    run_one(study.name)
