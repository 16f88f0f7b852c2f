from dataclasses import replace

import pytest

from reporting.page.main_statements import main_statements
from reporting.verdicts.claims import VERDICTS


@pytest.fixture
def study(findings):
    """A function of a study's name, its training time, and pairs of a statement and a verdict."""
    (template, *_) = findings().claims

    def build(name, seconds, *claims):
        time = {} if seconds is None else {"training seconds": seconds}
        claims = [replace(template, statement=text, verdict=verdict) for text, verdict in claims]
        return findings(name, claims=claims, provenance=time)

    return build


def chosen(findings, **settings):
    return [(one.study, claim.statement) for one, claim in main_statements(findings, **settings)]


def test_verdicts_take_turns_and_the_longest_training_goes_first(study):
    findings = [
        study("a", None, ("a holds", "reproduced"), ("a errs", "erratum")),
        study("b", 10.0, ("b holds", "reproduced"), ("b fails", "not reproduced")),
        study("c", 20.0, ("c holds", "reproduced")),
        study("d", 5.0, ("d holds", "reproduced")),
    ]
    assert chosen(findings, most=3) == [("a", "a errs"), ("b", "b fails"), ("c", "c holds")]
    assert chosen(findings, most=1) == [("c", "c holds")]
    assert [name for name, _ in chosen(findings)] == ["a", "b", "c", "d"]


def test_first_numbered_statement_of_a_source(study):
    found = study(
        "a",
        1.0,
        ("no number", "reproduced"),
        ("Our own question: is it so?", "reproduced"),
        ("It is so (our own question)", "reproduced"),
        ("first", "reproduced"),
        ("second", "reproduced"),
    )
    found.claims[0] = replace(found.claims[0], mean=None)
    assert chosen([found]) == [("a", "first")]


def test_undecided_statements_are_not_told(study):
    assert chosen([study("a", 1.0, ("who knows", "inconclusive"))]) == []
    for verdict in set(VERDICTS) - {"inconclusive"}:
        assert chosen([study("a", 1.0, ("known", verdict))]) == [("a", "known")]
