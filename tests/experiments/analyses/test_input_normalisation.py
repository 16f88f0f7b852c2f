import numpy as np
import pytest

from experiments.analyses import input_normalisation as analysis
from experiments.analyses.input_normalisation import ALL_TEST, EACH_CLASS, TRAINING


def record_with(make_record, training, all_test, each_class):
    record = make_record()
    names = "test_accuracy", "own_test_accuracy", "own_class_test_accuracy"
    record.final.update(zip(names, (training, all_test, each_class), strict=True))
    return record


def test_accuracies_of_each_way_to_scale(make_record):
    records = [record_with(make_record, 0.4, 0.5, 0.3), record_with(make_record, 0.6, 0.7, 0.2)]
    found = analysis.accuracies(records)
    assert {whose: values.tolist() for whose, values in found.items()} == {
        TRAINING: [0.4, 0.6],
        ALL_TEST: [0.5, 0.7],
        EACH_CLASS: [0.3, 0.2],
    }


@pytest.mark.parametrize(
    ("all_test", "each_class", "expected"),
    [
        ([0.41, 0.404], [0.41, 0.39], [True, False]),
        ([0.404, 0.404], [0.5, 0.5], [False, True]),
    ],
)
def test_gain_is_that_over_the_training_statistics(all_test, each_class, expected):
    accuracies = {
        TRAINING: np.array([0.4, 0.4]),
        ALL_TEST: np.array(all_test),
        EACH_CLASS: np.array(each_class),
    }
    assert analysis.gains(accuracies) == expected


def test_each_network_has_its_accuracies(make_record):
    networks = {
        "Dense": [record_with(make_record, 0.4, 0.5, 0.3)],
        "CNN": [record_with(make_record, 0.6, 0.7, 0.2)],
    }
    dense, cnn = analysis.draw_accuracies(networks).axes
    assert (dense.get_title(loc="left"), cnn.get_title(loc="left")) == ("Dense", "CNN")
    assert [label.get_text() for label in cnn.get_yticklabels()] == [TRAINING, ALL_TEST, EACH_CLASS]
    assert [line.get_xdata()[0] for line in cnn.lines if line.get_alpha()] == [0.6, 0.7, 0.2]


def test_images_as_they_are_and_scaled(make_record):
    first, second = make_record(), make_record()
    images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    first.kept.update(example_images=images, example_inputs=np.float16(images / 24))
    second.kept.update(example_images=images, example_inputs=np.float16(1 - images / 24))
    fig = analysis.draw_images({"standardised": first, "whitened": second}, ["cat", "dog"])
    drawn = np.array([ax.images[0].get_array() for ax in fig.axes]).reshape(3, 2, 2, 2, 3)
    assert [ax.get_ylabel() for ax in fig.axes[::2]] == ["as they are", "standardised", "whitened"]
    np.testing.assert_allclose(drawn[0], drawn[1], atol=0.01)
    np.testing.assert_allclose(drawn[0], 1 - drawn[2], atol=0.01)
