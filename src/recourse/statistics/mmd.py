"""How far two samples of people lie apart: the maximum mean discrepancy of a kernel, and its permutation test.

The kernel is Gaussian throughout; a kernel matrix is never held whole.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.checks import number, whole_number
from recourse.errors import InputError

AT_ONCE = 500
"""How many permutations share the entries of a kernel, on one thread."""
STRIP = 256
"""How many rows of a kernel are held at once."""


class ShiftTest(NamedTuple):
    """A measured shift and its test.

    Parameters
    ----------
    value : float
        The unbiased squared discrepancy, see `mmd`.
    p_value : float
        How often a value at least as large comes from shuffling the two samples.
    """

    value: float
    p_value: float


def median_bandwidth(A: npt.ArrayLike, *, most: int = 1000) -> float:
    """Return the median distance between the rows of a sample: the usual width for `mmd`.

    A fixed width is blind once there are many features, since all distances grow with them. Take the median once, of
    the first sample, and keep it: with a width that follows the data, two values can't be compared.

    Parameters
    ----------
    A : array [m, d] of float
        A sample, one row a person.
    most : int
        Of more rows than this, evenly spaced ones are used.

    Returns
    -------
    float
        Above 0. Where most rows are equal the median of the other distances counts; where all are, it is 1.

    Raises
    ------
    InputError
        Unless `A` is a table of finite numbers.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf & Smola (2012), "A kernel two-sample test", JMLR 13, section 8.

    Examples
    --------
    >>> median_bandwidth([[0.0], [1.0], [5.0]])
    4.0
    """
    from scipy.spatial.distance import pdist

    rows = _rows(A, "A")
    if len(rows) > most:
        rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
    apart = pdist(rows)
    apart = apart[apart > 0] if len(apart) and np.median(apart) == 0 else apart
    return float(np.median(apart)) if len(apart) else 1.0


def mmd(A: npt.ArrayLike, B: npt.ArrayLike, bandwidth: float | None = None) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy between two samples.

    Σ_{i≠j} k(a_i, a_j) / m(m−1) + Σ_{i≠j} k(b_i, b_j) / n(n−1) − 2 Σ k(a_i, b_j) / mn with the Gaussian kernel
    k(x, y) = exp(−‖x − y‖² / (2ℓ²)).

    Parameters
    ----------
    A, B : arrays [m, d] and [n, d] of float
        The samples, one row a person, with the same features in the same order.
    bandwidth : float, optional
        The width ℓ of the kernel, above 0; by default `median_bandwidth(A)`. Values of different widths can't be
        compared.

    Returns
    -------
    float
        0 *on average* if both samples come from one population, so it can be negative, and is never clipped.

    Raises
    ------
    InputError
        Unless both samples have two rows or more and equally many columns.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf & Smola (2012), "A kernel two-sample test", JMLR 13, lemma 6.

    Examples
    --------
    >>> round(mmd([[0.0], [1.0]], [[5.0], [6.0]], bandwidth=1.0), 4)
    1.2129
    """
    a, b = _samples(A, B)
    pooled = np.vstack([a, b])
    mask = np.arange(len(pooled))[:, None] < len(a)
    return float(_statistics(pooled, _width(bandwidth, a), mask.astype(np.float64), len(a))[0])


def mmd_test(
    A: npt.ArrayLike,
    B: npt.ArrayLike,
    bandwidth: float | None = None,
    *,
    permutations: int = 1000,
    random_state: Any = 0,
) -> ShiftTest:
    """Return `mmd(A, B)` and its p-value by permutation: (1 + #{permuted ≥ observed}) / (1 + permutations).

    The test assumes that the two samples are independent. People who are in both, as those who did not move between
    two rounds are, make it conservative: the p-value is then too large.

    Parameters
    ----------
    A, B : arrays [m, d] and [n, d] of float
        The samples, one row a person.
    bandwidth : float, optional
        The width of the kernel; by default `median_bandwidth(A)`.
    permutations : int
        How many shuffles, at least 1. The p-value is never below 1 / (1 + permutations).
    random_state : int, Generator or None
        Seed of the shuffles.

    Returns
    -------
    ShiftTest

    Raises
    ------
    InputError
        As in `mmd`, and for a number of permutations below 1.

    Notes
    -----
    The kernel of the pooled sample serves many permutations at once: each is a 0/1 mask s, and its value follows from
    sᵀKs. More than 500 are shared out over threads; the p-value doesn't depend on how many there are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mmd_test(rng.normal(size=(50, 2)), rng.normal(2, 1, size=(50, 2)), permutations=99).p_value
    0.01
    """
    permutations = whole_number("permutations", permutations, least=1)
    a, b = _samples(A, B)
    m, pooled, width = len(a), np.vstack([a, b]), _width(bandwidth, a)

    # permutations in lots, each with a seed of its own, so that threads change nothing
    full, rest = divmod(permutations, AT_ONCE)
    counts = [AT_ONCE] * full + [rest] * (rest > 0)
    seeds = np.random.default_rng(random_state).integers(2**63, size=len(counts)).tolist()

    def compare(count: int, seed: int) -> tuple[float, int]:
        """Return the observed value, and how many of so many permutations reach it."""
        masks = np.empty((len(pooled), 1 + count))
        masks[:, 0] = np.arange(len(pooled)) < m
        # whoever has one of the m smallest random numbers: as random as a shuffle, in a third of the time
        drawn = np.random.default_rng(seed).random((count, len(pooled)))
        chosen = drawn <= np.partition(drawn, m - 1)[:, m - 1 : m]
        masks[:, 1:] = np.ascontiguousarray(chosen.T)
        statistics = _statistics(pooled, width, masks, m)
        # the same split in another order differs by rounding only, and counts as "at least as large"
        return float(statistics[0]), int((statistics[1:] >= statistics[0] - 1e-12).sum())

    # each thread multiplies on its own: BLAS's threads would wait for each other at every strip
    with _pools().limit(limits=1), ThreadPoolExecutor(os.cpu_count()) as pool:
        share = pool.map if len(counts) > 1 else map
        results = list(share(compare, counts, seeds))
    return ShiftTest(results[0][0], (1 + sum(larger for _, larger in results)) / (1 + permutations))


@cache
def _pools() -> Any:
    """The thread pools of BLAS, found once: looking for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _statistics(rows: FloatArray, width: float, masks: FloatArray, m: int) -> FloatArray:
    """Unbiased MMD² of each split of the rows: the columns of `masks` say who is in the first sample of m."""
    n = len(rows) - m
    first, sums = _quadratic_forms(rows, width, masks)
    across = sums @ masks - first
    second = sums.sum() - 2 * across - first
    statistics: FloatArray = first / (m * (m - 1)) + second / (n * (n - 1)) - 2 * across / (m * n)
    return statistics


def _quadratic_forms(rows: FloatArray, width: float, masks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sᵀKs for each column s of `masks`, and the row sums of K: the Gaussian kernel without its diagonal."""
    from scipy.spatial.distance import cdist

    terms = _terms(rows, width)
    if terms is not None:
        inner = terms.T @ masks
        return np.einsum("ij,ij->j", inner, inner) - masks.sum(axis=0), terms @ terms.sum(axis=0) - 1

    # K is symmetric: half of it will do, a strip at a time
    forms, sums = np.zeros(masks.shape[1]), np.zeros(len(rows))
    for start in range(0, len(rows), STRIP):
        own = slice(start, start + STRIP)
        strip: FloatArray = cdist(rows[own], rows[start:], "sqeuclidean")
        strip *= -1 / (2 * width**2)
        np.exp(strip, out=strip)
        np.fill_diagonal(strip, 0.0)
        strip[:, :STRIP] *= 0.5  # both halves of this part are in the strip
        forms += 2 * np.einsum("ij,ij->j", masks[own], strip @ masks[start:])
        sums[own] += strip.sum(axis=1)
        sums[start:] += strip.sum(axis=0)
    return forms, sums


def _terms(rows: FloatArray, width: float) -> FloatArray | None:
    """Return φ, a few columns with k(x, y) = φ(x)·φ(y) to the last digits; None where they would not be few.

    In one dimension, as for probabilities, exp(xy) = Σ (xy)ᵏ / k! is a short sum unless the width is far
    below the range.
    """
    if rows.shape[1] != 1:
        return None
    x = (rows[:, 0] - (rows.min() + rows.max()) / 2) / width
    if np.abs(x).max() > 5:
        return None
    terms = [np.exp(-x * x / 2)]
    while np.abs(terms[-1]).max() > 1e-9:  # its square is beyond the last digit, and from here on they fall
        terms.append(terms[-1] * x / np.sqrt(len(terms)))
    return np.column_stack(terms)


def _samples(A: npt.ArrayLike, B: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    a, b = _rows(A, "A"), _rows(B, "B")
    if a.shape[1] != b.shape[1]:
        raise InputError(f"the samples have {a.shape[1]} and {b.shape[1]} columns; they must be the same features.")
    for name, rows in (("A", a), ("B", b)):
        if len(rows) < 2:
            raise InputError(f"{name} has {len(rows)} row{'s' * (len(rows) != 1)}; the unbiased MMD needs two or more.")
    return a, b


def _rows(A: npt.ArrayLike, name: str) -> FloatArray:
    """A sample as a matrix; a plain list of numbers is one feature."""
    rows = np.asarray(A, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise InputError(f"{name} must be a table of finite numbers, people × features.")
    return rows


def _width(bandwidth: float | None, a: FloatArray) -> float:
    return median_bandwidth(a) if bandwidth is None else float(number("bandwidth", bandwidth, above=0))
