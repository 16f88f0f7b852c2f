import dataclasses

import numpy as np
import pytest

from experiments import errata as study
from experiments.analyses.errata.demonstrations import RULES
from experiments.analyses.errata.erratum import HOLDS, PRINTED
from reporting import Lab

# The rows of the list of statements that do not hold: (source, words of the statement).
ROWS = [
    ("A intro", "705"),
    ("A 2.3", "−1 + log softmax"),
    ("A 3.3", "after the loop"),
    ("A 3.4", "1500"),
    ("A 4.1", "softmax(x) · y"),
    ("A 6.2", "i or j"),
    ("A 6.3", "13,932"),
    ("A 7", "higher loss"),
    ("B 2.2 Q10-11", "1,190,160"),
    ("B 1.1.4 Q13", "linear"),
    ("B 1.1.4 Q17", "tan²"),
    ("B 3.1 Q20", "training set"),
    ("B 1.2.6", "degree 6"),
    ("C, “Neurons”", "x ≥ 1"),
    ("C, “A regression problem”", "J(t) + ε∇J(t)"),
    ("C, “Derivative of the functions”", "2ŷ"),
    ("D 2.1, eq. 5-6", "bias"),
    ("D 3.3", "max pooling assigns"),
    ("D 2, eq. 1", "Hadamard"),
    ("E, “Optimizers”", "AdaGrad"),
    ("E, “Optimizers”", "RMSProp acc"),
    ("E, “Optimizers”", "at 0"),
    ("E, “Regularization”", "½"),
]


@pytest.fixture(scope="module")
def runs():
    return study.runs(Lab("quick", 3, {}, obtain=None))


def test_every_printed_statement_is_an_erratum(runs):
    said = {claim.statement: claim.verdict for claim in study.claims(runs)}
    assert said.pop("Statistics of the training set must not normalise validation data") == (
        "not reproduced"
    )
    assert set(said.values()) == {"erratum"}
    assert len(said) == len(runs.errata)


def test_a_right_statement_would_be_reproduced(runs):
    right = [erratum._replace(says=erratum.holds) for erratum in runs.errata]
    accuracies = dict(zip(study.NORMALISED_BY, ([0.8, 0.8], [1, 0.99]), strict=True))
    changed = dataclasses.replace(runs, errata=right, accuracies=accuracies)
    assert {claim.verdict for claim in study.claims(changed)} == {"reproduced"}


@pytest.mark.parametrize(("source", "words"), ROWS)
def test_every_row_of_the_list_is_shown(runs, source, words):
    shown = [(claim.source, claim.statement) for claim in study.claims(runs)]
    shown += [(row[0], row[1]) for row in study.shown_elsewhere(runs).rows]
    assert [text for of, text in shown if of == source and words in text]


def test_the_table_has_both_sides_of_each(runs):
    rows = study.both_sides(runs).rows
    assert len(rows) == len(runs.errata)
    assert [row[4:] for row in rows if row[0] == "A intro"] == [["705", "785"]]
    assert not [row for row in rows if "each of" in row[4] + row[5]]


def test_what_is_drawn_has_both_sides(runs):
    assert runs.paths.keys() == RULES.keys()
    sides = [
        runs.neuron_losses,
        runs.pooling_gradients,
        *runs.paths.values(),
        {side: trained["losses"] for side, trained in runs.hidden_neurons.items()},
    ]
    for values in sides:
        assert list(values) == [PRINTED, HOLDS]
        assert values[PRINTED].shape == values[HOLDS].shape
        assert not np.allclose(values[PRINTED], values[HOLDS])
    assert runs.neuron_losses[PRINTED][-1] > runs.neuron_losses[HOLDS][-1]
    assert runs.pooling_gradients[PRINTED][2, 2] == 4
    assert runs.pooling_gradients[HOLDS][2, 2] == pytest.approx(10)
    assert runs.hidden_neurons[PRINTED]["losses"][-1] > runs.hidden_neurons[HOLDS]["losses"][-1]
    for paths in runs.paths.values():
        printed, holds = (np.abs(paths[side][-1]).max() for side in (PRINTED, HOLDS))
        assert holds < printed
