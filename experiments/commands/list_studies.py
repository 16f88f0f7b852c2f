"""The command `list`."""

import sys

from experiments.commands.studies import all_studies


def list_studies() -> None:
    """List the studies, with the sources they test and the questions they ask."""
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "source", "question", box=None, pad_edge=False, header_style="bold")
    for study in all_studies():
        table.add_row(study.name, ", ".join(study.sources), study.question)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
