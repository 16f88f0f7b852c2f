import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from reporting.verdicts.claims import Claim, compare, direction, identity, value
from reporting.verdicts.measures import Measure
from reporting.verdicts.statistics import mean_interval, summary

LOWER = np.array([0.40, 0.42, 0.41, 0.43, 0.39])
HIGHER = LOWER + np.array([0.10, 0.14, 0.11, 0.12, 0.16])
OPPOSITE = {
    "reproduced": "not reproduced",
    "not reproduced": "reproduced",
    "inconclusive": "inconclusive",
}

losses = st.floats(0.01, 100, allow_nan=False)
pairs = st.lists(st.tuples(losses, losses), min_size=2, max_size=8).map(
    lambda seeds: tuple(zip(*seeds, strict=True))
)


def check_direction(lower, higher, **options):
    return direction(
        source="A 3.5",
        statement="Momentum lowers the loss.",
        measure=Measure("training loss", better=options.pop("better", "lower")),
        lower=("Momentum 0.9", lower),
        higher=("SGD", higher),
        **options,
    )


def check_value(says, values, **options):
    return value(
        source="A 7",
        statement="The CNN's accuracy.",
        measure=Measure("test accuracy", better=options.pop("better", None)),
        says=says,
        values=values,
        **options,
    )


def check_identity(says, holds, **options):
    return identity(
        source="A 6.3",
        statement="The number of parameters.",
        quantity="parameters",
        says=says,
        holds=holds,
        **options,
    )


class TestMeanInterval:
    def test_agrees_with_scipy(self):
        mean, low, high = mean_interval(LOWER)
        expected = stats.ttest_1samp(LOWER, 0).confidence_interval(0.95)
        np.testing.assert_allclose(
            [mean, low, high], [LOWER.mean(), expected.low, expected.high], rtol=1e-12
        )

    def test_by_hand(self):
        # s = 1, t(0.975, 2) = 4.30265, half-width 4.30265 / sqrt(3)
        assert mean_interval([1, 2, 3]) == pytest.approx((2, -0.484138, 4.484138), abs=1e-5)

    def test_one_value_has_no_interval(self):
        assert mean_interval([0.5]) == (0.5, None, None)

    def test_diverged_run_leaves_no_mean(self):
        assert mean_interval([0.5, math.nan]) == (None, None, None)

    @pytest.mark.parametrize("values", [[], 0.5, [[1.0, 2.0]]])
    def test_rejects_other_shapes(self, values):
        with pytest.raises(ValueError, match="shape"):
            mean_interval(values)


class TestDirection:
    def test_interval_agrees_with_the_paired_t_test(self):
        claim = check_direction(LOWER, HIGHER)
        expected = stats.ttest_rel(HIGHER, LOWER).confidence_interval(0.95)
        assert (claim.low, claim.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
        assert claim.mean == pytest.approx(0.126)
        assert (claim.verdict, claim.seeds, claim.kind) == ("reproduced", 5, "direction")
        assert "SGD minus Momentum 0.9" in claim.quantity

    def test_opposite_is_not_reproduced(self):
        claim = check_direction(HIGHER, LOWER)
        assert claim.verdict == "not reproduced"
        assert "below 0" in claim.reason

    def test_pairing_by_seed_matters(self):
        start = np.array([1.0, 5.0, 9.0])  # far apart between seeds, close within
        end = start + np.array([0.1, 0.11, 0.12])
        assert check_direction(start, end).verdict == "reproduced"
        assert check_direction(start, end[::-1]).verdict == "inconclusive"

    def test_inconclusive_says_how_many_seeds_would_decide(self):
        differences = np.array([0.05, -0.01, 0.03, -0.02, 0.06])
        claim = check_direction(LOWER, LOWER + differences)
        needed = next(
            n
            for n in range(2, 1000)
            if stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / n**0.5 < differences.mean()
        )
        assert claim.verdict == "inconclusive"
        assert f"about {needed} seeds would decide" in claim.reason

    def test_ratio_is_the_interval_of_the_logarithm(self):
        claim = check_direction(LOWER, HIGHER, ratio=True)
        expected = stats.ttest_rel(np.log(HIGHER), np.log(LOWER)).confidence_interval(0.95)
        assert (claim.low, claim.high) == pytest.approx(np.exp([expected.low, expected.high]))
        assert claim.mean == pytest.approx(stats.gmean(HIGHER / LOWER))
        assert claim.verdict == "reproduced"
        assert "above 1" in claim.reason

    def test_ratio_needs_positive_values(self):
        with pytest.raises(ValueError, match="'SGD' has -1"):
            check_direction([1, 2], [1, -1], ratio=True)

    @pytest.mark.parametrize("ratio", [False, True])
    def test_one_seed(self, ratio):
        claim = check_direction([0.4], [0.5], ratio=ratio)
        assert claim.verdict == "inconclusive"
        assert "at least 2 seeds" in claim.reason
        assert (claim.low, claim.high) == (None, None)

    def test_constant_difference(self):
        claim = check_direction([1, 2, 3], [2, 3, 4])
        assert (claim.mean, claim.low, claim.high, claim.verdict) == (1, 1, 1, "reproduced")

    def test_identical_values_are_no_difference(self):
        claim = check_direction(LOWER, LOWER)
        assert (claim.mean, claim.low, claim.high) == (0, 0, 0)
        assert claim.verdict == "inconclusive"
        assert "equal for every seed" in claim.reason

    def test_unequal_lengths(self):
        with pytest.raises(ValueError, match="paired by seed"):
            check_direction([1, 2], [1, 2, 3])

    @pytest.mark.parametrize("diverged", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize(
        ("lower", "higher", "better", "verdict"),
        [
            ("runs", "diverged", "lower", "reproduced"),
            ("diverged", "runs", "lower", "not reproduced"),
            ("runs", "diverged", "higher", "not reproduced"),
            ("diverged", "runs", "higher", "reproduced"),
            ("diverged", "diverged", "lower", "inconclusive"),
            ("runs", "partly", "lower", "inconclusive"),
            ("partly", "diverged", "lower", "inconclusive"),
        ],
    )
    def test_divergence(self, lower, higher, better, verdict, diverged):
        values = {
            "runs": [1.0, 2.0, 3.0],
            "diverged": [diverged] * 3,
            "partly": [1.0, diverged, 3.0],
        }
        claim = check_direction(values[lower], values[higher], better=better)
        assert claim.verdict == verdict
        assert (claim.mean, claim.low, claim.high) == (None, None, None)
        assert "not finite in" in claim.reason

    def test_a_measure_that_does_not_say_what_is_better_cannot_compare(self):
        with pytest.raises(ValueError, match="training loss: a comparison needs a measure"):
            check_direction([1, 2], [2, 3], better=None)

    @settings(deadline=None)
    @given(pairs, st.booleans())
    def test_swapping_mirrors_the_verdict(self, values, ratio):
        lower, higher = values
        claim, mirrored = (
            check_direction(lower, higher, ratio=ratio),
            check_direction(higher, lower, ratio=ratio),
        )
        assert mirrored.verdict == OPPOSITE[claim.verdict]

    @settings(deadline=None)
    @given(pairs, st.integers(1, 50))
    def test_shifting_both_changes_nothing(self, values, shift):
        lower, higher = np.round(values, 3)
        before, after = (
            check_direction(lower, higher),
            check_direction(lower + shift, higher + shift),
        )
        assume(min(abs(before.low), abs(before.high)) > 1e-9)
        assert after.verdict == before.verdict
        assert after.mean == pytest.approx(before.mean, abs=1e-9)

    @settings(deadline=None)
    @given(pairs, st.floats(0.01, 100))
    def test_ratio_ignores_the_unit(self, values, unit):
        lower, higher = np.array(values)
        before = check_direction(lower, higher, ratio=True)
        after = check_direction(lower * unit, higher * unit, ratio=True)
        assume(min(abs(math.log(before.low)), abs(math.log(before.high))) > 1e-9)
        assert after.verdict == before.verdict

    @settings(deadline=None)
    @given(pairs, st.randoms())
    def test_order_of_seeds_does_not_matter(self, values, random):
        order = list(range(len(values[0])))
        random.shuffle(order)
        lower, higher = np.array(values)
        before, after = check_direction(lower, higher), check_direction(lower[order], higher[order])
        assume(min(abs(before.low), abs(before.high)) > 1e-9)
        assert after.verdict == before.verdict


class TestCompare:
    def test_is_the_direction_of_a_measure_over_seeds(self):
        runs = {"Momentum 0.9": LOWER / 2, "SGD": HIGHER / 2, "Adam": LOWER}
        words = {"source": "A 3.5", "statement": "Momentum lowers the loss.", "runs": runs}
        loss = Measure("training loss", lambda half: 2 * half, better="lower")
        claim = compare(**words, measure=loss, lower="Momentum 0.9", higher="SGD")
        assert claim == check_direction(2 * (LOWER / 2), 2 * (HIGHER / 2))
        claim = compare(**words, measure=loss, lower="SGD", higher="Momentum 0.9", ratio=True)
        assert claim.verdict == "not reproduced"
        assert "divided by" in claim.quantity

    def test_labels_need_not_be_texts(self):
        claim = compare(
            source="A 5.1",
            statement="",
            measure=Measure("", float, better="lower"),
            runs={0.1: [1, 2], 0.2: [3, 4]},
            lower=0.1,
            higher=0.2,
        )
        assert claim.says == "lower for 0.1 than for 0.2"


class TestValue:
    def test_prediction_interval_by_hand(self):
        # mean 2, s = 1, t(0.975, 2) = 4.30265, half-width 4.30265 * sqrt(4/3) = 4.96827
        claim = check_value(6.9, [1, 2, 3])
        assert (claim.low, claim.high) == pytest.approx((2 - 4.96827, 2 + 4.96827), abs=1e-4)
        assert claim.verdict == "reproduced"
        assert check_value(7.0, [1, 2, 3]).verdict == "not reproduced"

    def test_covers_one_further_run_in_95_of_100(self):
        rng = np.random.default_rng(0)
        runs = rng.normal(0.9, 0.01, size=(4000, 6))
        hits = [check_value(float(run[0]), run[1:]).verdict == "reproduced" for run in runs]
        # The deviation of the share is sqrt(0.95 * 0.05 / 4000) = 0.0034.
        assert np.mean(hits) == pytest.approx(0.95, abs=0.012)

    @pytest.mark.parametrize(
        ("better", "says", "verdict"),
        [
            ("higher", 0.80, "reproduced"),
            ("higher", 0.99, "not reproduced"),
            ("lower", 0.80, "not reproduced"),
            ("lower", 0.99, "reproduced"),
            (None, 0.80, "not reproduced"),
            (None, 0.99, "not reproduced"),
            (None, 0.90, "reproduced"),
        ],
    )
    def test_being_better_counts_as_reproduced(self, better, says, verdict):
        claim = check_value(says, [0.899, 0.900, 0.901], better=better)
        assert claim.verdict == verdict
        outside_but_good = verdict == "reproduced" and says != 0.90
        assert ("bettered" in claim.reason) == outside_but_good

    def test_equal_runs_make_an_interval_of_their_one_number(self):
        claim = check_value(0.1, [0.1, 0.1, 0.1])
        assert np.mean([0.1, 0.1, 0.1]) != 0.1  # what rounding would make of it
        assert (claim.mean, claim.low, claim.high) == (0.1, 0.1, 0.1)
        assert claim.verdict == "reproduced"

    def test_one_seed(self):
        claim = check_value(0.9, [0.9])
        assert claim.verdict == "inconclusive"
        assert "at least 2 seeds" in claim.reason

    @pytest.mark.parametrize(
        ("values", "verdict"),
        [([math.nan, math.nan], "not reproduced"), ([0.9, math.nan], "inconclusive")],
    )
    def test_divergence(self, values, verdict):
        claim = check_value(0.9, values)
        assert claim.verdict == verdict
        assert "not finite in" in claim.reason

    def test_says_keeps_the_sources_digits(self):
        assert check_value(0.8808, [0.8, 0.9]).says == "0.8808"
        assert check_value(1_190_160, [1.0, 2.0]).says == "1,190,160"

    def test_source_data_is_marked(self):
        assert check_value(0.9, [0.9, 0.9]).about_source_data
        assert not check_value(0.9, [0.9, 0.9], about_source_data=False).about_source_data

    @settings(deadline=None)
    @given(st.lists(losses, min_size=2, max_size=8))
    def test_our_own_mean_is_reproduced(self, values):
        assert check_value(mean_interval(values)[0], values).verdict == "reproduced"


class TestIdentity:
    def test_equal_numbers(self):
        claim = check_identity(19_392, 32 * 28 + 64 * 289)
        assert (claim.verdict, claim.mean, claim.seeds) == ("reproduced", 19_392, 0)

    def test_erratum_gives_both_numbers(self):
        claim = check_identity(13_932, 19_392)
        assert claim.verdict == "erratum"
        assert claim.reason == "The source gives 13,932; 19,392 holds."

    @pytest.mark.parametrize(("tolerance", "verdict"), [(0.11, "reproduced"), (0.09, "erratum")])
    def test_tolerance_is_absolute(self, tolerance, verdict):
        assert check_identity(1.0, 1.1, tolerance=tolerance).verdict == verdict
        assert check_identity(1.1, 1.0, tolerance=tolerance).verdict == verdict

    def test_arrays_name_the_place_where_they_differ_most(self):
        said, held = np.zeros(9), np.zeros(9)
        held[3], held[4] = 0.25, -0.5
        claim = check_identity(said, held)
        assert claim.verdict == "erratum"
        assert "2 of 9 elements" in claim.reason
        assert "gives 0 and −0.5 holds" in claim.reason
        assert claim.says == "each of 9 numbers"

    def test_equal_arrays(self):
        assert check_identity([1, 2], [1, 2]).verdict == "reproduced"

    def test_other_shape_is_an_erratum(self):
        claim = check_identity((26, 26), (28, 28, 3))
        assert claim.verdict == "erratum"
        assert "(26, 26)" in claim.reason
        assert "(28, 28, 3)" in claim.reason

    def test_numbers_that_look_the_same_are_shown_in_full(self):
        assert "1.0000000001" in check_identity(1.0, 1.0 + 1e-10).reason

    @pytest.mark.parametrize("number", [math.nan, math.inf])
    def test_what_is_not_finite_proves_nothing(self, number):
        with pytest.raises(ValueError, match="finite"):
            check_identity(1.0, number)

    @settings(deadline=None)
    @given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
    def test_symmetric(self, a, b):
        assert check_identity(a, b).verdict == check_identity(b, a).verdict


def test_claim_rejects_an_unknown_verdict_or_kind():
    facts = {
        "source": "A",
        "statement": "",
        "says": "",
        "quantity": "",
        "mean": None,
        "low": None,
        "high": None,
        "seeds": 0,
        "reason": "",
    }
    with pytest.raises(ValueError, match="verdict must be one of reproduced"):
        Claim(kind="value", verdict="true", **facts)
    with pytest.raises(ValueError, match="kind must be one of direction"):
        Claim(kind="figure", verdict="reproduced", **facts)


def test_summary():
    assert summary(LOWER) == "0.410 [0.390, 0.430]"
    assert summary([0.4]) == "0.4"
    assert summary([0.4, math.nan, math.inf]) == "not finite in 2 of 3 seeds"
