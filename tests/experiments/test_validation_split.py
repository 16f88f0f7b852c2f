import dataclasses

import numpy as np
import pytest

from experiments import validation_split as study
from experiments.validation_split import DROPOUT, PLAIN
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    lab = Lab("quick", 3, {"fashion_mnist": "stand-in"}, lambda cs: [*map(made_up_record, cs)])
    return study.runs(lab)


def verdicts(runs):
    return {claim.statement: claim.verdict for claim in study.claims(runs)}


def crossing_at(record, during, after):
    """The record with training losses that pass validation's at these epochs, to stay below."""
    epochs = np.arange(1, len(record.epochs["loss"]) + 1)
    shift = record.config.seed
    losses = {
        "val_loss": np.full(len(epochs), 1.0),
        "loss": np.where(epochs < during + shift, 2.0, 0.5),
        "evaluated_loss": np.where(epochs < after, 2.0, 0.5),
    }
    return dataclasses.replace(record, epochs=record.epochs | losses)


@pytest.mark.parametrize(
    ("during", "after", "verdict"), [(12, 4, "reproduced"), (4, 12, "not reproduced")]
)
def test_when_training_passes_validation(runs, during, after, verdict):
    curves = {
        label: [crossing_at(record, during, after) for record in records]
        for label, records in runs.curves.items()
    }
    found = verdicts(dataclasses.replace(runs, curves=curves))
    for label in (PLAIN, DROPOUT):
        statement = "Measured while the weights move, training passes validation later"
        assert found[f"{statement} ({label})"] == verdict


def ending(records, loss, accuracy):
    return [
        dataclasses.replace(
            record,
            final=record.final
            | {"test_loss": loss + seed / 1000, "test_accuracy": accuracy + seed / 1000},
        )
        for seed, record in enumerate(records)
    ]


@pytest.mark.parametrize("helps", [True, False])
def test_stopping_by_validation(runs, helps):
    good, bad = {"loss": 0.3, "accuracy": 0.9}, {"loss": 0.6, "accuracy": 0.7}
    stopped, to_the_end = (good, bad) if helps else (bad, good)
    found = verdicts(
        dataclasses.replace(
            runs,
            stopped={PLAIN: ending(runs.stopped[PLAIN], **stopped)},
            curves=runs.curves | {PLAIN: ending(runs.curves[PLAIN], **to_the_end)},
        )
    )
    for statement in ("lowers the test loss", "raises the test accuracy"):
        expected = "reproduced" if helps else "not reproduced"
        assert found[f"Stopping by validation {statement}"] == expected


@pytest.mark.parametrize("costs", [True, False])
def test_the_price_of_what_is_held_back(runs, costs):
    sign = -1 if costs else 1
    fractions = {
        fraction: ending(records, loss=0.5, accuracy=0.8 + sign * fraction / 4)
        for fraction, records in runs.fractions.items()
    }
    found = verdicts(dataclasses.replace(runs, fractions=fractions))
    for large, small in (("50%", "20%"), ("20%", "5%")):
        statement = f"Holding back {large} instead of {small} costs test accuracy"
        assert found[statement] == ("reproduced" if costs else "not reproduced")


def test_each_image_is_trained_on_or_held_back(runs):
    for fraction, records in runs.fractions.items():
        config = records[0].config
        assert config.train_size + config.validation_size == 4_000
        assert config.validation_size == round(4_000 * fraction)
        assert config.patience == study.PATIENCE
