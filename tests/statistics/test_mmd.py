"""The maximum mean discrepancy and its test: against the definitions, written out naively."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

import recourse as rs
from recourse.statistics import (
    median_bandwidth,
    mmd,
    mmd_test,
)
from recourse.statistics.mmd import AT_ONCE


def naive_mmd(A, B, width):
    def k(x, y):
        return np.exp(-np.sum((x - y) ** 2) / (2 * width**2))

    m, n = len(A), len(B)
    within_a = sum(k(A[i], A[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    within_b = sum(k(B[i], B[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return within_a + within_b - 2 * sum(k(a, b) for a in A for b in B) / (m * n)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6), m=st.integers(2, 9), n=st.integers(2, 9), d=st.integers(1, 4), width=st.floats(0.1, 5)
)
def test_mmd_is_its_definition(seed, m, n, d, width):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(m, d)), rng.normal(0.5, 2, size=(n, d))
    assert mmd(A, B, width) == pytest.approx(naive_mmd(A, B, width), abs=1e-12)


@pytest.mark.parametrize("width", [0.05, 0.8])  # of one feature: a kernel, and a short sum
@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("permutations", [200, AT_ONCE + 40])
def test_the_permutation_test_is_its_definition(permutations, d, width):
    rng = np.random.default_rng(5)
    A, B = rng.normal(size=(12, d)), rng.normal(0.6, 1, size=(9, d))
    B[:4] = A[:4]  # people in both: permutations that swap them are as large, not larger
    ours = mmd_test(A, B, width, permutations=permutations, random_state=11)
    pooled, observed, null = np.vstack([A, B]), naive_mmd(A, B, width), []
    seeds = np.random.default_rng(11).integers(2**63, size=-(-permutations // AT_ONCE))
    for seed, count in zip(seeds, [min(permutations, AT_ONCE), permutations - AT_ONCE], strict=False):
        for draws in np.random.default_rng(seed).random((count, 21)):
            first = np.argsort(draws)
            null.append(naive_mmd(pooled[first[:12]], pooled[first[12:]], width))
    assert len(null) == permutations
    assert ours.value == pytest.approx(observed, abs=1e-12)
    assert ours.p_value == (1 + sum(value >= observed - 1e-12 for value in null)) / (1 + permutations)


@pytest.mark.parametrize(("m", "n", "d"), [(700, 40, 2), (300, 800, 3), (900, 900, 1)])
def test_strips_and_series_are_the_whole_kernel(m, n, d):
    rng = np.random.default_rng(m)
    A, B = rng.normal(size=(m, d)), rng.normal(0.3, 1, size=(n, d))
    for width in (0.4, 2.0):
        K = np.exp(-cdist(np.vstack([A, B]), np.vstack([A, B]), "sqeuclidean") / (2 * width**2)) - np.eye(m + n)
        expected = K[:m, :m].sum() / (m * (m - 1)) + K[m:, m:].sum() / (n * (n - 1)) - 2 * K[:m, m:].mean()
        assert mmd(A, B, width) == pytest.approx(expected, abs=1e-13)


def test_a_p_value_does_not_depend_on_threads():
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(60, 2)), rng.normal(0.2, 1, size=(70, 2))
    with threadpool_limits(limits=1):
        alone = mmd_test(A, B, permutations=2000)
    assert mmd_test(A, B, permutations=2000) == alone


def test_p_values_are_uniform_where_nothing_differs_and_small_where_something_does():
    rng = np.random.default_rng(0)
    same = [mmd_test(*rng.normal(size=(2, 30, 2)), permutations=99, random_state=i).p_value for i in range(120)]
    assert 0.02 <= np.mean(np.array(same) <= 0.1) <= 0.18
    far = mmd_test(rng.normal(size=(30, 2)), rng.normal(2, 1, (30, 2)), permutations=99)
    assert far.p_value == 0.01  # never 0: the observed split counts as one


def test_an_unbiased_estimate_can_be_negative_and_is_not_clipped():
    rng = np.random.default_rng(0)
    values = [mmd(*rng.normal(size=(2, 20, 2))) for _ in range(60)]
    assert min(values) < 0
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(60)


def test_a_fixed_width_is_blind_in_many_dimensions_and_the_median_is_not():
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(200, 20)), rng.normal(0.5, 1, size=(200, 20))
    assert abs(mmd(A, B, 0.5)) < 1e-6
    assert mmd(A, B) > 0.02


def test_the_median_width_of_ties_is_not_zero():
    assert median_bandwidth([[0.0]] * 9 + [[3.0]]) == 3.0
    assert median_bandwidth([[1.0]] * 4) == 1.0
    rows = np.random.default_rng(0).normal(size=(5000, 3))
    assert median_bandwidth(rows) == pytest.approx(median_bandwidth(rows, most=2000), rel=0.05)


def test_more_permutations_than_fit_at_once_agree_with_fewer():
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(20, 1)), rng.normal(0.3, 1, size=(20, 1))
    p = mmd_test(A, B, permutations=2500).p_value
    assert p == pytest.approx(mmd_test(A, B, permutations=1000, random_state=3).p_value, abs=0.06)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: mmd([[1.0]], [[1.0], [2.0]]),
        lambda: mmd([[1.0], [2.0]], [[1.0, 2.0], [2.0, 3.0]]),
        lambda: mmd([[np.nan], [2.0]], [[1.0], [2.0]]),
        lambda: mmd([[1.0], [2.0]], [[1.0], [2.0]], 0.0),
        lambda: mmd_test([[1.0], [2.0]], [[1.0], [2.0]], permutations=0),
        lambda: mmd_test([[1.0], [2.0]], [[1.0], [2.0]], permutations=True),
        lambda: median_bandwidth([[np.nan], [1.0]]),
    ],
)
def test_what_can_not_be_measured_is_refused(wrong):
    with pytest.raises(rs.InputError):
        wrong()
