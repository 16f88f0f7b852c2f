"""Records as one tidy table, for pandas, R, or whatever else reads CSV or Parquet."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from training.record import RunRecord

FORMATS = ("csv", "parquet")
"""What `write` writes."""


def table(records: Mapping[str, Iterable[RunRecord]]) -> Any:
    """Return a table with one row for each number that a run left behind.

    Args:
        records: dict from the name of a study to its `RunRecord`s, at least one.

    Returns:
        A `pyarrow.Table` with the columns study, key, the fields of the config (`hidden` and
        `filters` as JSON text), failed (as `RunRecord.failed`), and then curve, step and value:
        "iteration_loss" at the number of updates made before it, "epochs/NAME" at the number of
        epochs before, both from 0, and "final/NAME" at the number of all updates.
    """
    import pyarrow as pa

    facts, names, steps, values = [], [], [], []
    for study, of_study in records.items():
        for record in of_study:
            for name, (curve_steps, curve_values) in _numbers(record).items():
                facts.append(_facts(study, record))
                names.append(name)
                steps.append(curve_steps)
                values.append(curve_values)
    curves = np.repeat(np.arange(len(names)), [len(curve_values) for curve_values in values])
    return (
        pa.Table.from_pylist(facts)
        .take(curves)
        .append_column("curve", pa.array(names).dictionary_encode().take(curves))
        .append_column("step", pa.array(np.concatenate(steps)))
        .append_column("value", pa.array(np.concatenate(values)))
    )


def write(table: Any, file: BinaryIO, format: str) -> None:
    """Write a table to an open file.

    A loss that is not a number is `nan` in CSV; a field of the config that is left to its default
    is empty.

    Args:
        table: `pyarrow.Table`, as `table` returned it.
        file: open binary file.
        format: str. One of `FORMATS`.
    """
    if format == "csv":
        import pyarrow.csv

        pyarrow.csv.write_csv(table, file)
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, file)


def _facts(study: str, record: RunRecord) -> dict[str, Any]:
    fields = {
        name: json.dumps(value) if isinstance(value, tuple) else value
        for name, value in record.config.to_json().items()
    }
    return {"study": study, "key": record.config.key, **fields, "failed": record.failed}


def _numbers(record: RunRecord) -> dict[str, tuple[NDArray, NDArray]]:
    """Name → steps and values, float64, which holds every float32 exactly."""
    updates = len(record.iteration_loss)
    curves = {
        name: (np.arange(len(curve)), np.asarray(curve, float))
        for name, curve in record.curves().items()
    }
    final = {
        f"final/{name}": (np.array([updates]), np.array([number], float))
        for name, number in record.final.items()
    }
    return curves | final
