import numpy as np
import pytest

from experiments import svm_kernels as study
from experiments.analyses.svm_kernels import (
    DEGREES,
    KERNELS,
    LIFTED,
    LINEAR,
    RBF,
    Fit,
    polynomial,
    score,
)
from reporting import Lab

SEEDS = 2


@pytest.fixture(scope="module")
def runs():
    return study.runs(Lab("quick", SEEDS, {}, obtain=None))


def made_up(accuracies, others=0.5):
    """Fits whose test accuracy is given for some kernels."""
    fits = {
        kernel: [
            Fit((1, 1), [], accuracies.get(kernel, others) + seed / 1000) for seed in range(SEEDS)
        ]
        for kernel in KERNELS
    }
    return study.Runs(fits, solutions={}, points=[])


def verdicts(runs):
    return {claim.statement: (claim.verdict, claim.mean) for claim in study.claims(runs)}


def test_even_degrees_work_and_with_coef0_all_from_2(runs):
    def degrees(coef0):
        return [d for d in DEGREES if study.usable(runs, polynomial(coef0, d))[0]]

    assert degrees(0) == [2, 4, 6]
    assert degrees(1) == [2, 3, 4, 5, 6, 7]
    assert study.usable(runs, LINEAR, LIFTED, RBF) == [False, True, True]


def test_were_the_source_right_it_would_be_reproduced():
    good = {polynomial(coef0, degree): 0.99 for coef0 in (0, 1) for degree in (6, 7)}
    found = verdicts(made_up({**good, RBF: 0.99, LIFTED: 0.99}))
    assert {verdict for verdict, _ in found.values()} == {"reproduced"}


def test_a_kernel_that_works_against_the_source_is_an_erratum():
    found = verdicts(made_up({RBF: 0.99, LINEAR: 0.98, polynomial(0, 3): 0.98}))
    assert found["The linear kernel and degree 1 do not work"][0] == "erratum"
    name = study.FAMILIES[0]
    assert found[f"Degree 6 is the lowest that is usable ({name})"] == ("erratum", 3)
    assert found["In more dimensions a linear kernel works"][0] == "erratum"


def test_a_line_that_beats_the_rbf_kernel_is_not_reproduced():
    found = verdicts(made_up({LINEAR: 0.99, RBF: 0.9}))
    assert found["The boundary must not be linear"][0] == "not reproduced"


def test_odd_kernels_without_coef0_have_odd_scores(runs):
    kernel = polynomial(0, 3)
    solution, fit = runs.solutions[kernel], runs.fits[kernel][0]
    decide = score(kernel, fit.settings[1], solution)
    x = np.random.default_rng(0).normal(size=(50, 2))
    np.testing.assert_allclose(
        decide(x) + decide(-x), 2 * solution["intercept"], rtol=1e-6, atol=1e-6
    )


def test_what_is_kept_of_a_machine_classifies_as_it_did(runs):
    x, y = runs.points
    assert len(x) == study.SIZE
    decide = score(RBF, runs.fits[RBF][0].settings[1], runs.solutions[RBF])
    assert np.mean((decide(x) > 0) == y) > 0.95


def test_the_table_names_every_kernel(runs):
    rows = study.accuracies(runs).rows
    assert len({row[0] for row in rows}) == len(rows) == 3 + 2 * len(DEGREES)
