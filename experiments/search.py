"""Hyperparameter search: its spaces, and what `python -m experiments search` does.

A space is a function of keras-tuner's hyperparameters that gives the searched fields of a
`RunConfig`; a trial is a run of that config for each seed.
"""

import re
import secrets
import sys

from reporting.search import StoredSearch
from training import OPTIMIZERS, RunConfig
from training.backend import running_backend
from training.search import Search, SearchError, space_of, space_of_builder, told
from training.user_builder import source_hash

PRESETS = {
    "quick": {"train_size": 5_000, "validation_size": 1_000, "epochs": 5},
    "paper": {"train_size": 40_000, "validation_size": 10_000, "epochs": 20},
}
"""Preset → fields of a trial's config that the user need not give."""

TRIALS = {"quick": 10, "paper": 50}
"""Preset → number of trials, where the user gives none; Hyperband takes those of one sweep."""

SEEDS = {"quick": 2, "paper": 3}
"""Preset → runs of a trial, where the user gives none."""

DROPOUTS = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def dense(hp):
    """Dense networks, their training included."""
    return {
        "hidden": (hp.Int("units", 16, 512, step=2, sampling="log"),) * hp.Int("layers", 1, 3),
        "dropout": hp.Choice("dropout", DROPOUTS),
        "optimizer": hp.Choice("optimizer", list(OPTIMIZERS)),
        "learning_rate": _rate(hp, 1e-4, 1),
        "batch_size": hp.Int("batch size", 32, 512, step=2, sampling="log"),
    }


def cnn(hp):
    """Convolutional networks, whose filters double from block to block."""
    first, blocks = hp.Int("filters", 8, 32, step=2, sampling="log"), hp.Int("blocks", 1, 3)
    return {
        "filters": tuple(first * 2**block for block in range(blocks)),
        "kernel_size": hp.Choice("kernel", [3, 5]),
        "dropout": hp.Choice("dropout", DROPOUTS),
        "batch_normalisation": hp.Boolean("batch normalisation"),
        "learning_rate": _rate(hp, 1e-4, 1),
    }


def learning_rate(hp):
    """The learning rate alone, of a dense network."""
    return {"learning_rate": _rate(hp, 1e-5, 10)}


SPACES = {
    "dense": (dense, {"model": "dense"}),
    "cnn": (cnn, {"model": "cnn", "padding": "same"}),
    "learning_rate": (learning_rate, {"model": "dense"}),
}
"""Name → the space, and the fields that all its trials share."""

OPTIMIZER = "adam"
"""Of the spaces that search none."""


def _rate(hp, low, high):
    """A learning rate, to three digits."""
    return float(f"{hp.Float('learning rate', low, high, sampling='log'):.3g}")


def _given(hp):
    return {"hyperparameters": tuple(sorted(hp.values.items()))}


def make(space, builder, optimizer, dataset, source, preset, sizes, seeds, trials, **options):
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
        **options: of `Search`.

    Raises:
        SearchError: when it cannot be made.
    """
    if options["seed"] < 0:
        raise SearchError(f"--seed must be a whole number of at least 0, not {options['seed']}")
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
    if trials is None and options["algorithm"] != "hyperband":
        trials = TRIALS[preset]
    return Search(
        name,
        hyperparameters,
        searched,
        config.replace(data=source(dataset)),
        seeds=seeds or SEEDS[preset],
        trials=trials,
        **options,
    )


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


def run(preset, out, chief=None, worker=None, name=None, **asked):
    """Search, alone or as one of several processes, and store the outcome.

    Args:
        preset: of `PRESETS`.
        out: folder of the report.
        chief: "host:port" to give trials to workers at.
        worker: "host:port" of the chief to run trials for.
        name: of this worker; None takes a new one.
        **asked: as for `make`.

    Returns:
        The `StoredSearch`; None for a worker.

    Raises:
        SearchError: when it cannot be made as asked.
    """
    if chief and worker:
        raise SearchError("give --chief or --worker, not both: each is a command of its own")
    if name and not worker:
        raise SearchError("--name is a worker's; give --worker too")
    for option, address in (("--chief", chief), ("--worker", worker)):
        _check_address(option, address)
    if worker:
        search = make(preset=preset, say=_say, **asked)
        search.work(worker, _worker_name(name))
        return None
    progress = Progress()
    search = make(preset=preset, say=progress.say, progressed=progress.show, **asked)
    with progress:
        outcome = search.lead(chief) if chief else search.run()
    show_best(search, outcome)
    return store(search, outcome, preset, out)


def _check_address(option, address):
    if address is None:
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 2**16):
        raise SearchError(f"{option} must be HOST:PORT, such as 127.0.0.1:8000, not {address!r}")


def _worker_name(name):
    if name and "chief" in name:  # keras-tuner takes it for one
        raise SearchError(f"a worker's --name must not contain 'chief', not {name!r}")
    return name or f"worker-{secrets.token_hex(4)}"


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
        "command": command(search, len(outcome.trials), preset),
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


class Progress:
    """A line on standard error: trials that have ended, time to go, and the best so far."""

    def __init__(self):
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("search"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("trials"),
            TimeElapsedColumn(),
            TextColumn("to go"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            speed_estimate_period=600,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self):
        self._bar.start()
        return self

    def __exit__(self, *_):
        self._bar.stop()

    def show(self, oracle):
        """Show where the oracle's search stands."""
        best = oracle.best
        described = f"best: {best.score:.4f} in trial {int(best.trial_id) + 1}" if best else ""
        self._bar.update(
            self._task,
            total=oracle.max_trials,
            completed=len(oracle.completed),
            description=described,
        )
        self._bar.refresh()

    def say(self, line):
        """Write a line above."""
        self._bar.console.print(line, highlight=False, soft_wrap=True)


def show_best(search, outcome):
    """Print the best trial's settings, what it reached, and where its model is."""
    from rich.console import Console
    from rich.table import Table

    best = outcome.best
    table = Table("best settings", f"trial {best.number}", box=None, pad_edge=False)
    for name, value in best.settings.items():
        table.add_row(name, told({name: value}).removeprefix(f"{name} "))
    table.add_row("validation accuracy", f"{best.score:.4f}")
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    print(f"Its model is {search.best_model}")
