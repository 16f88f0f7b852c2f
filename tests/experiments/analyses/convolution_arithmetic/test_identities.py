import dataclasses

import numpy as np
import pytest

from experiments.analyses.convolution_arithmetic import identities, measurements
from experiments.analyses.convolution_arithmetic.measurements import Measurements

ERRATA = {
    "A 6.2: The input's indices",
    "B Q7: The output has",
    "A 6.3: These two layers",
    "B Q1: A dense layer",
    "B Q10: The weights to learn",
    "B Q11: The network",
    "A 6.2: With padding, what has i or j",
    "A 6.2: With padding, G(i, j)",
    "D 2.1.1: The convolution of eq. 10 ends",
    "D 2.1 (eq. 5, 6): The bias",
}


@pytest.fixture(scope="module")
def measured():
    return Measurements(**measurements.measure())


def verdicts(measured):
    """Source and statement → whether both sides are equal."""
    return {
        f"{identity.source}: {identity.statement}": np.array_equal(identity.says, identity.holds)
        for identity in identities.identities(measured)
    }


def test_exactly_the_errata_do_not_hold(measured):
    found = {statement for statement, holds in verdicts(measured).items() if not holds}
    assert len(found) == len(ERRATA)
    for start in ERRATA:
        assert any(statement.startswith(start) for statement in found), start


@pytest.mark.parametrize(
    ("key", "number", "statement"),
    [
        ("a_sizes", [28, 27, 13, 11, 5], "A 6.2: Without padding"),
        ("a_sizes", [26, 26, 13, 11, 5], "A 6.2: The input's indices"),
        ("sizes", [0] * len(measurements.WINDOWS), "B Q1: The output"),
        ("a_weights", [896, 18_497], "A 6.3: Layer j"),
        ("a_weights", [13_000, 932], "A 6.3: These two layers"),
        ("dense_weights", 28 * 28 * 3 * 26 * 26, "B Q1: A dense layer"),
        ("b_sizes", [32, 16, 16, 8, 8, 5], "B Q10: Pooling"),
        ("b_weights", measurements.B_WEIGHTS, "B Q10: The weights"),
        ("b_weights", measurements.B_WEIGHTS, "B Q11: The network"),
        ("field_sizes", [5, 6, 14, 16, 32, 35], "B Q7: The receptive field"),
        ("pixels", 45, "A 6.2: With padding, what has"),
        ("valid", np.zeros((3, 3)), "D 2.1.1: What networks compute"),
        ("flipped", np.zeros((3, 3)), "D 2.1.1: Convolution, eq. 10, is"),
        ("exchanged_in_full", np.zeros((7, 7)), "D 2.1.1: Convolution is commutative"),
        ("dense", np.ones((11, 21)), "B Q5-6: A dense layer"),
    ],
)
def test_a_verdict_follows_the_numbers(measured, key, number, statement):
    def holds(measured):
        (found,) = (of for name, of in verdicts(measured).items() if name.startswith(statement))
        return found

    assert {holds(measured), holds(dataclasses.replace(measured, **{key: number}))} == {True, False}


def test_the_bias_counts_once(measured):
    np.testing.assert_array_equal(measured.biased, measured.valid + measurements.BIAS)
    nine_times = dataclasses.replace(measured, biased=measured.valid + 9 * measurements.BIAS)
    assert verdicts(nine_times)["D 2.1 (eq. 5, 6): The bias stands inside the double sum"]


def test_with_and_and_the_centre_as_index_padding_is_that_of_keras(measured):
    n, k = measurements.N, measurements.K
    inside = set(range(n))
    outputs = np.zeros((n, n))
    for i, j, row, column in np.ndindex(n, n, k, k):
        y, x = i + row - 1, j + column - 1
        if y in inside and x in inside:
            outputs[i, j] += measurements.FILTER[row, column] * measurements.PICTURE[y, x]
    np.testing.assert_array_equal(outputs, measured.same)


def test_fields_are_cut_off_only_by_the_picture(measured):
    assert [seen.any(axis=0).sum() for seen in measured.fields.values()] == [5, 6, 14, 16, 30, 30]


def test_the_neuron_finds_the_letters_and_nothing_else(measured):
    rows, columns = np.nonzero(measurements.DOTS)
    height, width = measurements.LETTER.shape
    corners = np.transpose([rows - height // 2, columns - width // 2])
    outputs = measured.dense_as_convolution
    np.testing.assert_array_equal(np.argwhere(outputs == 1), corners)
    assert np.sort(outputs, axis=None)[-len(corners) - 1] < 1


def test_correlation_turns_the_letters(measured):
    np.testing.assert_array_equal(measured.stamped, _stamped(measurements.LETTER[::-1, ::-1]))
    np.testing.assert_array_equal(measured.letters, _stamped(measurements.LETTER))


def _stamped(letter):
    picture = np.zeros(measurements.DOTS.shape)
    height, width = letter.shape
    for row, column in np.argwhere(measurements.DOTS):
        top, left = row - height // 2, column - width // 2
        picture[top : top + height, left : left + width] += letter
    return picture
