"""Records as TensorBoard's event files."""

import datetime
from pathlib import Path

from training.backend import import_tensorflow


def write(folder, records):
    """Write each record into a folder of its own, for `tensorboard --logdir`.

    Scalars: "iteration_loss" at step k is the loss before update k + 1, so that after k updates,
    and "epoch/NAME" at step k is that of epoch k + 1. Written again, the files are replaced.

    Args:
        folder: of the runs' folders, which are named like what was run and its key.
        records: `RunRecord`s.

    Raises:
        OSError: when the folder cannot be written.
    """
    for record in records:
        of_run = Path(folder) / _name(record.config)
        of_run.mkdir(parents=True, exist_ok=True)
        _write_events(of_run / "events.out.tfevents.record", record)


def _name(config):
    return f"{config.description} {config.key}".replace(" ", "_")


def _write_events(path, record):
    import_tensorflow()
    import tensorflow as tf

    scalars = {
        "iteration_loss": record.iteration_loss,
        **{f"epoch/{name}": values for name, values in record.epochs.items()},
    }
    date = datetime.datetime.strptime(record.provenance["date"], "%Y-%m-%d %H:%M UTC")
    moment = date.replace(tzinfo=datetime.UTC).timestamp()
    Event, Summary = tf.compat.v1.Event, tf.compat.v1.Summary
    # Not through tf.summary, which needs the package tensorboard to write.
    with tf.io.TFRecordWriter(str(path)) as writer:
        first = Event(wall_time=moment, file_version="brain.Event:2")
        writer.write(first.SerializeToString())
        for tag, values in scalars.items():
            for step, value in enumerate(values):
                summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                event = Event(wall_time=moment, step=step, summary=summary)
                writer.write(event.SerializeToString())
