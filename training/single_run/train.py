"""Train one config, from data to record."""

import dataclasses
import functools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import datasets
from training.backend import running_backend
from training.config import RunConfig
from training.provenance import provenance
from training.record import RunRecord
from training.single_run.artifacts import kept_of
from training.single_run.engines import ENGINES, build
from training.single_run.scaling import fitted


def trained(record: RunRecord) -> Any:
    """Return the Keras model of a record that keeps "weights", as training left it.

    It is built on the backend of this process, whichever trained it.
    """
    model = build(record.config.replace(backend=running_backend()))
    model.set_weights([array for _, array in sorted(record.weights.items())])
    return model


def train(config: RunConfig, data_dir: str | Path | None = None) -> RunRecord:
    """Load the data, build the network, train it, and evaluate it.

    Args:
        config: What to run.
        data_dir: Folder of the image sets, as for `datasets.load`. Defaults to None.

    Raises:
        datasets.DataError: If the data cannot be loaded, or has fewer images than the config needs.
    """
    images = _images(
        config.dataset,
        config.data,
        data_dir,
        config.train_size,
        config.validation_size,
        config.test_size,
        config.scaling,
    )
    data = images.data
    engine = ENGINES[config.engine](config)
    history = engine.fit(*images.train, images.validation if config.validation_size else None)
    test = engine.evaluate(images.x_test, data.y_test)
    final = engine.evaluate(*images.train) | _named("test", test)
    if "own statistics" in config.keep:
        final |= _by_own_statistics(engine, config.scaling, data)
    return RunRecord(
        config=config,
        parameters=engine.parameters,
        iteration_loss=history.iteration_loss,
        epochs={name: np.asarray(v, np.float32) for name, v in history.epochs.items()},
        final=final,
        seconds=history.seconds,
        compile_seconds=history.compile_seconds,
        provenance=provenance() | {"data": images.provenance},
        kept=kept_of(config, engine, data, images.x_test),
    )


class _Images(NamedTuple):
    """What a network takes, pairs of scaled images and labels, and where it comes from."""

    data: datasets.Dataset
    train: tuple
    validation: tuple
    x_test: np.ndarray
    provenance: dict


@functools.lru_cache(maxsize=1)
def _images(dataset, source, data_dir, train_size, validation_size, test_size, scaling):
    """Load, split and scale images; cached, as a worker trains many runs on the same images."""
    data = datasets.load(dataset, source=source, data_dir=data_dir)
    if test_size is not None:
        if test_size > len(data.y_test):
            raise datasets.DataError(
                f"{dataset} has {len(data.y_test)} test images, but test_size is {test_size}; "
                "make it smaller"
            )
        rows = datasets.split(data.y_test, test_size, 0).train
        data = dataclasses.replace(data, x_test=data.x_test[rows], y_test=data.y_test[rows])
    split = datasets.split(data.y_train, train_size, validation_size)
    scale = fitted(scaling, data.x_train[split.train])
    train, validation = (
        (scale(data.x_train[rows]), data.y_train[rows]) for rows in (split.train, split.validation)
    )
    facts = {"source": data.source, "fingerprint": data.fingerprint, "split": split.hash}
    return _Images(data, train, validation, scale(data.x_test), facts)


def _by_own_statistics(engine, scaling, data):
    """Evaluate on test images scaled by their own statistics: all of them, and class by class."""
    everything = fitted(scaling, data.x_test)(data.x_test)
    by_class = np.empty_like(everything)
    for label in np.unique(data.y_test):
        images = data.x_test[data.y_test == label]
        by_class[data.y_test == label] = fitted(scaling, images)(images)
    return {
        **_named("own_test", engine.evaluate(everything, data.y_test)),
        **_named("own_class_test", engine.evaluate(by_class, data.y_test)),
    }


def _named(prefix, metrics):
    return {f"{prefix}_{name}": value for name, value in metrics.items()}
