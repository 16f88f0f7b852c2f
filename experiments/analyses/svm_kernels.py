"""Support vector machines on points in the plane, at settings that a validation set chooses.

Points in; fits and machines of the svm_kernels study out. Scikit-learn is imported inside
functions, so that importing this module costs nothing.
"""

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CS, GAMMAS = (0.1, 1, 10, 100), (0.1, 1, 10)
"""Candidates for the weight C of points beyond the margin, and for γ in the kernel."""

DEGREES, COEF0 = range(1, 8), (0, 1)
"""Of the polynomial kernels."""

MOST_STEPS = 10_000
"""Limit of the solver, which hardly converges where the kernel does not fit the points."""

LINEAR, LIFTED, RBF = "linear", "linear, with x₁² + x₂² as a coordinate", "RBF"

Points = tuple[NDArray, NDArray]
"""Points, shape (n, 2), and labels, shape (n,)."""


def polynomial(coef0: int, degree: int) -> str:
    """The name of the kernel (γ·x·z + coef0)^degree."""
    return f"polynomial, coef0 = {coef0}, degree {degree}"


KERNELS: dict[str, dict[str, Any]] = {
    LINEAR: {"kernel": "linear"},
    LIFTED: {"kernel": "linear", "lifted": True},
    RBF: {"kernel": "rbf"},
} | {
    polynomial(coef0, degree): {"kernel": "poly", "coef0": coef0, "degree": degree}
    for coef0, degree in itertools.product(COEF0, DEGREES)
}
"""Name → arguments of `machine`."""


@dataclass(frozen=True)
class Fit:
    """How well a machine classifies, with C and γ as the validation points choose.

    Attributes:
        settings: The C and γ chosen.
        sweep: Accuracy on the validation points at each γ and C, shape (GAMMAS, CS).
        accuracy: Accuracy on the test points.
    """

    settings: tuple[float, float]
    sweep: list[list[float]]
    accuracy: float


def best_fit(kernel: str, training: Points, validation: Points, test: Points) -> tuple[Fit, Any]:
    """Train at every pair of `CS` and `GAMMAS`, and keep the best on the validation points.

    Args:
        kernel: Key of `KERNELS`.
        training: Points to train on.
        validation: Points to choose C and γ by.
        test: Points to measure the accuracy on.

    Returns:
        The fit, and its machine as scikit-learn has it.
    """
    settings = [(C, gamma) for gamma in GAMMAS for C in CS]
    with warnings.catch_warnings(action="ignore"):  # that the solver has not converged
        machines = [machine(C, gamma, **KERNELS[kernel]).fit(*training) for C, gamma in settings]
    sweep = np.array([fitted.score(*validation) for fitted in machines])
    best = int(sweep.argmax())
    accuracy = machines[best].score(*test)
    by_gamma = sweep.reshape(len(GAMMAS), len(CS)).tolist()
    return Fit(settings[best], by_gamma, accuracy), machines[best]


def machine(C: float, gamma: float, lifted: bool = False, **kernel: Any) -> Any:
    """A support vector machine of scikit-learn.

    Args:
        C: Weight of the points beyond the margin.
        gamma: γ of the kernel; ignored by a linear one.
        lifted: Whether it sees the points through `lift`. Defaults to False.
        **kernel: Arguments of `sklearn.svm.SVC`, such as kernel="poly", degree=3 and coef0=1.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import SVC

    machine = SVC(C=C, gamma=gamma, max_iter=MOST_STEPS, **kernel)
    return make_pipeline(FunctionTransformer(lift), machine) if lifted else machine


def lift(x: NDArray) -> NDArray:
    """The points with a third coordinate, their squared distance from the centre."""
    return np.column_stack([x, np.sum(x**2, axis=1)])


def solution(machine: Any) -> dict[str, Any]:
    """What `score` needs of a machine: its support vectors, their weights and the intercept."""
    fitted = machine[-1] if hasattr(machine, "steps") else machine
    return {
        "vectors": fitted.support_vectors_,
        "weights": fitted.dual_coef_[0],
        "intercept": fitted.intercept_.item(),
    }


def score(kernel: str, gamma: float, solution: dict[str, Any]) -> Callable[[NDArray], NDArray]:
    """The decision function of a machine, Σ w_i·k(v_i, x) + b over its support vectors v_i.

    Args:
        kernel: Key of `KERNELS`.
        gamma: γ that the machine was trained with.
        solution: What the function of this name returned for the machine.

    Returns:
        Function of points, shape (n, 2), that returns n numbers: positive for class 1.
    """
    vectors, weights = solution["vectors"], solution["weights"]

    def decide(x):
        lifted = lift(x) if KERNELS[kernel].get("lifted") else x
        return similarities(kernel, gamma, lifted, vectors) @ weights + solution["intercept"]

    return decide


def similarities(kernel: str, gamma: float, x: NDArray, z: NDArray) -> NDArray:
    """The kernel k(x_i, z_j) of each pair of points, shape (len(x), len(z))."""
    arguments = KERNELS[kernel]
    if arguments["kernel"] == "rbf":
        return np.exp(-gamma * np.sum((x[:, None] - z) ** 2, axis=-1))
    if arguments["kernel"] == "linear":
        return x @ z.T
    return (gamma * x @ z.T + arguments["coef0"]) ** arguments["degree"]
