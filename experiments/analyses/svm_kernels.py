"""Support vector machines on points in the plane, at settings that a validation set chooses.

Scikit-learn is imported inside functions, so that importing this module costs nothing.
"""

import itertools
import warnings
from typing import Any, NamedTuple

import numpy as np

CS, GAMMAS = (0.1, 1, 10, 100), (0.1, 1, 10)
"""Weights of the points beyond the margin, and factors in the kernel, to choose from."""

DEGREES, COEF0 = range(1, 8), (0, 1)
"""Of the polynomial kernels."""

MOST_STEPS = 10_000
"""Of the solver, which hardly ends where the kernel does not fit the points."""

LINEAR, LIFTED, RBF = "linear", "linear, with x₁² + x₂² as a coordinate", "RBF"


def polynomial(coef0, degree):
    """The name of the kernel (γ·x·z + coef0)^degree."""
    return f"polynomial, coef0 = {coef0}, degree {degree}"


KERNELS = {
    LINEAR: {"kernel": "linear"},
    LIFTED: {"kernel": "linear", "lifted": True},
    RBF: {"kernel": "rbf"},
} | {
    polynomial(coef0, degree): {"kernel": "poly", "coef0": coef0, "degree": degree}
    for coef0, degree in itertools.product(COEF0, DEGREES)
}
"""Name → arguments of `machine`."""


class Fit(NamedTuple):
    """A machine that was trained, with C and gamma as the validation points choose.

    Attributes:
        machine: of scikit-learn.
        settings: its (C, gamma).
        sweep: accuracy on the validation points, shape (GAMMAS, CS).
        accuracy: on the test points.
    """

    machine: Any
    settings: tuple
    sweep: np.ndarray
    accuracy: float


def best_fit(kernel, training, validation, test):
    """Train at every one of `CS` and `GAMMAS`, and keep what is best on the validation points.

    Args:
        kernel: key of `KERNELS`.
        training: points, shape (n, 2), and labels, shape (n,).
        validation: the same, to choose C and gamma.
        test: the same, to measure.

    Returns:
        A `Fit`.
    """
    settings = [(C, gamma) for gamma in GAMMAS for C in CS]
    with warnings.catch_warnings(action="ignore"):  # that the solver has not converged
        machines = [machine(C, gamma, **KERNELS[kernel]).fit(*training) for C, gamma in settings]
    sweep = np.array([fitted.score(*validation) for fitted in machines])
    best = int(sweep.argmax())
    accuracy = machines[best].score(*test)
    return Fit(machines[best], settings[best], sweep.reshape(len(GAMMAS), len(CS)), accuracy)


def machine(C, gamma, lifted=False, **kernel):
    """A support vector machine of scikit-learn.

    Args:
        C: weight of the points beyond the margin.
        gamma: factor in the kernel; a linear one has none.
        lifted: whether it sees the points through `lift`.
        **kernel: arguments of `sklearn.svm.SVC`, such as kernel="poly", degree=3 and coef0=1.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import SVC

    machine = SVC(C=C, gamma=gamma, max_iter=MOST_STEPS, **kernel)
    return make_pipeline(FunctionTransformer(lift), machine) if lifted else machine


def lift(x):
    """The points with a third coordinate, their squared distance from the centre."""
    return np.column_stack([x, np.sum(x**2, axis=1)])
