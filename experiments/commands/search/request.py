"""From the options of `search` to a `Search`."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from experiments.commands.search.spaces import OPTIMIZER, PRESETS, SEEDS, SPACES, TRIALS
from training import OPTIMIZERS, RunConfig
from training.backend import running_backend
from training.search.search import Search, space_of, space_of_builder
from training.single_run.user_builder import source_hash
from training.store.failures import SearchError

if TYPE_CHECKING:
    import keras_tuner

Space = tuple[str, dict, Callable, dict]
"""Name, keras-tuner's configuration of the hyperparameters, function of keras-tuner's `hp` that
returns a trial's fields of a `RunConfig`, and the fields that all trials share."""


def prepare_search(
    space: str | None,
    builder: str | None,
    optimizer: str | None,
    dataset: str,
    source: Callable[[str], str],
    preset: str,
    sizes: Mapping[str, int | None],
    seeds: int | None,
    trials: int | None,
    **further: Any,
) -> Search:
    """Return the `Search` that the command line asks for.

    Args:
        space: Key of `SPACES`, or a name for the builder's space; None takes its function's name.
        builder: "module:function", or None to search one of `SPACES`.
        optimizer: Optimizer for spaces that do not search it; None takes `OPTIMIZER`.
        dataset: One of `datasets.NAMES`.
        source: Function from the dataset's name to "real" or "stand-in". It may need the network,
            so it is called last, when everything else is valid.
        preset: Key of `PRESETS`.
        sizes: Field of a `RunConfig` → the value given, or None for the preset's.
        seeds: Runs of each trial; None takes the preset's number.
        trials: Number of trials; None takes the preset's, or for Hyperband that of one sweep.
        **further: Other arguments of `Search`.

    Raises:
        SearchError: If the options do not make a search.
    """
    if further["seed"] < 0:
        raise SearchError(f"--seed must be a whole number of at least 0, not {further['seed']}")
    name, hyperparameters, fields, shared = (
        _builder_space(space, builder, optimizer, dataset) if builder else _space(space, optimizer)
    )
    given = {field: size for field, size in sizes.items() if size is not None}
    common = PRESETS[preset] | given | {"dataset": dataset, "backend": running_backend()} | shared
    if not common["validation_size"]:
        raise SearchError("a search needs validation images; give a --validation-size")
    config = RunConfig(data="stand-in", **common)  # finds invalid options before data is loaded
    if trials is None and further["algorithm"] != "hyperband":
        trials = TRIALS[preset]
    return Search(
        name,
        hyperparameters,
        fields,
        config.replace(data=source(dataset)),
        seeds=seeds or SEEDS[preset],
        trials=trials,
        **further,
    )


def _space(name: str | None, optimizer: str | None) -> Space:
    """A space of `SPACES`."""
    if name not in SPACES:
        problem = f"unknown space {name!r}" if name else "name a space"
        raise SearchError(
            f"{problem}; choose from {', '.join(SPACES)}, or give a --builder "
            "package.module:function"
        )
    fields, shared = SPACES[name]
    if name != "dense":
        shared = shared | {"optimizer": optimizer or OPTIMIZER}
    elif optimizer:
        raise SearchError("dense searches for the optimizer too; leave out --optimizer")
    if shared.get("optimizer") not in (None, *OPTIMIZERS):
        raise SearchError(f"unknown optimizer {optimizer!r}; choose from {', '.join(OPTIMIZERS)}")
    return name, space_of(fields), fields, shared


def _builder_space(name: str | None, builder: str, optimizer: str | None, dataset: str) -> Space:
    """The space of a function that builds the user's own model."""
    if name in SPACES:
        raise SearchError(f"{name} is one of the project's spaces; give yours another name")
    if optimizer:
        raise SearchError("a builder compiles its model with an optimizer; leave out --optimizer")
    name = name or builder.rpartition(":")[2]
    if not re.fullmatch(r"\w+", name):
        raise SearchError(
            f"the name of a space must consist of letters, digits and _, not {name!r}"
        )
    shared = {"model": "builder", "builder": builder, "builder_hash": source_hash(builder)}
    return name, space_of_builder(builder, dataset), _all_hyperparameters, shared


def _all_hyperparameters(hp: "keras_tuner.HyperParameters") -> dict:
    return {"hyperparameters": tuple(sorted(hp.values.items()))}
