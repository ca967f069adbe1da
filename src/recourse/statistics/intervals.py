"""Intervals for shares and quantiles of a group of people: what a sample of this size cannot tell.

Shares have Wilson's score interval, quantiles one between order statistics that assumes no distribution.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.checks import share, whole_number
from recourse.errors import InputError


def wilson_interval(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the share behind `k` of `n` people: Wilson's score interval.

    It stays within 0 and 1 and is sensible for small groups and for shares of 0 and 1, where the usual ± is not.

    Parameters
    ----------
    k : int
        How many of the people have the property, from 0 to `n`.
    n : int
        How many people there are. Of nobody nothing is known: 0 gives (0, 1).
    confidence : float
        Between 0 and 1: in how many of all samples the interval holds the true share, about. The higher, the wider.

    Returns
    -------
    low, high : float
        Shares from 0 to 1.

    Raises
    ------
    InputError
        Unless 0 ≤ k ≤ n are whole numbers and `confidence` is between 0 and 1.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.

    Examples
    --------
    >>> low, high = wilson_interval(7, 10)
    >>> f"{low:.3f} to {high:.3f}"
    '0.397 to 0.892'
    >>> wilson_interval(0, 0)
    (0.0, 1.0)
    """
    k, n = whole_number("k", k), whole_number("n", n)
    if k > n:
        raise InputError(f"k people of n: k can't be larger; got k = {k}, n = {n}.")
    low, high = wilson_bounds(k, n, confidence)
    return float(low), float(high)


def wilson_bounds(k: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Bound many shares at once, each as `wilson_interval` does.

    Parameters
    ----------
    k, n : array of int
        Counts with 0 ≤ k ≤ n, of shapes that go together; they are not checked.
    confidence : float
        Between 0 and 1, for each share by itself.

    Returns
    -------
    low, high : float64 array
        Of the shape of `k` and `n` together.

    Raises
    ------
    InputError
        If `confidence` is not between 0 and 1.

    Examples
    --------
    >>> low, high = wilson_bounds([7, 0], [10, 5])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.397, 0.0], [0.892, 0.434])
    """
    z = NormalDist().inv_cdf(0.5 + share("confidence", confidence, zero=False, one=False) / 2)
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    people = np.maximum(n, 1.0)
    observed, zz = k / people, z * z / people
    centre = (observed + zz / 2) / (1 + zz)
    half = np.sqrt(zz * (observed * (1 - observed) + zz / 4)) / (1 + zz)

    # nobody, or everybody, gives an end exactly; without people nothing is known
    low = np.where((k == 0) | (n == 0), 0.0, np.maximum(0.0, centre - half))
    high = np.where((k == n) | (n == 0), 1.0, np.minimum(1.0, centre + half))
    return low, high


def quantile_interval(values: npt.ArrayLike, q: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the `q`-quantile of the population that `values` were drawn from, by two of the values themselves.

    Whatever the distribution, ties included, the interval covers the quantile with at least the `confidence`, each
    end with half of what is left.

    Parameters
    ----------
    values : array of float
        The sample, in any order and shape.
    q : float
        Which quantile, between 0 and 1; 0.5 is the median.
    confidence : float
        Between 0 and 1. The higher, the wider the interval.

    Returns
    -------
    low, high : float
        Values of the sample. With too few of them for that confidence, an end is −inf or inf: nothing observed bounds
        the quantile there.

    Raises
    ------
    InputError
        For NaN among the values, and for `q` or `confidence` outside (0, 1).

    References
    ----------
    David & Nagaraja (2003), Order Statistics, section 7.1.

    Examples
    --------
    >>> quantile_interval(range(1, 101), 0.5)
    (40.0, 61.0)
    >>> quantile_interval([3.0, 1.0, 2.0], 0.9)
    (1.0, inf)
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
    """Return the ranks (from 1) of the values that bound a quantile; 0 and n + 1 mean that none does.

    Fewer than `low` of n values are at or below the quantile only if a binomial count is below `low`; its
    tails are summed in floating point within 13 deviations of the mean, beyond which they weigh less than
    1e-36.
    """
    q = share("q", q, zero=False, one=False)
    tail = (1 - share("confidence", confidence, zero=False, one=False)) / 2
    if n == 0:
        return 0, 1

    # the binomial probabilities of the counts that matter, from the ratios of neighbours
    reach = 13 * math.sqrt(n * q * (1 - q)) + 13 * 13
    first, last = max(0, math.floor(n * q - reach)), min(n, math.ceil(n * q + reach))
    counts = np.arange(first, last + 1, dtype=float)
    steps = np.log((n - counts[:-1]) / counts[1:]) + math.log(q / (1 - q))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    at_most, at_least = np.cumsum(weights), np.cumsum(weights[::-1])[::-1]

    # the largest low with P(count < low) ≤ tail, and the smallest high with P(count ≥ high) ≤ tail
    low = first + int(np.searchsorted(at_most, tail, side="right"))
    high = first + int(np.count_nonzero(at_least > tail))
    return low, high
