from types import SimpleNamespace

import numpy as np
import pytest

from experiments import svm_kernels as study

SEEDS = 2


@pytest.fixture(scope="module")
def runs():
    return study.runs(SimpleNamespace(seeds=SEEDS))


def made_up(accuracies, others=0.5):
    """Fits whose test accuracy is given for some kernels."""
    fits = {
        kernel: [study.Fit(None, (1, 1), None, accuracies.get(kernel, others) + seed / 1000)
                 for seed in range(SEEDS)]
        for kernel in study.KERNELS
    }  # fmt: skip
    return {"fits": fits}


def verdicts(runs):
    return {claim.statement: (claim.verdict, claim.mean) for claim in study.claims(runs)}


def test_even_degrees_work_and_with_coef0_all_from_2(runs):
    def degrees(coef0):
        return [d for d in study.DEGREES if study.usable(runs, (coef0, d))[0]]

    assert degrees(0) == [2, 4, 6]
    assert degrees(1) == [2, 3, 4, 5, 6, 7]
    assert study.usable(runs, study.LINEAR, study.LIFTED, study.RBF) == [False, True, True]


def test_were_the_source_right_it_would_be_reproduced():
    good = {(coef0, degree): 0.99 for coef0 in (0, 1) for degree in (6, 7)}
    found = verdicts(made_up({**good, study.RBF: 0.99, study.LIFTED: 0.99}))
    assert {verdict for verdict, _ in found.values()} == {"reproduced"}


def test_a_kernel_that_works_against_the_source_is_an_erratum():
    found = verdicts(made_up({study.RBF: 0.99, study.LINEAR: 0.98, (0, 3): 0.98}))
    assert found["The linear kernel and degree 1 do not work"][0] == "erratum"
    name = study.COEF0[0]
    assert found[f"Degree 6 is the lowest that is usable ({name})"] == ("erratum", 3)
    assert found["In more dimensions a linear kernel works"][0] == "erratum"


def test_settings_are_chosen_on_the_validation_points_alone(runs):
    training, validation, test = study.three_sets(0)
    fit = study.best_fit(study.RBF, training, validation, test)
    swapped = (test[0], 1 - test[1])
    assert study.best_fit(study.RBF, training, validation, swapped).settings == fit.settings
    best = np.unravel_index(fit.sweep.argmax(), fit.sweep.shape)
    assert fit.settings == (study.CS[best[1]], study.GAMMAS[best[0]])
    assert fit.accuracy == fit.machine.score(*test)


def test_the_three_sets_share_no_point():
    sets = study.three_sets(0)
    assert [len(y) for _, y in sets] == [study.SIZE, study.SIZE, study.TEST_SIZE]
    everything = np.concatenate([x for x, _ in sets])
    assert len(np.unique(everything, axis=0)) == len(everything)


def test_odd_kernels_without_coef0_have_odd_scores(runs):
    machine = runs["fits"][0, 3][0].machine
    x = np.random.default_rng(0).normal(size=(50, 2))
    scores = machine.decision_function(x) + machine.decision_function(-x)
    np.testing.assert_allclose(scores, 2 * machine.intercept_.item(), rtol=1e-6, atol=1e-6)


def test_the_table_names_every_kernel(runs):
    rows = study.accuracies(runs).rows
    assert len({row[0] for row in rows}) == len(rows) == 3 + 2 * len(study.DEGREES)
