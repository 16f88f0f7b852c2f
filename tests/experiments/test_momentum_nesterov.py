import dataclasses

import numpy as np
import pytest

from experiments import momentum_nesterov as study
from reporting import Lab


@pytest.fixture(scope="module")
def paths():
    return study.nesterov_paths()


def test_keras_stores_the_look_ahead_point(paths):
    assert paths["keras_weights"].shape == (study.UPDATES + 1, 2)
    np.testing.assert_allclose(paths["keras_weights"], paths["look_ahead"], atol=1e-5)


def test_keras_does_not_store_theta(paths):
    assert np.abs(paths["keras_weights"] - paths["theta"]).max() > 0.1


@pytest.fixture
def runs(made_up_record):
    lab = Lab("quick", 3, {"fashion_mnist": "stand-in"}, lambda cs: [*map(made_up_record, cs)])
    return study.runs(lab)


def verdicts(runs):
    return [claim.verdict for claim in study.claims(runs)]


def with_losses(methods, **losses):
    """The runs with other losses after the last update; a little more for each seed."""
    return {
        label: [
            dataclasses.replace(record, final=record.final | {"loss": losses[label] + seed / 1000})
            for seed, record in enumerate(records)
        ]
        for label, records in methods.items()
    }


def test_verdicts_follow_the_losses(runs):
    def changed(sgd, momentum, nesterov):
        losses = {study.SGD: sgd, study.MOMENTUM: momentum, study.NESTEROV: nesterov}
        return dataclasses.replace(
            runs,
            one_rate=with_losses(runs.one_rate, **losses, **{study.TENFOLD: 0.5}),
            own_rates=with_losses(runs.own_rates, **losses),
        )

    as_said = verdicts(changed(sgd=0.9, momentum=0.4, nesterov=0.3))
    assert as_said == ["reproduced"] * 7
    against = verdicts(changed(sgd=0.3, momentum=0.6, nesterov=0.9))
    assert against == ["not reproduced"] * 6 + ["reproduced"]


def test_keras_weights_that_stray_are_an_erratum(runs):
    paths = runs.paths | {"keras_weights": runs.paths["keras_weights"] + 1e-3}
    assert verdicts(dataclasses.replace(runs, paths=paths))[-1] == "erratum"
