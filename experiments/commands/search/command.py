"""The command `search`: what is asked for, its progress, and what it leaves in the report."""

import re
import secrets
import sys
from functools import partial
from typing import Annotated

import typer

import datasets
from experiments.commands import options
from experiments.commands.options import (
    DATA,
    check_at_least_one,
    check_choice,
    check_writable,
    sources_of,
)
from experiments.commands.reports import draw_report, report_folder
from experiments.commands.search.display import Progress, show_best
from experiments.commands.search.spaces import OPTIMIZER, PRESETS, SEEDS, SPACES, TRIALS
from reporting.search.stored_search import StoredSearch
from training import OPTIMIZERS, RunConfig
from training.backend import running_backend
from training.search.search import ALGORITHMS, Search, space_of, space_of_builder
from training.single_run.user_builder import source_hash
from training.store.failures import SearchError
from training.sweep.runner import runs_folder


def search(
    space: Annotated[
        str | None, typer.Argument(help="dense, cnn or learning_rate; or a name for --builder's.")
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="fashion_mnist, mnist or cifar10.")
    ] = "fashion_mnist",
    algorithm: Annotated[str, typer.Option(help="random, bayesian or hyperband.")] = "random",
    trials: Annotated[
        int | None, typer.Option(help="By default 10 for quick, 50 for paper, a Hyperband's sweep.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Of a trial, the most for hyperband; by default 5 or 20.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Runs of a trial; by default 2 for quick, 3 for paper.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of settings.")] = 0,
    optimizer: Annotated[
        str | None, typer.Option(help="Of cnn and learning_rate; by default adam.")
    ] = None,
    builder: Annotated[
        str | None, typer.Option(help="package.module:function that builds a model of yours.")
    ] = None,
    train_size: Annotated[int | None, typer.Option(help="Training images.")] = None,
    validation_size: Annotated[
        int | None, typer.Option(help="Training images set apart to score by.")
    ] = None,
    preset: options.Preset = "quick",
    jobs: options.Jobs = None,
    data: options.Data = "auto",
    data_dir: options.DataDir = None,
    out: options.Out = None,
    runs: options.Runs = None,
    chief: Annotated[
        str | None, typer.Option(help="HOST:PORT to give trials to workers at.")
    ] = None,
    worker: Annotated[
        str | None, typer.Option(help="HOST:PORT of the chief to run trials for.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the worker; by default a new one.")] = None,
) -> None:
    """Search for the best hyperparameters; the same command goes on where it stopped."""
    check_choice("--dataset", dataset, datasets.NAMES)
    check_choice("--algorithm", algorithm, ALGORITHMS)
    check_choice("--preset", preset, PRESETS)
    check_choice("--data", data, DATA)
    counts = {"--trials": trials, "--epochs": epochs, "--seeds": seeds, "--jobs": jobs}
    for option, number in counts.items():
        check_at_least_one(option, number)
    out = report_folder(preset, out)
    check_writable(out)
    check_writable(runs_folder(runs), "--runs")
    _check_roles(chief, worker, name)
    prepare = partial(
        make,
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
    asked = prepare(say=progress.say, progressed=progress.show)
    with progress:
        outcome = asked.lead(chief) if chief else asked.run()
    show_best(asked, outcome)
    draw_report([store(asked, outcome, preset, out)], out, jobs)
    if outcome.failed:
        raise outcome.failed


def make(space, builder, optimizer, dataset, source, preset, sizes, seeds, trials, **further):
    """The `Search` that the command line asks for.

    Args:
        space: key of `SPACES`, or a name for the space of a builder; None takes its function's.
        builder: "module:function", or None.
        optimizer: of the spaces that search none; None takes `OPTIMIZER`.
        dataset: one of `datasets.NAMES`.
        source: function of the dataset's name that gives "real" or "stand-in"; as it may have to
            ask the network, it is called when all else is known to be right.
        preset: of `PRESETS`.
        sizes: field of a config → what the user gave instead of the preset's, or None.
        seeds: runs of a trial, or None for the preset's.
        trials: number of trials, or None for the preset's.
        **further: of `Search`.

    Raises:
        SearchError: when it cannot be made.
    """
    if further["seed"] < 0:
        raise SearchError(f"--seed must be a whole number of at least 0, not {further['seed']}")
    name, hyperparameters, searched, shared = (
        _space_of_builder(space, builder, optimizer, dataset)
        if builder
        else _space(space, optimizer)
    )
    fields = PRESETS[preset] | {name: size for name, size in sizes.items() if size is not None}
    if not fields["validation_size"]:
        raise SearchError("a search needs validation images; give a --validation-size")
    fields |= {"dataset": dataset, "backend": running_backend(), **shared}
    config = RunConfig(data="stand-in", **fields)  # mistakes are found before the data
    if trials is None and further["algorithm"] != "hyperband":
        trials = TRIALS[preset]
    return Search(
        name,
        hyperparameters,
        searched,
        config.replace(data=source(dataset)),
        seeds=seeds or SEEDS[preset],
        trials=trials,
        **further,
    )


def _given(hp):
    return {"hyperparameters": tuple(sorted(hp.values.items()))}


def _space(name, optimizer):
    """Name, hyperparameters, fields of a trial, and fields that all trials share."""
    if name not in SPACES:
        named = f"unknown space {name!r}" if name else "name a space"
        raise SearchError(
            f"{named}; choose from {', '.join(SPACES)}, or give a --builder package.module:function"
        )
    fields, shared = SPACES[name]
    if name != "dense":
        shared = shared | {"optimizer": optimizer or OPTIMIZER}
    elif optimizer:
        raise SearchError("dense chooses its optimizer itself; leave --optimizer away")
    if shared.get("optimizer") not in (None, *OPTIMIZERS):
        raise SearchError(f"unknown optimizer {optimizer!r}; choose from {', '.join(OPTIMIZERS)}")
    return name, space_of(fields), fields, shared


def _space_of_builder(name, builder, optimizer, dataset):
    """As `_space`, of a function of the user's."""
    if name in SPACES:
        raise SearchError(f"{name} is a space of its own; give the builder's another name")
    if optimizer:
        raise SearchError("a builder chooses its optimizer itself; leave --optimizer away")
    name = name or builder.rpartition(":")[2]
    if not re.fullmatch(r"\w+", name):
        raise SearchError(f"a space's name is of letters, digits and _, not {name!r}")
    shared = {"model": "builder", "builder": builder, "builder_hash": source_hash(builder)}
    return name, space_of_builder(builder, dataset), _given, shared


def _check_roles(chief, worker, name):
    if chief and worker:
        raise SearchError("give --chief or --worker, not both: each is a command of its own")
    if name and not worker:
        raise SearchError("--name is a worker's; give --worker too")
    if name and "chief" in name:  # keras-tuner takes it for one
        raise SearchError(f"a worker's --name must not contain 'chief', not {name!r}")
    for option, address in (("--chief", chief), ("--worker", worker)):
        host, _, port = (address or "").rpartition(":")
        if address and not (host and port.isdecimal() and 0 < int(port) < 2**16):
            raise SearchError(
                f"{option} must be HOST:PORT, such as 127.0.0.1:8000, not {address!r}"
            )


def _say(line):
    print(line, file=sys.stderr)


def store(search, outcome, preset, out):
    """Store an outcome in its folder of a report, and return its `StoredSearch`."""
    stored = StoredSearch(search.study)
    about = {
        "name": search.name,
        "algorithm": search.algorithm,
        "seed": search.seed,
        "seeds": search.seeds,
        "space": search.space["space"],
        "failed": _failed_trials(outcome),
        "command": command(search, len(outcome.trials) + _failed_trials(outcome), preset),
        "trials": [
            {
                "number": trial.number,
                "settings": trial.settings,
                "runs": [config.key for config in trial.configs],
            }
            for trial in outcome.trials
        ],
    }
    stored.store({"preset": preset, "search": about}, outcome.records, out / stored.name)
    return stored


def _failed_trials(outcome):
    """The number of trials of which a run failed."""
    failures = outcome.failed.failures if outcome.failed else ()
    return len({failure.config.replace(seed=0) for failure in failures})


def command(search, trials, preset):
    """The command that makes the same search."""
    config = search.config
    options = {
        "builder": config.builder,
        "dataset": config.dataset,
        "algorithm": search.algorithm,
        "preset": preset,
        "trials": trials,
        "epochs": config.epochs,
        "seeds": search.seeds,
        "seed": search.seed,
        "train-size": config.train_size,
        "validation-size": config.validation_size,
        "data": config.data,
    }
    if search.name in SPACES and search.name != "dense":
        options["optimizer"] = config.optimizer
    given = [f"--{name} {value}" for name, value in options.items() if value is not None]
    return f"python -m experiments search {search.name} {' '.join(given)}"
