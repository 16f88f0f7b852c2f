"""The command line: `python -m experiments`."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from experiments.commands.clean import clean
from experiments.commands.export import export
from experiments.commands.list_studies import list_studies
from experiments.commands.program import new_app, run_program
from experiments.commands.report import report
from experiments.commands.run import run
from experiments.commands.search.command import search
from experiments.commands.status import status

app = new_app("Run the statements of five neural-network courses as controlled experiments.")
app.command("list")(list_studies)
for command in (run, search, report, export, status, clean):
    app.command()(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: What follows `python -m experiments`; None takes them from `sys.argv`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    run_program(app, given or ["--help"], "python -m experiments")


if __name__ == "__main__":
    main()
