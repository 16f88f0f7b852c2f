import dataclasses

import numpy as np
import pytest

import experiments.weight_decay as decay
from experiments.analyses.weight_decay import strength
from experiments.weight_decay import BEST, ELASTIC, L1, L2, NONE, STRONGEST
from reporting import Lab
from training.single_run.artifacts import weight_sizes


def penalty_of(config):
    return {(False, False): NONE, (False, True): L2, (True, False): L1}.get(
        (bool(config.l1), bool(config.l2)), ELASTIC
    )


def small_weights(record):
    """As a penalty might: L1 makes them small, and the more so the stronger it is."""
    share = {NONE: 0, L2: 0.1, L1: 0.8, ELASTIC: 0.5}[penalty_of(record.config)]
    share += 0.01 * record.config.seed % 7 / 7
    weights = np.full(1000, 0.2)
    weights[: round(1000 * min(share, 1))] = 1e-5
    return weights


@pytest.fixture
def runs_of(made_up_record):
    """A function that gives the study's runs, from rules for accuracies and weights.

    Args:
        accuracy: function of (penalty, strength), on validation and test images.
        weights: function of a record.
    """

    def runs_of(accuracy, weights=small_weights):
        def changed(config):
            record = made_up_record(config)
            found = accuracy(penalty_of(config), strength(record))
            found -= 0.05 * abs(np.log10(config.learning_rate / 0.001))
            found += 0.001 * np.random.default_rng([config.seed]).random()
            return dataclasses.replace(
                record,
                final={"loss": 0.1, "accuracy": 0.95, "test_accuracy": found - 0.01},
                epochs={"val_accuracy": np.float32([0.3, found])},
                kept={"weight_sizes": weight_sizes([weights(record)[None]])},
            )

        def obtain(configs):
            return [changed(config) for config in configs]

        return decay.runs(Lab("paper", 3, {"fashion_mnist": "real"}, obtain))

    return runs_of


def helps(penalty, strength):
    """Every penalty helps, most at 1e-4, and costs nothing up to 3e-4."""
    if penalty == NONE:
        return 0.88
    return 0.90 - 0.02 * abs(np.log10(strength / 1e-4))


def harms(penalty, strength):
    return 0.88 - 0.01 * np.log10(1 + 1e6 * strength)


def verdicts(runs, words):
    return [claim.verdict for claim in decay.claims(runs) if words in claim.statement]


def test_strengths_are_e_s_and_chosen_by_validation(runs_of):
    runs = runs_of(helps)
    for penalty, (l1, l2) in {L2: (0, 5e-5), L1: (1e-4, 0), ELASTIC: (5e-5, 2.5e-5)}.items():
        config = runs.chosen[BEST][penalty][0].config
        assert (config.options["l1"], config.options["l2"]) == pytest.approx((l1, l2))
        assert config.learning_rate == 0.001
        assert strength(runs.chosen[STRONGEST][penalty][0]) == pytest.approx(1e-3)
    assert runs.chosen[BEST][NONE][0].config.l1 is None
    assert all(len(records) == 3 for records in runs.chosen[BEST].values())


def test_where_every_strength_costs_more_the_best_stands_for_the_strongest(runs_of):
    def costs(penalty, strength):
        return 0.88 if penalty == NONE else 0.86 - 0.02 * abs(np.log10(strength / 3e-5))

    runs = runs_of(costs)
    assert strength(runs.chosen[BEST][L1][0]) == strength(runs.chosen[STRONGEST][L1][0]) == 3e-5


def test_help_and_harm_are_told_apart(runs_of):
    helped, harmed = runs_of(helps), runs_of(harms)
    assert verdicts(helped, "improves generalisation") == ["reproduced"] * 3
    assert verdicts(harmed, "improves generalisation") == ["not reproduced"] * 3
    assert verdicts(helped, "lessens over-fitting") == ["reproduced"] * 3
    assert verdicts(harmed, "lessens over-fitting") == ["not reproduced"] * 3


def test_no_effect_is_inconclusive(runs_of):
    runs = runs_of(lambda penalty, strength: 0.88)
    assert verdicts(runs, "improves generalisation") == ["inconclusive"] * 3


def test_sparse_models_are_found(runs_of):
    runs = runs_of(helps)
    assert verdicts(runs, "gives more small weights") == ["reproduced"] * 5
    assert verdicts(runs, "L2 keeps the weights small") == ["reproduced"]
    assert verdicts(runs, "eliminates more weights completely") == ["inconclusive"] * 2


def test_dense_models_are_found(runs_of):
    def as_l2_would(record):
        share = {NONE: 0.9, L2: 0.8, L1: 0.1, ELASTIC: 0.5}[penalty_of(record.config)]
        return np.where(np.arange(1000) < 1000 * share, 0, 0.2)

    runs = runs_of(helps, as_l2_would)
    assert verdicts(runs, "gives more small weights") == ["not reproduced"] * 5
    assert verdicts(runs, "L2 keeps the weights small") == ["not reproduced"]
    assert verdicts(runs, "eliminates more weights completely") == ["not reproduced"] * 2


def test_the_table_names_strengths_and_shares(runs_of):
    table = decay.results(runs_of(helps))
    rows = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert rows[NONE]["λ"] == 0
    assert rows[f"{L2}, {BEST}"]["λ"] == pytest.approx(1e-4)
    assert rows[f"{L1}, {STRONGEST}"]["λ"] == pytest.approx(1e-3)
    assert rows[NONE]["weights under 0.001"].startswith("0.00")
    assert rows[f"{L1}, {BEST}"]["weights under 0.001"].startswith("0.80")


def test_figures_show_every_strength(runs_of):
    runs = runs_of(helps)
    axes = decay.accuracy_against_strength(runs).axes
    for ax in axes:
        (line,) = (line for line in ax.lines if line.get_label() == "validation")
        assert line.get_xdata() == pytest.approx(decay.STRENGTHS)
    assert len(decay.over_fitting_and_sparsity(runs).axes) == 3
    best, strongest = decay.size_of_the_weights(runs).axes
    assert best.get_title(loc="left") == "The best by validation"
    assert {line.get_label() for line in strongest.lines} >= {NONE, L1, L2, ELASTIC}
