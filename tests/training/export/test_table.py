import csv
import io
import json
import math

import numpy as np
import pyarrow.parquet
import pytest

from training import RunConfig
from training.export import table as tables


@pytest.fixture
def records(make_record):
    """Of two studies; one run failed, one has its own layers, one of seed 0 is in both."""
    shared = make_record()
    config = RunConfig(optimizer="adam", learning_rate=0.1, hidden=(30, 20), iterations=3)
    losses, final = np.float32([2.1, math.inf, math.nan]), {"loss": math.nan, "accuracy": 0.1}
    failed = make_record(config, losses=losses, final=final)
    return {"one": [shared, failed], "two": [shared]}


def read_csv(table):
    file = io.BytesIO()
    tables.write(table, file, "csv")
    return list(csv.DictReader(io.StringIO(file.getvalue().decode())))


def read_parquet(table):
    file = io.BytesIO()
    tables.write(table, file, "parquet")
    return pyarrow.parquet.read_table(file).to_pylist()


@pytest.mark.parametrize("read", [read_csv, read_parquet])
def test_round_trip_equals_the_records(records, read):
    rows = read(tables.table(records))
    expected = [
        (study, record.config.key, name, step, float(value))
        for study, of_study in records.items()
        for record in of_study
        for name, steps in {
            **{name: enumerate(curve) for name, curve in record.curves().items()},
            **{
                f"final/{name}": [(len(record.iteration_loss), value)]
                for name, value in record.final.items()
            },
        }.items()
        for step, value in steps
    ]
    found = [
        (row["study"], row["key"], row["curve"], int(row["step"]), float(row["value"]))
        for row in rows
    ]
    assert repr(found) == repr(expected)  # repr, as NaN is unequal to itself


@pytest.mark.parametrize("read", [read_csv, read_parquet])
def test_every_row_states_its_config(records, read):
    rows = read(tables.table(records))
    by_key = {r.config.key: r for of_study in records.values() for r in of_study}
    for row in rows:
        record = by_key[row["key"]]
        assert str(row["failed"]).lower() == str(record.failed).lower()
        for name, value in record.config.to_json().items():
            if isinstance(value, tuple):
                value = json.dumps(value)
            assert row[name] in (value, "" if value is None else str(value))
