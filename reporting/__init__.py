"""From records to findings: studies, claims with computed verdicts, figures and the report."""

from reporting.findings import Findings, FindingsError, Table
from reporting.study.lab import Lab, Methods, MissingRunsError
from reporting.study.networks import network_of
from reporting.study.study import Study
from reporting.study.tables import summary_of, table_of
from reporting.verdicts.claims import Claim, compare, direction, identity, value
from reporting.verdicts.measures import Measure
from reporting.verdicts.statistics import mean_interval, summary

__all__ = [
    "Claim",
    "Findings",
    "FindingsError",
    "Lab",
    "Measure",
    "Methods",
    "MissingRunsError",
    "Study",
    "Table",
    "compare",
    "direction",
    "identity",
    "mean_interval",
    "network_of",
    "summary",
    "summary_of",
    "table_of",
    "value",
]
