"""From records to findings: studies, claims with computed verdicts, figures and the report."""

from reporting.claims import Claim, direction, identity, mean_interval, summary, value
from reporting.findings import Findings, FindingsError, Table
from reporting.lab import Lab, MissingRunsError
from reporting.study import Study

__all__ = [
    "Claim",
    "Findings",
    "FindingsError",
    "Lab",
    "MissingRunsError",
    "Study",
    "Table",
    "direction",
    "identity",
    "mean_interval",
    "summary",
    "value",
]
