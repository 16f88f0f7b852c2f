import dataclasses

import pytest

from experiments import neuron_count as study
from experiments.neuron_count import DROPOUT, PLAIN, WIDTHS, name_of
from reporting import Lab


@pytest.fixture
def runs(made_up_record):
    def made_up(config):
        (width,) = config.options["hidden"]
        return dataclasses.replace(made_up_record(config), parameters=785 * width + 10 * width + 10)

    lab = Lab("quick", 3, {"fashion_mnist": "stand-in"}, lambda cs: [made_up(c) for c in cs])
    return study.runs(lab)


def judged(runs, accuracy, loss):
    """Statement → verdict, for rules of (width, dropout) that give what is measured."""
    networks = {
        name_of(width, dropout): [
            dataclasses.replace(
                record,
                final=record.final
                | {
                    "test_accuracy": accuracy(width, dropout) + seed / 10_000,
                    "test_loss": loss(width, dropout) + seed / 10_000,
                },
            )
            for seed, record in enumerate(runs.networks[name_of(width, dropout)])
        ]
        for width in WIDTHS
        for dropout in (DROPOUT, PLAIN)
    }
    claims = study.claims(dataclasses.replace(runs, networks=networks))
    return {claim.statement: claim.verdict for claim in claims if claim.kind == "direction"}


def test_where_neurons_and_dropout_help(runs):
    found = judged(
        runs,
        accuracy=lambda width, dropout: 0.8 + width / 100_000 + (0.01 if dropout == DROPOUT else 0),
        loss=lambda width, dropout: 0.3 if dropout == DROPOUT else 0.4,
    )
    assert set(found.values()) == {"reproduced"}
    assert len(found) == 9


def test_where_neurons_and_dropout_harm(runs):
    found = judged(
        runs,
        accuracy=lambda width, dropout: 0.9 - width / 100_000 - (0.01 if dropout == DROPOUT else 0),
        loss=lambda width, dropout: 0.4 if dropout == DROPOUT else 0.3,
    )
    assert set(found.values()) == {"not reproduced"}


def test_widths_are_compared_at_one_dropout(runs):
    found = judged(
        runs,
        accuracy=lambda width, dropout: 0.8 + (width / 1e5 if dropout == PLAIN else -width / 1e5),
        loss=lambda width, dropout: 0.3,
    )
    wider = {words: verdict for words, verdict in found.items() if "classify better" in words}
    for statement, verdict in wider.items():
        assert verdict == ("reproduced" if PLAIN in statement else "not reproduced")


def test_parameters_are_counted_by_the_formula(runs):
    def counted(runs):
        return [c.verdict for c in study.claims(runs) if c.kind == "identity"]

    assert counted(runs) == ["reproduced"] * 3
    first, *others = runs.networks[name_of(WIDTHS[0], DROPOUT)]
    first = dataclasses.replace(first, parameters=first.parameters + 1)
    networks = runs.networks | {name_of(WIDTHS[0], DROPOUT): [first, *others]}
    changed = dataclasses.replace(runs, networks=networks)
    assert counted(changed) == ["erratum", "reproduced", "reproduced"]
