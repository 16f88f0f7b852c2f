import dataclasses

import numpy as np
import pytest

import experiments.learning_rate_schedules as study
from reporting import Lab

GOOD = {  # schedule of momentum → how much better than the constant rate, in all respects
    "constant": 0.0,
    "step": 0.01,
    "exponential": 0.02,
    "cosine": 0.04,
    "cyclic": 0.03,
}


@pytest.fixture
def runs_of(made_up_record):
    """A function of how much schedules help, and how good Adam is: the study's runs."""

    def runs_of(helps=1, adam=0.02, diverges=0.3):
        def obtain(configs):
            return [as_told(made_up_record(config)) for config in configs]

        def as_told(record):
            config = record.config
            if config.schedule == "rising":
                losses = np.full(config.updates, 0.5)
                share = 1 + np.log10(diverges / config.learning_rate) / 6
                losses[round(share * config.updates) :] = 9
                return dataclasses.replace(record, iteration_loss=np.float32(losses))
            better = adam if config.optimizer == "adam" else helps * GOOD[config.schedule]
            noise = 1e-3 * np.random.default_rng([config.seed, len(config.schedule)]).normal()
            off = abs(np.log10(config.learning_rate / 0.03)) / 100
            accuracy = 0.8 + better + noise - off
            zigzag = np.resize([1, -1], config.updates) * (0.1 - better)
            return dataclasses.replace(
                record,
                iteration_loss=np.float32(1 + zigzag),
                epochs={"loss": np.float32([1, 0.5]), "val_accuracy": np.float32([0.5, accuracy])},
                final={"loss": 1 - accuracy, "accuracy": 0.9, "test_accuracy": accuracy},
            )

        return study.runs(Lab("paper", 5, {"fashion_mnist": "real"}, obtain))

    return runs_of


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in study.claims(runs)}


def test_validation_chooses_the_schedule(runs_of):
    assert runs_of().best_schedule == "SGD, cosine"
    assert runs_of(helps=-1).best_schedule == "SGD, step"


def test_each_method_trains_with_its_optimizer_and_schedule(runs_of):
    for label, records in runs_of().trained.items():
        assert len(records) == 5
        for record in records:
            for name, value in study.METHODS[label].items():
                assert getattr(record.config, name) == value


def test_schedules_that_help_are_told(runs_of):
    found = verdicts(runs_of())
    of_schedules = [verdict for statement, verdict in found.items() if "schedule " in statement]
    assert len(of_schedules) >= 12
    assert set(of_schedules) == {"reproduced"}
    assert found["SGD with the best schedule, here SGD, cosine, is better than Adam"] == (
        "reproduced"
    )


def test_schedules_that_harm_are_told(runs_of):
    found = verdicts(runs_of(helps=-1))
    assert set(list(found.values())[:-2]) == {"not reproduced"}


def test_a_better_adam_is_told(runs_of):
    found = list(verdicts(runs_of(adam=0.08)).values())
    assert found[:2] == 2 * ["not reproduced"]
    assert found[2:6] == 4 * ["reproduced"]


@pytest.mark.parametrize(
    ("diverges", "verdict"),
    [(0.3, "reproduced"), (3.0, "not reproduced"), (0.03, "not reproduced")],
)
def test_the_range_test_is_judged_by_the_tuned_rate(runs_of, diverges, verdict):
    runs = runs_of(diverges=diverges)
    assert {records[0].config.learning_rate for records in runs.trained.values()} == {0.03}
    assert set(list(verdicts(runs).values())[-2:]) == {verdict}
