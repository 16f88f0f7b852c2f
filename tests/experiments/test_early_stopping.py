import dataclasses

import numpy as np
import pytest

import experiments.early_stopping as stopping
from reporting import Lab

NOISY = [5, 4, 4.5, 3, 3.2, 3.1, 2, 2.5, 2.6, 2.7, 2.8, 2.9, 3, 3.1, 3.2, 3.3, 3.4, 3.5]


def as_keras(record, curve):
    """The record of a run with this validation loss, and a little more for each seed, stopped."""
    curve = np.add(curve, record.config.seed % 1000 / 8)
    last = len(curve)
    if record.config.patience is not None:
        wait, best = 0, np.inf
        for epoch, loss in enumerate(curve):
            wait, best = (0, loss) if loss < best else (wait + 1, best)
            if wait and wait >= record.config.patience:
                last = epoch + 1
                break
    losses = np.float32(curve[:last])
    lowest = losses.min()
    epochs = {"val_loss": losses, "val_accuracy": 1 - losses / 10, "evaluated_loss": losses / 2}
    final = {
        "loss": lowest / 2,
        "accuracy": 0.9,
        "test_loss": lowest + 0.1,
        "test_accuracy": 0.9 - lowest / 10,
    }
    return dataclasses.replace(record, epochs=epochs, final=final)


@pytest.fixture
def runs_of(made_up_record):
    """A function of a validation loss: the study's runs, when it is that of all of them."""

    def runs_of(curve):
        def obtain(configs):
            return [as_keras(made_up_record(config), curve) for config in configs]

        return stopping.runs(Lab("paper", 3, {"fashion_mnist": "real"}, obtain))

    return runs_of


def verdicts(runs):
    return {claim.statement: claim for claim in stopping.claims(runs)}


def test_noise_asks_for_patience(runs_of):
    found = verdicts(runs_of(NOISY))
    assert found["The validation loss is noisy: it rises before its lowest point"].mean == 2
    assert found["Without patience training stops before it has turned"].mean == 5
    for patience in (3, 5, 10):
        claim = found[f"Waiting {patience} epochs lowers the test loss"]
        assert claim.verdict == "reproduced"
        assert claim.mean == pytest.approx(2)
        claim = found[f"Waiting {patience} epochs raises the test accuracy"]
        assert claim.mean == pytest.approx(0.2)


def test_waiting_that_harms_is_not_reproduced(runs_of):
    runs = runs_of(NOISY)
    for patience, records in runs.stopped.items():
        for record in records:
            harm = patience * (1 + record.config.seed / 100)
            record.final.update(test_loss=1 + harm, test_accuracy=0.9 - harm / 100)
    found = [claim.verdict for claim in stopping.claims(runs) if "Waiting" in claim.statement]
    assert found == ["not reproduced"] * 6


def test_without_noise_patience_changes_nothing(runs_of):
    smooth = [3, 2, 1, *(1 + 0.1 * np.arange(1, 16))]
    runs = runs_of(smooth)
    directions = [c for c in stopping.claims(runs) if c.kind == "direction"]
    assert {c.verdict for c in directions} == {"inconclusive"}
    assert stopping.patience(runs).rows[0][3] == "1 [1, 1]"
    assert stopping.patience(runs).rows[-1][3] == "10 [10, 10]"


def test_identities_hold_for_runs_that_stop_as_keras_does(runs_of):
    identities = [c for c in stopping.claims(runs_of(NOISY)) if c.kind == "identity"]
    assert [c.verdict for c in identities] == 3 * ["reproduced"]


@pytest.mark.parametrize(
    ("broken", "change"),
    [
        (0, lambda r: {"epochs": r.epochs | {"val_loss": r.epochs["val_loss"] + np.float32(1e-6)}}),
        (1, lambda r: {"final": r.final | {"loss": r.final["loss"] + 1e-6}}),
        (2, lambda r: {"epochs": {name: c[:-1] for name, c in r.epochs.items()}}),
    ],
)
def test_each_identity_can_fail(runs_of, broken, change):
    runs = runs_of(NOISY)
    last = runs.stopped[10]
    last[0] = dataclasses.replace(last[0], **change(last[0]))
    identities = [c for c in stopping.claims(runs) if c.kind == "identity"]
    expected = ["erratum" if k == broken else "reproduced" for k in range(3)]
    assert [c.verdict for c in identities] == expected


def test_the_error_may_turn_after_the_loss(runs_of):
    runs = runs_of(NOISY)
    statement = next(s for s in verdicts(runs) if "which Keras watches" in s)
    assert verdicts(runs)[statement].verdict == "inconclusive"
    for record in runs.endless:
        record.epochs["val_accuracy"][-1] = 0.99
    assert verdicts(runs)[statement].verdict == "reproduced"
    assert verdicts(runs)[statement].mean == 11
    for record in runs.endless:
        record.epochs["val_accuracy"][2 + record.config.seed] = 0.995
    assert verdicts(runs)[statement].verdict == "not reproduced"
