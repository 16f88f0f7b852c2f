"""Numbers as the report writes them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(number: float | None) -> str:
    """Write a number: a whole one in full, any other to four significant digits."""
    if number is None:
        return "—"
    if isinstance(number, int | np.integer) or (abs(number) < 1e6 and number == int(number)):
        return f"{int(number):,}".replace("-", "−")
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    exponent = _exponent(number)
    if not -4 <= exponent < 6:
        return _scientific(float(f"{number:.3e}"))
    return f"{float(f'{number:.4g}'):,.10g}".replace("-", "−")


def format_interval(
    mean: float | None,
    low: float | None = None,
    high: float | None = None,
    apart_from: Sequence[float] = (0, 1),
) -> str:
    """Write a mean with its interval, to two significant digits of the interval's half-width.

    Args:
        mean: The mean; None is written as a dash.
        low: Lower end of the interval; None for the mean alone.
        high: Upper end.
        apart_from: Numbers that an end of the interval is not rounded to unless it is equal.
    """
    if mean is None or low is None or high is None:
        return format_number(mean)
    half = (high - low) / 2
    largest = max(abs(low), abs(high))
    if half == 0 or not math.isfinite(half):
        return f"{format_number(mean)} [{format_number(low)}, {format_number(high)}]"
    if not -4 <= _exponent(largest) < 7:
        digits = min(max(1, _exponent(largest) - _exponent(half) + 1), 5)
        mean, low, high = (_scientific(x, digits) for x in (mean, low, high))
        return f"{mean} [{low}, {high}]"
    decimals = min(1 - _exponent(half), 5 - _exponent(largest))
    most = decimals + 6
    while decimals < most and any(
        round(end, decimals) == other != end for end in (low, high) for other in apart_from
    ):
        decimals += 1
    return f"{_fixed(mean, decimals)} [{_fixed(low, decimals)}, {_fixed(high, decimals)}]"


def format_exactly(number: ArrayLike) -> str:
    """Write a number to seven digits; an array in full up to six elements, else their number."""
    array = np.asarray(number)
    if array.ndim:
        if array.size <= 6:
            return f"({', '.join(format_exactly(x) for x in array.ravel())})"
        return f"each of {array.size:,} numbers"
    plain = array.item()
    if not isinstance(plain, float):
        return f"{plain:,}".replace("-", "−") if not isinstance(plain, bool) else str(plain)
    plain = float(f"{plain:.7g}")
    if plain and not -4 <= _exponent(plain) < 9:
        return _scientific(plain)
    return f"{plain:,.10g}".replace("-", "−")


def _exponent(number):
    return math.floor(math.log10(abs(number))) if number else 0


def _fixed(number, decimals):
    rounded = round(number, decimals) + 0.0
    return f"{rounded:,.{max(decimals, 0)}f}".replace("-", "−")


def _scientific(number, decimals=None):
    mantissa, exponent = (
        np.format_float_scientific(number, trim="-")
        if decimals is None
        else f"{number:.{decimals}e}"
    ).split("e")
    power = str(int(exponent)).translate(_SUPERSCRIPTS)
    return f"{mantissa}×10{power}".replace("-", "−")
