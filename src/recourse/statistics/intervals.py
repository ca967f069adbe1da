"""Intervals for shares and quantiles of a group of people: what a sample of this size cannot tell."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.errors import InputError


def wilson_interval(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the share behind `k` of `n` people: Wilson's score interval.

    It stays within 0 and 1 and is sensible for small groups and for shares of 0 and 1, where the usual ± is
    not. Of nobody nothing is known: `n = 0` gives (0, 1). Raises `InputError` unless 0 ≤ k ≤ n are whole
    numbers and `confidence` is between 0 and 1.

    >>> low, high = wilson_interval(7, 10)
    >>> f"{low:.3f} to {high:.3f}"
    '0.397 to 0.892'
    >>> wilson_interval(0, 0)
    (0.0, 1.0)

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    k, n = whole_number("k", k), whole_number("n", n)
    if k > n:
        raise InputError(f"k people of n: k can't be larger; got k = {k}, n = {n}.")
    z = NormalDist().inv_cdf(0.5 + _open_unit("confidence", confidence) / 2)
    if n == 0:
        return 0.0, 1.0
    centre, half = _wilson(k / n, n, z)
    low = 0.0 if k == 0 else max(0.0, float(centre - half))
    return low, 1.0 if k == n else min(1.0, float(centre + half))


def wilson_lower(k: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.95) -> FloatArray:
    """Return the lower ends of Wilson's intervals for many shares at once, each of `n` > 0 people.

    >>> wilson_lower([7, 0], [10, 5]).round(3).tolist()
    [0.397, 0.0]
    """
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = NormalDist().inv_cdf(0.5 + _open_unit("confidence", confidence) / 2)
    centre, half = _wilson(k / n, n, z)
    return np.where(k == 0, 0.0, np.maximum(centre - half, 0.0))


def _wilson(share: Any, n: Any, z: float) -> tuple[Any, Any]:
    """The centre of Wilson's interval, and half its width: of one share, or of many."""
    zz = z * z / n
    centre = (share + zz / 2) / (1 + zz)
    half = np.sqrt(zz * (share * (1 - share) + zz / 4)) / (1 + zz)
    return centre, half


def quantile_interval(values: npt.ArrayLike, q: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the `q`-quantile of the population that `values` were drawn from, by two of the values
    themselves.

    Whatever the distribution, ties included, the interval covers the quantile with at least the `confidence`,
    each end with half of what is left. With too few values for that, an end is −inf or inf: nothing observed
    bounds the quantile there. Raises `InputError` for NaN and for `q` or `confidence` outside (0, 1).

    >>> quantile_interval(range(1, 101), 0.5)
    (40.0, 61.0)
    >>> quantile_interval([3.0, 1.0, 2.0], 0.9)
    (1.0, inf)

    Source: David and Nagaraja (2003), Order Statistics, section 7.1.
    """
    ordered = np.sort(np.asarray(values, dtype=float).ravel())
    if np.isnan(ordered).any():
        raise InputError("Quantiles need numbers: some values are NaN.")
    low, high = quantile_ranks(len(ordered), q, confidence)
    return (
        float(ordered[low - 1]) if low > 0 else -math.inf,
        float(ordered[high - 1]) if high <= len(ordered) else math.inf,
    )


def quantile_ranks(n: int, q: float, confidence: float) -> tuple[int, int]:
    """Ranks (from 1) of the values that bound the quantile; 0 and n + 1 mean that none does.

    Fewer than `low` of n values are at or below the quantile only if a binomial count is below `low`; its
    tails are summed in floating point within 13 deviations of the mean, beyond which they weigh less than
    1e-36.
    """
    q, tail = _open_unit("q", q), (1 - _open_unit("confidence", confidence)) / 2
    if n == 0:
        return 0, 1
    reach = 13 * math.sqrt(n * q * (1 - q)) + 13 * 13
    first, last = max(0, math.floor(n * q - reach)), min(n, math.ceil(n * q + reach))
    counts = np.arange(first, last + 1, dtype=float)
    steps = np.log((n - counts[:-1]) / counts[1:]) + math.log(q / (1 - q))  # of the log probabilities
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    at_most, at_least = np.cumsum(weights), np.cumsum(weights[::-1])[::-1]
    # the largest low with P(count < low) ≤ tail, and the smallest high with P(count ≥ high) ≤ tail
    low = first + int(np.searchsorted(at_most, tail, side="right"))
    high = first + int(np.count_nonzero(at_least > tail))
    return low, high


def whole_number(name: str, value: SupportsIndex) -> int:
    try:
        number = value.__index__()
    except AttributeError:
        raise InputError(f"{name} must be a whole number; got {value!r}.") from None
    if number < 0:
        raise InputError(f"{name} can't be negative; got {number}.")
    return number


def _open_unit(name: str, value: float) -> float:
    if not 0 < value < 1:
        raise InputError(f"{name} must be between 0 and 1, both excluded; got {value!r}.")
    return float(value)
