import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.figures.predictions import (
    calibration_error,
    class_accuracy,
    confidence_when_wrong,
    confusion,
    draw_class_accuracy,
    draw_confusion,
    draw_most_confused,
    draw_reliability,
    is_right,
    loss_of,
    losses,
    mistakes,
    most_confused,
    probabilities,
    reliability,
)


@pytest.fixture
def predicting(make_record):
    """A function of logits and labels that gives a record which keeps them."""

    def record(logits, labels):
        kept = {"test_logits": np.float32(logits), "test_labels": np.uint8(labels)}
        return make_record(kept=kept)

    return record


@pytest.fixture
def three(predicting):
    """Five images of three classes; 1 and 4 are wrong."""
    logits = np.log([[8, 1, 1], [1, 8, 1], [1, 8, 1], [1, 1, 2], [1, 3, 6]])
    return predicting(logits, [0, 0, 1, 2, 1])


def test_probabilities(three):
    np.testing.assert_allclose(probabilities(three)[0], [0.8, 0.1, 0.1], rtol=1e-6)
    assert is_right(three).tolist() == [True, False, True, True, False]


def test_confusion_by_hand(three):
    np.testing.assert_allclose(confusion(three), [[0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0, 1]])
    np.testing.assert_allclose(class_accuracy(three), [0.5, 0.5, 1])


def test_most_confused_over_seeds(three, predicting):
    other = predicting(three.kept["test_logits"], [1, 0, 1, 2, 1])
    pairs = most_confused([three, other], 2)
    # Of class 0, seed 0 takes half for class 1 and seed 1 all; of class 1 ½ and ⅓ for class 2.
    assert [pair[:2] for pair in pairs] == [(0, 1), (1, 2)]
    assert [pair[2] for pair in pairs] == pytest.approx([0.75, (1 / 2 + 1 / 3) / 2])


def test_reliability_by_hand(three):
    confidence, accuracy, share = reliability(three, bins=5)
    # Confidences 0.8, 0.8, 0.8, 0.5, 0.6: float32 puts 0.8 and 0.6 on one side of their bin's end.
    assert share.sum() == 1
    assert share[2] + share[3] + share[4] == 1
    filled = share > 0
    assert np.isnan(accuracy[~filled]).all()
    np.testing.assert_allclose((share * accuracy)[filled].sum(), 3 / 5)
    np.testing.assert_allclose((share * confidence)[filled].sum(), 3.5 / 5, rtol=1e-6)


def test_calibration_of_an_honest_and_of_a_sure_network(predicting):
    honest = np.log([[0.75, 0.25]] * 4)
    labels = [0, 0, 0, 1]
    assert calibration_error(predicting(honest, labels)) == pytest.approx(0, abs=1e-6)
    assert calibration_error(predicting(100 * honest, labels)) == pytest.approx(0.25)
    assert confidence_when_wrong(predicting(100 * honest, labels)) == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 5), bins=st.integers(1, 12))
def test_properties(seed, classes, bins):
    class Record:
        rng = np.random.default_rng([seed])
        kept = {  # noqa: RUF012
            "test_logits": np.float32(3 * rng.normal(size=(40, classes))),
            "test_labels": np.uint8([*range(classes), *rng.integers(classes, size=40 - classes)]),
        }

    labels = Record.kept["test_labels"]
    np.testing.assert_allclose(confusion(Record).sum(axis=1), 1)
    weights = np.bincount(labels) / len(labels)
    assert class_accuracy(Record) @ weights == pytest.approx(is_right(Record).mean())
    of_true = probabilities(Record)[np.arange(40), labels]
    np.testing.assert_allclose(losses(Record), -np.log(of_true), rtol=1e-9, atol=1e-14)
    assert loss_of(Record, right=True) + loss_of(Record, right=False) == pytest.approx(
        losses(Record).mean()
    )
    confidence, _, share = reliability(Record, bins)
    edges = np.arange(bins + 1) / bins
    filled = share > 0
    assert (confidence[filled] <= edges[1:][filled] + 1e-12).all()
    assert (confidence[filled] >= edges[:-1][filled] - 1e-12).all()
    assert 0 <= calibration_error(Record, bins) <= 1


def test_losses_of_huge_logits_are_finite(predicting):
    record = predicting([[1e4, -1e4], [1e4, -1e4]], [0, 1])
    np.testing.assert_allclose(losses(record), [0, 2e4])


def test_mistakes_are_the_surest_first(make_record):
    logits = np.log([[8, 1, 1], [1, 8, 1], [2, 6, 2], [1, 1, 98], [6, 3, 1]])
    record = make_record(
        kept={
            "test_logits": np.float32(logits),
            "test_labels": np.uint8([0, 0, 0, 1, 1]),
            "mistakes": np.int32([[0, 1], [1, 0], [1, 2]]),
            "mistake_images": np.uint8([[[1]], [[2]], [[3]]]),
        }
    )
    found = mistakes(record)
    assert list(found) == [(1, 2), (0, 1), (1, 0)]
    assert [image.item() for image, _ in found.values()] == [3, 1, 2]
    # Two images of class 0 are taken for class 1, with probabilities 0.8 and 0.6.
    assert [sure for _, sure in found.values()] == pytest.approx([0.98, 0.8, 0.6], rel=1e-6)


def lines(ax):
    return {line.get_label(): line.get_data() for line in ax.lines}


def test_reliability_is_drawn_where_every_seed_has_images(three, predicting):
    sure = predicting(100 * three.kept["test_logits"], three.kept["test_labels"])
    accuracy, share = draw_reliability({"CNN": [three], "dense": [sure, sure]}).axes
    confidence, right, _ = reliability(three)
    filled = np.isfinite(right)
    np.testing.assert_allclose(lines(accuracy)["CNN"], [confidence[filled], right[filled]])
    assert lines(accuracy)["dense"][1] == pytest.approx(3 / 5)
    assert lines(share)["dense"][1] == pytest.approx(1)


def test_class_accuracy_is_drawn_over_the_names(three):
    (ax,) = draw_class_accuracy({"CNN": [three]}, ["a", "b", "c"]).axes
    np.testing.assert_allclose(lines(ax)["CNN"][1], [0.5, 0.5, 1])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c"]


def test_confusion_is_drawn_in_percent_over_seeds(three, predicting):
    right = predicting(np.eye(3)[three.kept["test_labels"]], three.kept["test_labels"])
    one, two = draw_confusion({"dense": [three, right], "CNN": [right]}, ["a", "b", "c"]).axes
    assert [text.get_text() for text in one.texts] == ["75", "25", "75", "25", "100"]
    assert [text.get_text() for text in two.texts] == ["100", "100", "100"]
    assert one.get_title(loc="left") == "dense"


def test_most_confused_pairs_are_drawn_by_their_surest_mistake(three):
    pictures = np.arange(3 * 16).reshape(3, 4, 4)
    kept = {"mistakes": np.int32([[0, 1], [1, 2], [2, 1]]), "mistake_images": np.uint8(pictures)}
    three.kept.update(kept)
    fig = draw_most_confused([three], ["shirt", "coat", "bag"], count=2)
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes]
    assert sorted(titles) == ["coat\ntaken for\nbag\n50.0%", "shirt\ntaken for\ncoat\n50.0%"]
    of_shirt = fig.axes[titles.index("shirt\ntaken for\ncoat\n50.0%")]
    np.testing.assert_array_equal(of_shirt.images[0].get_array(), pictures[0])
