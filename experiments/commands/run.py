"""The command `run`."""

from typing import Annotated

import typer

from experiments import study_names
from experiments.commands import options
from experiments.commands.options import UsageError
from experiments.commands.running import Runner
from experiments.commands.studies import all_studies, find_study, stored_in


def run(
    names: options.Names = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Run every study. By default only those that are named.")
    ] = False,
    preset: options.Preset = "quick",
    seeds: options.Seeds = None,
    jobs: options.Jobs = None,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    out: options.Out = None,
    runs: options.Runs = None,
    cluster: options.Cluster = None,
    tensorboard: options.TensorBoard = None,
) -> None:
    """Run studies, and answer with figures, verdicts and a report.

    Runs that are stored already are not trained again. Stop it at any moment: the same command
    continues with what is missing.
    """
    if bool(names) == all_:
        raise UsageError(f"name studies or give --all; the studies are {', '.join(study_names())}")
    studies = all_studies() if all_ else [find_study(name) for name in dict.fromkeys(names or ())]
    runner = Runner(studies, stored_in)
    runner.run(preset, seeds, jobs, data, data_dir, out, runs, cluster, tensorboard)
