import numpy as np

from experiments.analyses.early_stopping import draw_stops, stops_table


def records(make_record):
    """Two runs: their loss is lowest after epochs 2 and 4, their error always after epoch 5."""
    accuracies = np.array([0.1, 0.3, 0.2, 0.4, 0.5])
    return [
        make_record(epochs={"val_loss": np.array(losses), "val_accuracy": accuracies})
        for losses in ([3.0, 1.0, 2.0, 2.5, 3.0], [4.0, 2.0, 3.0, 1.0, 2.0])
    ]


def test_the_table_says_where_each_patience_stops(make_record):
    table = stops_table(records(make_record), (1, 2))
    assert table.columns[4:] == ["stops at epoch, patience 1", "stops at epoch, patience 2"]
    loss, error = table.rows
    assert loss[0] == "validation loss"
    assert loss[1] == "1 [1, 1]"
    assert loss[2].startswith("3 ")  # the mean of epochs 2 and 4
    assert loss[4] == "3 [3, 3]"
    assert loss[5].startswith("4.5 ")  # of 4, and of 5, the last
    assert error == [
        "validation error",
        "0.5 [0.5, 0.5]",
        "5 [5, 5]",
        "1 [1, 1]",
        "3 [3, 3]",
        "5 [5, 5]",
    ]


def test_the_figure_marks_the_lowest_point_and_each_stop(make_record):
    fig = draw_stops(records(make_record)[0], (1, 2))
    for ax, lowest, stops in zip(fig.axes, ((2, 1), (5, 0.5)), ((3, 4), (3, 5)), strict=True):
        lines = {line.get_label(): line for line in ax.lines}
        assert (*lines["lowest point"].get_xdata(), *lines["lowest point"].get_ydata()) == lowest
        drawn = [lines[f"patience {p}"].get_xdata()[0] for p in (1, 2)]
        assert tuple(drawn) == stops
    assert [ax.get_ylabel() for ax in fig.axes] == ["Validation loss", "Validation error"]
