import numpy as np
import pytest

from datasets import points
from experiments.analyses import svm_kernels as analysis


@pytest.fixture(scope="module")
def sets():
    return points.train_validation_and_test(
        *points.circles(300), validation_size=100, test_size=100
    )


def test_settings_are_chosen_on_the_validation_points_alone(sets):
    training, validation, (x, y) = sets
    fit, machine = analysis.best_fit(analysis.RBF, *sets)
    swapped, _ = analysis.best_fit(analysis.RBF, training, validation, (x, 1 - y))
    assert swapped.settings == fit.settings
    assert swapped.accuracy == pytest.approx(1 - fit.accuracy)
    sweep = np.array(fit.sweep)
    row, column = np.unravel_index(sweep.argmax(), sweep.shape)
    assert fit.settings == (analysis.CS[column], analysis.GAMMAS[row])
    assert sweep.max() == machine.score(*validation)
    assert fit.accuracy == machine.score(x, y)


@pytest.mark.parametrize(
    "kernel",
    [
        analysis.LINEAR,
        analysis.LIFTED,
        analysis.RBF,
        analysis.polynomial(0, 3),
        analysis.polynomial(1, 4),
    ],
)
def test_scores_are_those_of_scikit_learn(sets, kernel):
    training, _, (x, _) = sets
    machine = analysis.machine(10, 0.3, **analysis.KERNELS[kernel]).fit(*training)
    decide = analysis.score(kernel, 0.3, analysis.solution(machine))
    expected = machine.decision_function(x)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(decide(x), expected, rtol=1e-9, atol=1e-9)


def test_a_lifted_machine_sees_the_distance_from_the_centre(sets):
    np.testing.assert_array_equal(analysis.lift(np.array([[3.0, 4]])), [[3, 4, 25]])
    (x, y), *_ = sets
    straight, lifted = (
        analysis.machine(1, 1, **analysis.KERNELS[name]).fit(x, y).score(x, y)
        for name in (analysis.LINEAR, analysis.LIFTED)
    )
    assert straight < 0.8 < lifted


def test_a_polynomial_kernel_has_its_degree_and_constant():
    machine = analysis.machine(10, 0.1, **analysis.KERNELS[analysis.polynomial(1, 4)])
    assert (machine.kernel, machine.degree, machine.coef0) == ("poly", 4, 1)
    assert (machine.C, machine.gamma) == (10, 0.1)
    assert len(analysis.KERNELS) == 3 + 2 * len(analysis.DEGREES)
