"""From records to findings: studies, claims with computed verdicts, figures and the report."""

from reporting.claims import Claim, compare, direction, identity, mean_interval, summary, value
from reporting.findings import Findings, FindingsError, Table
from reporting.lab import Lab, MissingRunsError
from reporting.study import Study
from reporting.tables import summary_of, table_of

__all__ = [
    "Claim",
    "Findings",
    "FindingsError",
    "Lab",
    "MissingRunsError",
    "Study",
    "Table",
    "compare",
    "direction",
    "identity",
    "mean_interval",
    "summary",
    "summary_of",
    "table_of",
    "value",
]
