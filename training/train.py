"""Train one config, from data to record."""

import functools

import numpy as np

import datasets
from training.engines import ENGINES, build
from training.kept import kept_of
from training.provenance import provenance
from training.record import DIVERGED, FINISHED, RunRecord


def trained(record):
    """The Keras model of a record that keeps "weights", as training left it."""
    model = build(record.config)
    model.set_weights([array for _, array in sorted(record.weights.items())])
    return model


def train(config, data_dir=None):
    """Load the data, build the network, train and evaluate it.

    Args:
        config: a `RunConfig`.
        data_dir: folder of the real sets, as in `datasets.load`.

    Returns:
        A `RunRecord`.

    Raises:
        datasets.DataError: when the data cannot be had or are fewer than the config asks for.
    """
    data = _load(config.dataset, config.data, data_dir)
    split = datasets.split(data.y_train, config.train_size, config.validation_size)
    x, y = data.x_train[split.train], data.y_train[split.train]
    validation = (data.x_train[split.validation], data.y_train[split.validation])
    engine = ENGINES[config.engine](config)
    history = engine.fit(x, y, validation if config.validation_size else None)
    test = engine.evaluate(data.x_test, data.y_test)
    final = engine.evaluate(x, y) | {f"test_{name}": value for name, value in test.items()}
    finite = np.isfinite(history.iteration_loss).all() and np.isfinite(final["loss"])
    return RunRecord(
        config=config,
        status=FINISHED if finite else DIVERGED,
        parameters=engine.parameters,
        iteration_loss=history.iteration_loss,
        epochs={name: np.float32(values) for name, values in history.epochs.items()},
        final=final,
        seconds=history.seconds,
        compile_seconds=history.compile_seconds,
        provenance=provenance()
        | {"data": {"source": data.source, "fingerprint": data.fingerprint, "split": split.hash}},
        kept=kept_of(config, engine, data),
    )


@functools.lru_cache(maxsize=1)
def _load(dataset, source, data_dir):
    """Keep the last dataset, as a worker trains many runs on it."""
    return datasets.load(dataset, source=source, data_dir=data_dir)
