import pytest

from reporting import table_of
from reporting.study.tables import facts
from reporting.verdicts.measures import (
    TEST_ACCURACY,
    TRAINING_LOSS,
    VALIDATION_ACCURACY,
    Measure,
    final,
)


def test_a_row_for_each_label_with_facts_before_means(make_record):
    runs = {
        "narrow": [make_record(final=loss, batch_size=50) for loss in (1.0, 3.0)],
        "wide": [make_record(final=1.0, batch_size=150)],
    }
    measures = [
        Measure("loss", final("loss")),
        Measure("error", lambda record: 1 - record.final["accuracy"]),
    ]
    facts = {"m": lambda record: record.config.batch_size}
    table = table_of("After training", "network", runs, measures, facts)
    assert table.columns == ["network", "m", "loss", "error"]
    assert table.rows == [
        ["narrow", 50, "2 [−11, 15]", "0.5 [0.5, 0.5]"],
        ["wide", 150, "1", "0.5"],
    ]
    assert "95 % interval" in table.note


def test_facts_and_metrics_by_their_names(make_record):
    epochs = {"val_accuracy": [0.25, 0.75]}
    record = make_record(epochs=epochs, final=2.0, learning_rate=0.3, train_size=20)
    of_run = facts("updates", "learning rate", "training images", "parameters")
    measured = [TRAINING_LOSS, VALIDATION_ACCURACY, TEST_ACCURACY]
    table = table_of("", "method", {"SGD": [record]}, measured, of_run)
    assert table.columns == [
        "method",
        *of_run,
        "training loss",
        "validation accuracy",
        "test accuracy",
    ]
    assert table.rows == [["SGD", 4, 0.3, 20, 10, "2", "0.75", "0.5"]]


def test_labels_need_not_be_texts_nor_runs_be_records():
    table = table_of(
        "Doubles", "n", {0.1: [1, 1], 0.2: [2, 2]}, [Measure("2n", lambda n: 2 * n)], note=""
    )
    assert [row[0] for row in table.rows] == [0.1, 0.2]
    assert table.note == ""


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_counted(make_record, number):
    runs = {"SGD": [make_record(final=1.0), make_record(final=number)]}
    (row,) = table_of("", "method", runs, [TRAINING_LOSS]).rows
    assert row == ["SGD", "not finite in 1 of 2 seeds"]
