"""What a source claims, what was measured, and the verdict computed from the two."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reporting.verdicts.formatting import format_exactly, format_interval, format_number
from reporting.verdicts.measures import Measure, over_seeds
from reporting.verdicts.statistics import (
    count_of_seeds,
    mean_interval,
    one_dimensional,
    prediction_interval,
    t_quantile,
)

KINDS = ("direction", "value", "identity")
VERDICT_MARKS = {"reproduced": "✓", "not reproduced": "✗", "inconclusive": "?", "erratum": "!"}
"""Verdict → its mark in tables."""
VERDICTS = tuple(VERDICT_MARKS)
SOURCES = {
    "A": "Projet R, “Réseau de neurones” (Fashion-MNIST with Keras for R)",
    "B": "L. Tosato, M. Diez, “RDFIA TME 2: Intro to Neural Networks & CNNs”",
    "C": "A. Boulch, “Neural Networks”",
    "D": "“Classical and convolutional neural networks”, with A. Escontrela's Numpy-CNN",
    "E": "A. Carlier, J.-Y. Tourneret, “Neural networks” (2024)",
}

_MOST_SEEDS = 1000


@dataclass(frozen=True)
class Claim:
    """One statement of a source with its verdict; built by `direction`, `value` or `identity`.

    Args:
        source: Source and section, such as "A 3.5".
        statement: The statement in our own words.
        kind: One of `KINDS`.
        says: What the source gives, as text.
        quantity: What was measured, with its unit.
        mean: The measured mean, difference or ratio; None where there is no such number.
        low: Lower end of the 95 % interval that decides the verdict; None without one. For a
            value it is the prediction interval of one run, for a direction that of the mean.
        high: Upper end of the same interval.
        seeds: Number of runs behind the verdict, one for each seed; 0 for an identity.
        verdict: One of `VERDICTS`.
        reason: Why this verdict, in one sentence with the numbers.
        about_source_data: False when measured on data other than the source's.
    """

    source: str
    statement: str
    kind: str
    says: str
    quantity: str
    mean: float | None
    low: float | None
    high: float | None
    seeds: int
    verdict: str
    reason: str
    about_source_data: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, not {self.verdict!r}")

    @property
    def measured(self) -> str:
        """The measured mean with its interval, as tables show it; "—" where there is none."""
        return format_interval(self.mean, self.low, self.high)


def direction(
    *,
    source: str,
    statement: str,
    measure: Measure,
    lower: tuple[str, ArrayLike],
    higher: tuple[str, ArrayLike],
    ratio: bool = False,
) -> Claim:
    """Claim that a measure is lower for one method than for another, from its values.

    The verdict comes from the 95 % t-interval of the paired difference higher − lower:
    reproduced if it lies wholly above 0, not reproduced if wholly below, else inconclusive.
    A method whose values are not finite for any seed loses to one whose values all are.

    Args:
        source: Source and section, such as "A 3.5".
        statement: The statement in our own words.
        measure: What was measured, and which values of it are better; its function is not called.
        lower: Label and values, shape (seeds,), of the method claimed to be lower.
        higher: Label and values of the other, in the same order of seeds.
        ratio: If true, judge the ratio higher / lower against 1, by the t-interval of its
            logarithm. Defaults to False.

    Raises:
        ValueError: If the lengths differ, the measure does not say which values are better, or a
            ratio is asked of values that are not positive.
    """
    low_label, low_values = lower[0], one_dimensional(lower[1], lower[0])
    high_label, high_values = higher[0], one_dimensional(higher[1], higher[0])
    if len(low_values) != len(high_values):
        raise ValueError(
            f"values must be paired by seed: {low_label!r} has {len(low_values)}, "
            f"{high_label!r} has {len(high_values)}"
        )
    if measure.better is None:
        raise ValueError(f"{measure.name}: a comparison needs a measure that says what is better")
    mean, low, high = None, None, None
    count = len(low_values)
    if np.isfinite(low_values).all() and np.isfinite(high_values).all():
        if ratio:
            differences = _logarithm(high_values, high_label) - _logarithm(low_values, low_label)
        else:
            differences = high_values - low_values
        mean, low, high = mean_interval(differences)
        verdict, reason = _judge_difference(differences, low, high, ratio)
        if ratio:
            mean, low, high = (None if x is None else math.exp(x) for x in (mean, low, high))
    else:
        verdict, reason = _judge_infinite(
            (low_label, low_values), (high_label, high_values), measure.better
        )
    return Claim(
        source=source,
        statement=statement,
        kind="direction",
        says=f"lower for {low_label} than for {high_label}",
        quantity=f"{measure.name}: {high_label} {'divided by' if ratio else 'minus'} {low_label}",
        mean=mean,
        low=low,
        high=high,
        seeds=count,
        verdict=verdict,
        reason=reason,
    )


def compare(
    *,
    source: str,
    statement: str,
    measure: Measure,
    runs: Mapping[Hashable, Sequence[Any]],
    lower: Hashable,
    higher: Hashable,
    ratio: bool = False,
) -> Claim:
    """Claim that a measure is lower for the runs of one label than for those of another.

    Args:
        source: Source and section, such as "A 3.5".
        statement: The statement in our own words.
        measure: What is measured of each run.
        runs: Label → one run for each seed, as `Lab.train` gives them.
        lower: Label of the runs claimed to be lower.
        higher: Label of the others.
        ratio: As for `direction`. Defaults to False.

    Raises:
        ValueError: As `direction`.
    """
    return direction(
        source=source,
        statement=statement,
        measure=measure,
        lower=(str(lower), over_seeds(runs[lower], measure)),
        higher=(str(higher), over_seeds(runs[higher], measure)),
        ratio=ratio,
    )


def value(
    *,
    source: str,
    statement: str,
    measure: Measure,
    says: float,
    values: ArrayLike,
    about_source_data: bool = True,
) -> Claim:
    """Claim that one run gave the number `says`.

    Reproduced when `says` lies in the 95 % prediction interval for one run,
    mean ± t·s·√(1 + 1/n), or when the mean is better; else not reproduced.

    Args:
        source: Source and section, such as "A 7".
        statement: The statement in our own words.
        measure: What was measured, and which values of it are better, if any; its function is not
            called.
        says: The source's number.
        values: Our runs, shape (seeds,), one number for each seed.
        about_source_data: False when the runs saw other data than the source's. Defaults to True.
    """
    values = one_dimensional(values, measure.name)
    mean, low, high = prediction_interval(values)
    verdict, reason = _judge_value(says, values, measure.better)
    return Claim(
        source=source,
        statement=statement,
        kind="value",
        says=format_exactly(says),
        quantity=measure.name,
        mean=mean,
        low=low,
        high=high,
        seeds=len(values),
        verdict=verdict,
        reason=reason,
        about_source_data=about_source_data,
    )


def identity(
    *,
    source: str,
    statement: str,
    quantity: str,
    says: ArrayLike,
    holds: ArrayLike,
    tolerance: float = 0,
) -> Claim:
    """Claim that two computed sides are equal; where they are not, the source is in error.

    Args:
        source: Source and section, such as "A 6.3".
        statement: The statement in our own words.
        quantity: What was computed, with its unit.
        says: Number or array by the source's formula.
        holds: Number or array that holds, computed another way.
        tolerance: Largest absolute difference that counts as equal.

    Raises:
        ValueError: If a side is not finite, for then it proves nothing.
    """
    said, held = np.asarray(says), np.asarray(holds)
    if not (np.isfinite(said).all() and np.isfinite(held).all()):
        raise ValueError(f"{quantity}: both sides must be finite numbers")
    equal, reason = _compare(said, held, tolerance)
    return Claim(
        source=source,
        statement=statement,
        kind="identity",
        says=format_exactly(said),
        quantity=quantity,
        mean=held.item() if held.ndim == 0 and held.dtype != bool else None,
        low=None,
        high=None,
        seeds=0,
        verdict="reproduced" if equal else "erratum",
        reason=reason,
    )


def _logarithm(values, label):
    if values.min() <= 0:
        raise ValueError(f"a ratio needs positive values: {label!r} has {values.min():g}")
    return np.log(values)


def _judge_difference(differences, low, high, ratio):
    name, nothing, restore = ("ratio", 1, math.exp) if ratio else ("difference", 0, float)
    n = len(differences)
    mean = restore(differences.mean())
    if n == 1:
        return "inconclusive", (
            f"One seed gives a {name} of {format_number(mean)} and no interval: "
            "needs at least 2 seeds."
        )
    low_end, high_end = restore(low), restore(high)
    interval = f"{name} {format_interval(mean, low_end, high_end)} over {n} seeds"
    if low > 0:
        return "reproduced", f"The 95 % interval of the {interval} lies wholly above {nothing}."
    if high < 0:
        return "not reproduced", (
            f"The 95 % interval of the {interval} lies wholly below {nothing}, "
            "against the statement."
        )
    return "inconclusive", (
        f"The 95 % interval of the {interval} contains {nothing}; {_what_decides(differences)}."
    )


def _what_decides(differences):
    if not differences.any():
        return "the two are equal for every seed, which more seeds of the same will not change"
    n = np.arange(2, _MOST_SEEDS + 1)
    spread = differences.std(ddof=1)
    enough = t_quantile(n) * spread / np.sqrt(n) < abs(differences.mean())
    if not enough.any():
        return f"at this spread not even {_MOST_SEEDS:,} seeds would decide it"
    return f"at this spread about {n[enough][0]:,} seeds would decide it"


def _judge_infinite(lower, higher, better):
    labels = lower[0], higher[0]
    n = len(lower[1])
    infinite = [np.count_nonzero(~np.isfinite(values)) for _, values in (lower, higher)]
    if sorted(infinite) == [0, n]:
        loser = infinite.index(n)
        claimed = loser == (1 if better == "lower" else 0)
        return "reproduced" if claimed else "not reproduced", (
            f"{labels[loser]} is not finite in {count_of_seeds(n, n)}, {labels[1 - loser]} in none."
        )
    return "inconclusive", (
        f"{labels[0]} is not finite in {count_of_seeds(infinite[0], n)} and {labels[1]} in "
        f"{count_of_seeds(infinite[1], n)}, "
        "so the mean difference does not exist; a learning rate at which every run is finite would "
        "decide it."
    )


def _judge_value(says, values, better):
    n = len(values)
    mean, low, high = prediction_interval(values)
    said = format_exactly(says)
    if mean is None:
        infinite = np.count_nonzero(~np.isfinite(values))
        return "not reproduced" if infinite == n else "inconclusive", (
            f"The source gives {said}; here the run is not finite in {count_of_seeds(infinite, n)}."
        )
    if n == 1:
        return "inconclusive", (
            f"One seed gives {format_number(mean)} against {said} and no interval: "
            "needs at least 2 seeds."
        )
    interval = f"{format_interval(mean, low, high, apart_from=(0, 1, says))} over {n} seeds"
    if low <= says <= high:
        return "reproduced", f"{said} lies in the 95 % interval for one run, {interval}."
    bettered = {"higher": mean > says, "lower": mean < says, None: False}[better]
    if bettered:
        return "reproduced", f"{said} is bettered: the 95 % interval for one run is {interval}."
    return "not reproduced", f"{said} lies outside the 95 % interval for one run, {interval}."


def _compare(said, held, tolerance):
    if said.shape != held.shape:
        return False, f"The source gives {format_exactly(said)}; {format_exactly(held)} holds."
    gap = np.abs(said.astype(np.float64) - held.astype(np.float64))
    differing = np.count_nonzero(gap > tolerance)
    within = f" within {format_exactly(tolerance)}" if tolerance else ""
    worst = np.unravel_index(np.argmax(gap), gap.shape)
    pair = format_exactly(said[worst]), format_exactly(held[worst])
    if pair[0] == pair[1] and gap[worst]:
        pair = repr(said[worst].item()), repr(held[worst].item())
    if said.ndim == 0:
        if differing:
            return False, f"The source gives {pair[0]}; {pair[1]} holds."
        return True, f"Both sides are equal{within}: {pair[0]} and {pair[1]}."
    if differing:
        return False, (
            f"{differing:,} of {said.size:,} elements are not equal{within}; where they differ "
            f"most the source gives {pair[0]} and {pair[1]} holds."
        )
    return True, (
        f"All {said.size:,} elements are equal{within}; the largest difference is "
        f"{format_number(float(gap[worst]))}."
    )
