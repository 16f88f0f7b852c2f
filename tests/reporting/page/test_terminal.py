import io
import re

import pytest
from rich.console import Console

from reporting.page.terminal import MOST_STATEMENTS, answers
from reporting.verdicts.claims import VERDICT_MARKS, direction, identity, value
from reporting.verdicts.measures import Measure

LOSS = Measure("loss", better="lower")


def printed(findings, width=120):
    console = Console(file=io.StringIO(), width=width)
    console.print(answers(findings))
    return console.file.getvalue()


def claims(count):
    """Half of them reproduced, half of them errata, in turn."""
    return [
        identity(source="A 1", statement=f"Statement {k}", quantity="sum", says=1, holds=1 + k % 2)
        for k in range(count)
    ]


def test_every_statement_of_one_study_has_its_source_number_and_verdict(findings):
    found = findings()
    lines = printed([found]).splitlines()
    for claim in found.claims:
        (line,) = (line for line in lines if f" {claim.statement} " in line)
        assert line.startswith(claim.source)
        assert claim.measured in line
        assert line.rstrip().endswith(VERDICT_MARKS[claim.verdict])


def test_what_was_measured_stands_under_the_number(findings):
    """And for a value, what the source says, without which the number answers nothing."""
    text = " ".join(printed([findings()]).split())
    assert "loss: SGD minus Momentum 0.9" in text
    assert "test accuracy; the source says 0.95" in text


def test_marks_are_explained_and_the_data_named(findings):
    text = printed([findings()])
    assert all(f"{mark} {verdict}" in text for verdict, mark in VERDICT_MARKS.items())
    assert "Data: MNIST (real)" in text
    assert "Data:" not in printed([findings(data=[])])


def test_several_studies_with_few_statements_show_them_under_their_titles(findings):
    half = MOST_STATEMENTS // 2
    text = printed([findings(title=t, claims=claims(half)) for t in ("One", "Two")])
    assert text.index("One") < text.index("Statement 0") < text.index("Two")
    assert text.count("Statement 0 ") == 2


def test_many_statements_give_a_row_of_counts_for_each_study(findings):
    studies = [findings("one", claims=claims(20)), findings("two", claims=claims(21))]
    first, second, total = re.findall(r"^(?:one|two|2 studies) .*", printed(studies), re.MULTILINE)
    assert first.split() == ["one", "10", "10", "✓", "Statement", "0"]
    assert second.split() == ["two", "11", "10", "✓", "Statement", "0"]
    assert total.split() == ["2", "studies", "21", "20"]


def test_one_study_shows_its_statements_however_many_they_are(findings):
    assert "Statement 99" in printed([findings(claims=claims(100))])


@pytest.mark.parametrize("width", [60, 80])
def test_lines_fit_the_terminal_and_nothing_is_cut(findings, width):
    statement = "Momentum lowers the loss below that of SGD at ten times the rate"
    source = "A 3.5.2"
    found = findings(
        study="search_dense_fashion_mnist_bayesian",
        claims=[
            direction(
                source=source,
                statement=statement,
                measure=LOSS,
                lower=("Momentum 0.9", [1, 2, 3]),
                higher=("SGD, ten times the rate", [2, 3, 4.1]),
            )
        ],
    )
    for findings_ in ([found], [found, findings(claims=claims(MOST_STATEMENTS))]):
        text = printed(findings_, width)
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text
        assert set(statement.split()) <= set(text.split())


def test_brackets_of_a_statement_are_shown(findings):
    claim = value(
        source="A 1", statement="It [b]falls", measure=LOSS, says=0.5, values=[0.4, 0.5, 0.6]
    )
    assert "It [b]falls" in printed([findings(claims=[claim])])
