"""Records as TensorBoard's event files."""

import datetime
from collections.abc import Iterable
from pathlib import Path

from training.backend import import_tensorflow
from training.record import RunRecord


def write(folder: str | Path, records: Iterable[RunRecord]) -> None:
    """Write each record into a folder of its own, for `tensorboard --logdir`.

    Scalars: "iteration_loss" at step k is the loss before update k + 1, that is after k updates,
    and "epoch/NAME" at step k is the metric of epoch k + 1. Writing again replaces the files.

    Args:
        folder: str or `Path`. Where the runs' folders go, each named after its run and key.
        records: iterable of `RunRecord`.

    Raises:
        OSError: if the folder cannot be written.
    """
    for record in records:
        name = f"{record.config.description} {record.config.key}".replace(" ", "_")
        of_run = Path(folder) / name
        of_run.mkdir(parents=True, exist_ok=True)
        _write_events(of_run / "events.out.tfevents.record", record)


def _write_events(path: Path, record: RunRecord) -> None:
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
