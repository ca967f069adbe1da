"""How far people, or a model, have moved: a kernel distance between samples with its permutation test, and
plain differences between a model and what it was.

Where the paper's text and its code define a measure differently, both are here and each has a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError

FloatArray = npt.NDArray[np.float64]

AT_ONCE = 1000
"""How many permutations are evaluated in one matrix product."""


class ShiftTest(NamedTuple):
    """A measured value, and how often a value at least as large comes from shuffling the two samples."""

    value: float
    p_value: float


def median_bandwidth(A: npt.ArrayLike, *, most: int = 1000) -> float:
    """Return the median distance between the rows of a sample: the usual width for `mmd`.

    A fixed width is blind once there are many features, since all distances grow with them. Take the median
    once, of the first sample, and keep it: with a width that follows the data, two values can't be compared.
    Of more than `most` rows, evenly spaced ones are used. Where most rows are equal the median of the other
    distances counts; where all are, the width is 1.

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
    k(x, y) = exp(−‖x − y‖² / (2ℓ²)); ℓ is `bandwidth`, by default `median_bandwidth(A)`.

    It is 0 *on average* if both samples come from one population, so it can be negative, and is never
    clipped. Raises `InputError` unless both samples have two rows and equally many columns.

    >>> round(mmd([[0.0], [1.0]], [[5.0], [6.0]], bandwidth=1.0), 4)
    1.2129

    Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), "A kernel two-sample test", JMLR 13, lemma 6.
    """
    a, b = _samples(A, B)
    K = _kernel(np.vstack([a, b]), _width(bandwidth, a))
    first = np.zeros((len(K), 1))
    first[: len(a)] = 1.0
    return float(_statistics(K, first, len(a))[0])


def mmd_test(
    A: npt.ArrayLike,
    B: npt.ArrayLike,
    bandwidth: float | None = None,
    *,
    permutations: int = 1000,
    random_state: Any = 0,
) -> ShiftTest:
    """Return `mmd(A, B)` and its p-value by permutation: (1 + #{permuted ≥ observed}) / (1 + permutations).

    The kernel of the pooled sample is built once; a permutation is then a 0/1 mask s, and its value follows
    from sᵀKs. The test assumes that the two samples are independent. People who are in both, as those who
    did not move between two rounds are, make it conservative: the p-value is then too large.

    >>> rng = np.random.default_rng(0)
    >>> mmd_test(rng.normal(size=(50, 2)), rng.normal(2, 1, size=(50, 2)), permutations=99).p_value
    0.01
    """
    if isinstance(permutations, bool) or not isinstance(permutations, (int, np.integer)) or permutations < 1:
        raise InputError(f"permutations must be a whole number ≥ 1, not {permutations!r}.")
    a, b = _samples(A, B)
    m, pooled = len(a), np.vstack([a, b])
    K = _kernel(pooled, _width(bandwidth, a))
    rng = np.random.default_rng(random_state)
    mask = np.zeros(len(pooled))
    mask[:m] = 1.0
    value, larger = np.nan, 0
    for start in range(0, int(permutations), AT_ONCE):
        masks = np.tile(mask, (1 + min(AT_ONCE, int(permutations) - start), 1))
        rng.permuted(masks[1:], axis=1, out=masks[1:])
        value, *shuffled = _statistics(K, masks.T, m).tolist()
        # the same split in another order differs by rounding only, and counts as "at least as large"
        larger += sum(one >= value - 1e-12 for one in shuffled)
    return ShiftTest(value, (1 + larger) / (1 + int(permutations)))


def _statistics(K: FloatArray, masks: FloatArray, m: int) -> FloatArray:
    """Unbiased MMD² of each split: the columns of `masks` say who is in the first sample of m."""
    n = len(K) - m
    inner = K @ masks
    first = np.einsum("ij,ij->j", masks, inner)
    across = inner.sum(axis=0) - first
    second = K.sum() - 2 * across - first
    statistics: FloatArray = first / (m * (m - 1)) + second / (n * (n - 1)) - 2 * across / (m * n)
    return statistics


def _kernel(rows: FloatArray, width: float) -> FloatArray:
    """The Gaussian kernel between all rows, with an empty diagonal."""
    from scipy.spatial.distance import cdist

    K: FloatArray = cdist(rows, rows, "sqeuclidean")
    K *= -1 / (2 * width**2)
    np.exp(K, out=K)
    np.fill_diagonal(K, 0.0)
    return K


def disagreement(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Return the share of people whose label differs between two models.

    >>> disagreement([0, 1, 1, 0], [0, 1, 0, 0])
    0.25
    """
    first, second = np.asarray(before), np.asarray(after)
    if first.shape != second.shape or not first.size:
        raise InputError(f"labels of the same people are compared, one or more: got {first.shape} and {second.shape}.")
    return float(np.mean(first != second))


def decisiveness(before: npt.ArrayLike, after: npt.ArrayLike, *, definition: str = "norm") -> float:
    """Measure how sure a model's probabilities p are, against what they were.

    definition : "norm", | ‖p₀ − ½‖₂ − ‖p_n − ½‖₂ |, as in the paper's code; or "mean_square",
        mean (p_n − ½)², as in its text, which says nothing of `before`

    >>> decisiveness([0.5, 0.5], [1.0, 0.0], definition="mean_square")
    0.25
    """
    p, q = np.asarray(before, dtype=np.float64) - 0.5, np.asarray(after, dtype=np.float64) - 0.5
    if definition == "norm":
        return float(abs(np.linalg.norm(p) - np.linalg.norm(q)))
    if definition == "mean_square":
        return float(np.mean(q**2))
    raise InputError(f"definition must be 'norm' or 'mean_square', not {definition!r}.")


def perturbation(before: Sequence[npt.ArrayLike], after: Sequence[npt.ArrayLike], *, definition: str = "norm") -> float:
    """Measure how far a model's parameters moved: two lists of arrays of the same shapes.

    definition : "norm", the mean over arrays of ‖θ_n − θ₀‖₂ / size, as in the paper's code; or "squared",
        ‖θ_{t+1} − θ_t‖² over all parameters, as in its text (pass the parameters of two consecutive rounds)

    Training goes on from the current weights even if nobody moves, so this is not 0 without recourse:
    compare it with the control arm.

    >>> perturbation([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]])
    1.25
    >>> perturbation([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]], definition="squared")
    25.0
    """
    moved = [
        np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64) for a, b in zip(before, after, strict=True)
    ]
    if not moved:
        raise InputError("a model without parameters can't be compared by them.")
    if definition == "norm":
        return float(np.mean([np.linalg.norm(one) / one.size for one in moved]))
    if definition == "squared":
        return float(sum(np.sum(one**2) for one in moved))
    raise InputError(f"definition must be 'norm' or 'squared', not {definition!r}.")


def redundancy(today: npt.ArrayLike, new: npt.ArrayLike) -> float:
    """Return the mean share of features that an action leaves as they are; missing stays missing.

    >>> redundancy([[1, 2], [3, 4]], [[1, 5], [3, 4]])
    0.75
    """
    before, after = np.asarray(today), np.asarray(new)
    if before.shape != after.shape or not before.size:
        raise InputError(f"the same people are compared, one or more: got {before.shape} and {after.shape}.")
    import pandas as pd

    return float(np.mean((before == after) | (pd.isna(before) & pd.isna(after))))


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
    width = median_bandwidth(a) if bandwidth is None else float(bandwidth)
    if not (np.isfinite(width) and width > 0):
        raise InputError(f"bandwidth must be a finite number above 0, not {bandwidth!r}.")
    return width
