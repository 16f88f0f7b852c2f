import dataclasses

import numpy as np
import pytest

from experiments import numpy_cnn as study
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    """Runs of all three ways with the same losses, the loops a hundred times slower."""

    def obtain(configs):
        return [made_up(config) for config in configs]

    def made_up(config):
        record = made_up_record(config)
        losses = np.float32(np.exp(-np.arange(config.updates) / 50) + config.seed / 100)
        seconds = config.updates * (1.0 if config.engine == "loops" else 0.01)
        return dataclasses.replace(record, iteration_loss=losses, seconds=seconds)

    return study.runs(Lab("quick", 3, {"mnist": "stand-in"}, obtain))


def verdicts(runs):
    return [claim.verdict for claim in study.claims(runs)]


def with_test_accuracy(runs, accuracy):
    records = [
        dataclasses.replace(r, final=r.final | {"test_accuracy": accuracy + seed / 1000})
        for seed, r in enumerate(runs.whole[study.NUMPY])
    ]
    return dataclasses.replace(runs, whole=runs.whole | {study.NUMPY: records})


def changed(runs, label, **fields):
    """The runs with other fields in the record of the first seed of a label."""
    methods = runs.whole if label in runs.whole else runs.short
    first, *others = methods[label]
    methods = methods | {label: [dataclasses.replace(first, **fields), *others]}
    return dataclasses.replace(runs, **{"whole" if label in runs.whole else "short": methods})


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.985, "reproduced"), (0.9, "not reproduced")])
def test_the_accuracy_on_mnist(runs, accuracy, verdict):
    assert verdicts(with_test_accuracy(runs, accuracy))[0] == verdict


def test_equal_losses_are_one_computation(runs):
    assert verdicts(runs)[1:3] == ["reproduced"] * 2


@pytest.mark.parametrize("label", [study.KERAS, study.LOOPS])
def test_a_loss_that_strays_is_found(runs, label):
    place = [study.KERAS, study.LOOPS].index(label)
    losses = (runs.whole | runs.short)[label][0].iteration_loss.copy()
    losses[2] += 0.01
    found = verdicts(changed(runs, label, iteration_loss=losses))[1:3]
    assert found[place] == "erratum"
    assert found[1 - place] == "reproduced"


def test_only_the_first_iterations_are_held_against_keras(runs):
    losses = runs.whole[study.KERAS][0].iteration_loss.copy()
    losses[study.COMPARED] += 1
    assert verdicts(changed(runs, study.KERAS, iteration_loss=losses))[1] == "reproduced"


@pytest.mark.parametrize(("slower", "verdict"), [(100, "reproduced"), (0.01, "not reproduced")])
def test_the_speed_of_loops(runs, slower, verdict):
    in_loops = [
        dataclasses.replace(r, seconds=slower * len(r.iteration_loss) * (1 + seed / 100) / 100)
        for seed, r in enumerate(runs.short[study.LOOPS])
    ]
    assert verdicts(dataclasses.replace(runs, short={study.LOOPS: in_loops}))[3] == verdict


def test_loops_are_not_tested(runs):
    rows = {row[0]: row[1:] for row in study.results(runs).rows}
    assert rows[study.LOOPS][1:] == [None, None]
    assert all(rows[study.NUMPY])
