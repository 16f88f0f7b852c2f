"""The command `search`: its options and its course."""

import secrets
import sys
from functools import partial
from typing import Annotated

import typer

import datasets
from datasets.loading import SOURCES
from experiments.commands import options
from experiments.commands.options import (
    check_at_least_one,
    check_choice,
    check_writable,
    choices,
    sources_of,
)
from experiments.commands.reports import draw_report, report_folder
from experiments.commands.search.display import Progress, show_best
from experiments.commands.search.outcome import store
from experiments.commands.search.request import prepare_search
from experiments.commands.search.spaces import OPTIMIZER, PRESETS, SEEDS, SPACES, TRIALS
from training import OPTIMIZERS
from training.search.search import ALGORITHMS
from training.store.failures import SearchError
from training.sweep.runner import runs_folder


def search(
    space: Annotated[
        str | None,
        typer.Argument(
            metavar="SPACE",
            help=f"The hyperparameters to search: {', '.join(SPACES)}. With --builder, a name for "
            "those of the builder, which defaults to its function's name.",
        ),
    ] = None,
    dataset: Annotated[
        str,
        typer.Option(metavar=choices(datasets.NAMES), help="The data set to train on."),
    ] = "fashion_mnist",
    algorithm: Annotated[
        str,
        typer.Option(metavar=choices(ALGORITHMS), help="How the next trial's settings are chosen."),
    ] = "random",
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"The number of settings to try. Defaults to {TRIALS['quick']} for `quick`, "
            f"{TRIALS['paper']} for `paper`, and for hyperband to one sweep's.",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The epochs of each trial; for hyperband, those of its longest trials. Defaults "
            f"to {PRESETS['quick']['epochs']} for `quick`, {PRESETS['paper']['epochs']} for "
            "`paper`.",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The runs of each trial, whose mean is its score. Defaults to "
            f"{SEEDS['quick']} for `quick`, {SEEDS['paper']} for `paper`.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="The seed for choosing settings, a whole number from 0 on."),
    ] = 0,
    optimizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"The optimizer, for the spaces cnn and learning_rate: {', '.join(OPTIMIZERS)}. "
            f"Defaults to {OPTIMIZER}.",
        ),
    ] = None,
    builder: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FUNCTION",
            help="Search a model of your own: a function of keras-tuner's `hp` that returns a "
            "compiled model. By default the model is the space's.",
        ),
    ] = None,
    train_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The number of training images. Defaults to "
            f"{PRESETS['quick']['train_size']:,} for `quick`, "
            f"{PRESETS['paper']['train_size']:,} for `paper`.",
        ),
    ] = None,
    validation_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The number of training images set apart, on which trials are scored. Defaults to "
            f"{PRESETS['quick']['validation_size']:,} for `quick`, "
            f"{PRESETS['paper']['validation_size']:,} for `paper`.",
        ),
    ] = None,
    preset: options.Preset = "quick",
    jobs: options.Jobs = None,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    out: options.Out = None,
    runs: options.Runs = None,
    chief: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Lead the search: hand out trials to workers, which connect to this address. By "
            "default the trials run here.",
        ),
    ] = None,
    worker: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Run trials for the chief at this address, with the same options as the chief. "
            "By default for none.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The worker's name, by which it resumes its trial after it was killed. Defaults "
            "to a new name.",
        ),
    ] = None,
) -> None:
    """Search for the hyperparameters with the best validation accuracy.

    Stop it at any moment: the same command continues where it stopped, and with more --trials it
    goes further.
    """
    check_choice("--dataset", dataset, datasets.NAMES)
    check_choice("--algorithm", algorithm, ALGORITHMS)
    check_choice("--preset", preset, PRESETS)
    check_choice("--data", data, SOURCES)
    counts = {"--trials": trials, "--epochs": epochs, "--seeds": seeds, "--jobs": jobs}
    for option, number in counts.items():
        check_at_least_one(option, number)
    out = report_folder(preset, out)
    check_writable(out)
    check_writable(runs_folder(runs), "--runs")
    _check_roles(chief, worker, name)
    prepare = partial(
        prepare_search,
        space=space,
        builder=builder,
        optimizer=optimizer,
        dataset=dataset,
        source=lambda name: sources_of([name], data, data_dir)[name],
        preset=preset,
        sizes={"train_size": train_size, "validation_size": validation_size, "epochs": epochs},
        seeds=seeds,
        trials=trials,
        algorithm=algorithm,
        seed=seed,
        jobs=jobs,
        data_dir=data_dir,
        runs_dir=runs,
    )
    if worker:
        prepare(say=_say).work(worker, name or f"worker-{secrets.token_hex(4)}")
        return
    progress = Progress()
    prepared = prepare(say=progress.say, progressed=progress.show)
    with progress:
        outcome = prepared.lead(chief) if chief else prepared.run()
    show_best(prepared, outcome)
    draw_report([store(prepared, outcome, preset, out)], out, jobs)
    if outcome.failed:
        raise outcome.failed


def _check_roles(chief: str | None, worker: str | None, name: str | None) -> None:
    if chief and worker:
        raise SearchError("give --chief or --worker, not both: a process is one or the other")
    if name and not worker:
        raise SearchError("--name names a worker; give --worker too")
    if name and "chief" in name:  # keras-tuner takes it for one
        raise SearchError(f"a worker's --name must not contain 'chief', not {name!r}")
    for option, address in (("--chief", chief), ("--worker", worker)):
        host, _, port = (address or "").rpartition(":")
        if address and not (host and port.isdecimal() and 0 < int(port) < 2**16):
            raise SearchError(
                f"{option} must be HOST:PORT, such as 127.0.0.1:8000, not {address!r}"
            )


def _say(line: str) -> None:
    print(line, file=sys.stderr)
