"""Train one config, from data to record."""

import functools

import keras
import numpy as np

import datasets
import models
from datasets.loading import PUBLISHED
from training.config import MODELS, SCALINGS
from training.fitting import Evaluation, fit
from training.kept import kept_of
from training.optimizers import OPTIMIZERS, scheduled
from training.provenance import provenance
from training.record import DIVERGED, FINISHED, RunRecord


def build(config):
    """The compiled Keras model of a config, at its initial weights."""
    builder = getattr(models, MODELS[config.model][0])
    published = PUBLISHED[config.dataset]
    model = builder(
        published.image_shape,
        classes=len(published.class_names),
        scaling=SCALINGS[config.scaling],
        seed=config.seed,
        **config.model_options,
    )
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer].build(
            scheduled(config.schedule, config.learning_rate, config.updates)
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def trained(record):
    """The Keras model of a record that keeps "weights", as training left it."""
    model = build(record.config)
    model.set_weights([array for _, array in sorted(record.weights.items())])
    return model


def train(config, data_dir=None):
    """Load the data, build the model, train and evaluate it.

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
    model = build(config)
    history = fit(
        model,
        x,
        y,
        batch_size=config.batch_size,
        epochs=config.epochs,
        iterations=config.iterations,
        validation_data=validation if config.validation_size else None,
        evaluate_training="evaluations" in config.keep,
        callbacks=_early_stopping(config),
        seed=config.seed,
    )
    test = Evaluation(model, data.x_test, data.y_test)()
    final = Evaluation(model, x, y)() | {f"test_{name}": value for name, value in test.items()}
    finite = np.isfinite(history.iteration_loss).all() and np.isfinite(final["loss"])
    return RunRecord(
        config=config,
        status=FINISHED if finite else DIVERGED,
        parameters=sum(int(np.prod(weight.shape)) for weight in model.trainable_weights),
        iteration_loss=history.iteration_loss,
        epochs={name: np.float32(values) for name, values in history.epochs.items()},
        final=final,
        seconds=history.seconds,
        compile_seconds=history.compile_seconds,
        provenance=provenance()
        | {"data": {"source": data.source, "fingerprint": data.fingerprint, "split": split.hash}},
        kept=kept_of(config, model, data),
    )


def _early_stopping(config):
    """Keras's callback, in a list, where the config stops early."""
    if config.patience is None:
        return []
    return [
        keras.callbacks.EarlyStopping(
            "val_loss", patience=config.patience, restore_best_weights=True
        )
    ]


@functools.lru_cache(maxsize=1)
def _load(dataset, source, data_dir):
    """Keep the last dataset, as a worker trains many runs on it."""
    return datasets.load(dataset, source=source, data_dir=data_dir)
