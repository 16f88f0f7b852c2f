"""The few statements of a report that say what it found, one a study."""

from collections.abc import Sequence

from reporting.findings import Findings
from reporting.verdicts.claims import VERDICTS, Claim

MOST_STATEMENTS = 10
_TOLD = [verdict for verdict in VERDICTS if verdict != "inconclusive"]


def main_statements(
    findings: Sequence[Findings], most: int = MOST_STATEMENTS
) -> list[tuple[Findings, Claim]]:
    """Choose statements that show every kind of verdict, one a study.

    The verdicts take turns. Each picks, from the studies left, the one whose runs trained longest
    and that has such a claim, and of that study the first. Only claims with a measured number
    count, and only those about what a source says, not our own questions.

    Args:
        findings: Of all studies of a report.
        most: How many statements to choose at most.

    Returns:
        Each study with its statement, in the order of `findings`.
    """
    left = sorted(findings, key=_training_seconds, reverse=True)
    chosen: dict[str, Claim] = {}
    while len(chosen) < most:
        before = len(chosen)
        for verdict in _TOLD[: most - before]:
            for found in left:
                claim = _first(found, verdict)
                if claim is not None:
                    chosen[found.study] = claim
                    left.remove(found)
                    break
        if len(chosen) == before:
            break
    return [(found, chosen[found.study]) for found in findings if found.study in chosen]


def _training_seconds(found):
    return found.provenance.get("training seconds") or 0.0


def _first(found, verdict):
    for claim in found.claims:
        ours = "our own question" in claim.statement.lower()
        if claim.verdict == verdict and claim.mean is not None and not ours:
            return claim
    return None
