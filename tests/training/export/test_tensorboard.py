import math

import numpy as np
import pytest
import tensorflow as tf

from training import RunConfig
from training.export import tensorboard


def read(path):
    """Of an event file: the version it states, and tag → steps and values."""
    parsed = [
        tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(path)
    ]
    version, *scalars = parsed
    curves = {}
    for event in scalars:
        (value,) = event.summary.value
        curves.setdefault(value.tag, []).append((event.step, value.simple_value))
    return version.file_version, curves


def write_and_read(folder, record):
    tensorboard.write(folder, [record])
    (path,) = folder.rglob("*tfevents*")
    return read(str(path))


def test_scalars_equal_the_record(make_record, tmp_path):
    losses = np.float32(np.random.default_rng([0]).normal(size=200))
    epochs = {"loss": np.float32([1.0]), "val_loss": np.float32([0.1, 0.7])}
    record = make_record(losses=losses, epochs=epochs)
    version, curves = write_and_read(tmp_path, record)
    assert version == "brain.Event:2"
    assert curves["iteration_loss"] == list(enumerate(losses.tolist()))
    assert curves["epoch/loss"] == [(0, 1.0)]
    assert curves["epoch/val_loss"] == list(enumerate(np.float32([0.1, 0.7]).tolist()))
    assert set(curves) == {"iteration_loss", "epoch/loss", "epoch/val_loss"}


def test_losses_that_are_not_finite_are_written(make_record, tmp_path):
    _, curves = write_and_read(tmp_path, make_record(losses=[1, math.inf, math.nan]))
    values = [value for _, value in curves["iteration_loss"]]
    assert values[:2] == [1.0, math.inf]
    assert math.isnan(values[2])


def test_each_run_has_a_folder_that_says_what_it_is(make_record, tmp_path):
    config = RunConfig(optimizer="adam", learning_rate=0.3, epochs=1)
    records = [make_record(config.replace(seed=seed)) for seed in (0, 1)]
    tensorboard.write(tmp_path / "study", records)
    folders = sorted(path.name for path in (tmp_path / "study").iterdir())
    assert folders == [
        f"dense_adam_rate_0.3_batch_150_seed_{seed}_{record.config.key}"
        for seed, record in enumerate(records)
    ]


def test_writing_again_replaces_the_files(make_record, tmp_path):
    tensorboard.write(tmp_path, [make_record()])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    tensorboard.write(tmp_path, [make_record()])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_wall_time_is_that_of_the_training(make_record, tmp_path):
    tensorboard.write(tmp_path, [make_record()])
    (path,) = tmp_path.rglob("*tfevents*")
    record = next(iter(tf.data.TFRecordDataset(str(path))))
    event = tf.compat.v1.Event.FromString(record.numpy())
    assert event.wall_time == pytest.approx(1767323040)  # 2026-01-02 03:04 UTC
