"""Records as one tidy table, for pandas, R, or whatever else reads CSV or Parquet."""

import json

import numpy as np

FORMATS = ("csv", "parquet")


def table(records):
    """One row for each number that a run left behind.

    Args:
        records: study's name → `RunRecord`s.

    Returns:
        A `pyarrow.Table` with the columns study, key, the fields of the config (`hidden` and
        `filters` as JSON text), status, and then curve, step and value: "iteration_loss" at the
        number of updates made before it, "epochs/NAME" at the number of epochs before, both from
        0, and "final/NAME" at the number of all updates.
    """
    import pyarrow as pa

    runs, curves = [], []
    for study, of_study in records.items():
        for record in of_study:
            for name, values in _numbers(record).items():
                curves.append((len(runs), name, *values))
            runs.append(_facts(study, record))
    lengths = [len(values) for *_, values in curves]

    def repeated(items):
        return np.repeat(np.array(items), lengths)

    places, names, steps, values = zip(*curves, strict=True)
    rows = pa.Table.from_pylist(runs).take(repeated(places))
    names = pa.array(names).dictionary_encode().take(repeated(np.arange(len(names))))
    return (
        rows.append_column("curve", names)
        .append_column("step", pa.array(np.concatenate(steps)))
        .append_column("value", pa.array(np.concatenate(values)))
    )


def write(table, file, format):
    """Write such a table to an open file, as one of `FORMATS`.

    A loss that is not a number is `nan` in CSV; what a config leaves to its default is empty.
    """
    if format == "csv":
        import pyarrow.csv

        pyarrow.csv.write_csv(table, file)
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, file)


def _facts(study, record):
    fields = {
        name: json.dumps(value) if isinstance(value, tuple) else value
        for name, value in record.config.to_json().items()
    }
    return {"study": study, "key": record.config.key, **fields, "status": record.status}


def _numbers(record):
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
