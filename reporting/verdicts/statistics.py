"""Means over seeds and their intervals."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reporting.verdicts.formatting import format_interval

CONFIDENCE = 0.95


def mean_interval(values: ArrayLike) -> tuple[float | None, float | None, float | None]:
    """Mean of the values over seeds and its 95 % t-interval, mean ± t·s/√n.

    Args:
        values: Array-like of numbers, shape (seeds,).

    Returns:
        mean, low, high. The ends are None for a single value, and all three are None if a value
        is not finite.
    """
    return _interval(values, lambda n: math.sqrt(1 / n))


def prediction_interval(values: ArrayLike) -> tuple[float | None, float | None, float | None]:
    """Mean of the values over seeds and the 95 % prediction interval of one run.

    mean ± t·s·√(1 + 1/n)

    Args:
        values: As for `mean_interval`.

    Returns:
        As `mean_interval`.
    """
    return _interval(values, lambda n: math.sqrt(1 + 1 / n))


def t_quantile(n: ArrayLike) -> ArrayLike:
    """Quantile of the t-distribution that bounds a 95 % interval over `n` seeds."""
    # scipy.special alone: scipy.stats takes a second to import.
    from scipy.special import stdtrit

    return stdtrit(np.asarray(n) - 1, (1 + CONFIDENCE) / 2)


def summary(values: ArrayLike) -> str:
    """The mean over seeds as tables show it, with its interval: "0.318 [0.310, 0.326]".

    Args:
        values: Array-like of numbers, shape (seeds,).
    """
    values = one_dimensional(values, "summary")
    infinite = int(np.count_nonzero(~np.isfinite(values)))
    if infinite:
        return f"not finite in {count_of_seeds(infinite, len(values))}"
    return format_interval(*mean_interval(values))


def one_dimensional(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """The values as an array of shape (seeds,).

    Raises:
        ValueError: If they have another shape, or if there are none.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{name}: values must have shape (seeds,), not {values.shape}")
    return values


def count_of_seeds(count: int, total: int) -> str:
    """A part of the seeds in words: "2 of 5 seeds"."""
    return f"{count} of {total} {'seed' if total == 1 else 'seeds'}"


def _interval(values, width):
    values = one_dimensional(values, "interval")
    if not np.isfinite(values).all():
        return None, None, None
    n = len(values)
    if n == 1:
        return float(values[0]), None, None
    if (values == values[0]).all():  # the mean of equal numbers may differ in the last bit
        return 3 * (float(values[0]),)
    mean = float(values.mean())
    half = float(t_quantile(n) * values.std(ddof=1) * width(n))
    return mean, mean - half, mean + half
