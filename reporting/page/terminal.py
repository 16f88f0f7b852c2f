"""The answers of a report as a table for the terminal."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reporting.findings import Findings
from reporting.verdicts.claims import VERDICT_MARKS, Claim

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

MOST_STATEMENTS = 40
"""Up to this number of statements each has a row; beyond it, each study has one."""


def answers(findings: Sequence[Findings]) -> "Group":
    """What studies found, as a table whose cells wrap to fit the terminal.

    One study shows every statement, and so do several with at most `MOST_STATEMENTS` in all. More
    show the count of each verdict, and their first statement, which is the main one.

    Args:
        findings: Findings of studies with claims, one or more.

    Returns:
        The table, and lines that explain the marks and name the images measured on.
    """
    from rich.console import Group

    few = sum(len(found.claims) for found in findings) <= MOST_STATEMENTS
    table = _statements(findings) if few or len(findings) == 1 else _studies(findings)
    return Group(table, *map(_text, ["", _key(), *_data(findings)]))


def _statements(findings: Sequence[Findings]) -> "Table":
    table = _table("source", "statement", "measured, with its interval", "")
    for found in findings:
        if len(findings) > 1:
            table.add_row("", _text(found.title), style="bold")
        for claim in found.claims:
            cells = map(_text, (claim.source, claim.statement))
            table.add_row(*cells, _measured(claim), VERDICT_MARKS[claim.verdict])
    return table


def _measured(claim: Claim) -> "Text":
    said = f"; the source says {claim.says}" if claim.kind == "value" else ""
    number = f"{claim.measured}\n" if claim.mean is not None else ""
    return _text(number).append(f"{claim.quantity}{said}", style="dim")


def _studies(findings: Sequence[Findings]) -> "Table":
    table = _table("study", *VERDICT_MARKS.values(), "", "first statement")
    for column in table.columns[1 : 1 + len(VERDICT_MARKS)]:
        column.justify = "right"
    for found in findings:
        first = found.claims[0]
        verdict = VERDICT_MARKS[first.verdict], _text(first.statement)
        table.add_row(_text(found.study), *_counts(found.claims), *verdict)
    table.add_section()
    claims = [claim for found in findings for claim in found.claims]
    table.add_row(f"{len(findings)} studies", *_counts(claims), style="bold")
    return table


def _table(*columns: str) -> "Table":
    from rich.table import Table

    return Table(
        *columns,
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )


def _text(text: str) -> "Text":
    """Text as it is: brackets in it are no markup."""
    from rich.text import Text

    return Text(text, overflow="fold")


def _counts(claims: Sequence[Claim]) -> list[str]:
    counts = Counter(claim.verdict for claim in claims)
    return [f"{counts[verdict] or ''}" for verdict in VERDICT_MARKS]


def _key() -> str:
    return "   ".join(f"{mark} {verdict}" for verdict, mark in VERDICT_MARKS.items())


def _data(findings: Sequence[Findings]) -> list[str]:
    """A line that names the images measured on; none for studies without images."""
    used = sorted({f"{data['name']} ({data['source']})" for f in findings for data in f.data})
    return [f"Data: {', '.join(used)}"] if used else []
