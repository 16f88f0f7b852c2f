import pytest

from reporting import table_of
from reporting.measures import final


def test_a_row_for_each_label_with_facts_before_means(make_record):
    runs = {
        "narrow": [make_record(final=loss, batch_size=50) for loss in (1.0, 3.0)],
        "wide": [make_record(final=1.0, batch_size=150)],
    }
    columns = {"loss": final("loss"), "error": lambda record: 1 - record.final["accuracy"]}
    facts = {"m": lambda record: record.config.batch_size}
    table = table_of("After training", "network", runs, columns, facts)
    assert table.columns == ["network", "m", "loss", "error"]
    assert table.rows == [
        ["narrow", 50, "2 [−11, 15]", "0.5 [0.5, 0.5]"],
        ["wide", 150, "1", "0.5"],
    ]
    assert "95 % interval" in table.note


def test_labels_need_not_be_texts_nor_runs_be_records():
    table = table_of("Doubles", "n", {0.1: [1, 1], 0.2: [2, 2]}, {"2n": lambda n: 2 * n}, note="")
    assert [row[0] for row in table.rows] == [0.1, 0.2]
    assert table.note == ""


@pytest.mark.parametrize("diverged", [float("nan"), float("inf")])
def test_diverged_runs_are_counted(make_record, diverged):
    runs = {"SGD": [make_record(final=1.0), make_record(final=diverged)]}
    (row,) = table_of("", "method", runs, {"loss": final("loss")}).rows
    assert row == ["SGD", "diverged in 1 of 2 seeds"]
