"""Intervals for shares and quantiles: they cover what they should, and agree with independent computations."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from recourse.errors import InputError
from recourse.statistics import quantile_interval, wilson_bounds, wilson_interval

confidences = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), confidences)
def test_wilson_ends_are_the_shares_that_the_score_test_just_accepts(kn, confidence):
    k, n = kn
    low, high = wilson_interval(k, n, confidence)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)

    def score(p: float) -> float:
        return (k / n - p) ** 2 - z * z * p * (1 - p) / n

    if k > 0:
        assert low == pytest.approx(optimize.brentq(score, 1e-12, k / n - 1e-15, xtol=1e-14), abs=1e-9)
    if k < n:
        assert high == pytest.approx(optimize.brentq(score, k / n + 1e-15, 1 - 1e-12, xtol=1e-14), abs=1e-9)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), confidences)
def test_wilson_agrees_with_scipy(kn, confidence):
    theirs = stats.binomtest(*kn).proportion_ci(confidence, method="wilson")
    assert wilson_interval(*kn, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_a_share_and_holds_the_observed_one(kn):
    k, n = kn
    low, high = wilson_interval(k, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low <= k / n <= high


def test_wilson_of_nobody_says_nothing_and_of_everybody_touches_the_end():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(5, 5)[1] == 1.0
    assert wilson_interval(0, 5)[0] == 0.0


@pytest.mark.parametrize("bad", [(3, 2), (-1, 2), (0.5, 2), (1, 2, 1.0), (1, 2, 0.0), (1, 2, math.nan)])
def test_wilson_refuses_what_is_no_share(bad):
    with pytest.raises(InputError):
        wilson_interval(*bad)


@given(st.integers(1, 400), st.sampled_from([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]), confidences)
def test_quantile_intervals_cover_and_could_not_be_tighter(n, q, confidence):
    tail = (1 - confidence) / 2
    low, high = quantile_interval(range(1, n + 1), q, confidence)  # here a value is its rank
    if low == -math.inf:
        assert stats.binom.cdf(0, n, q) > tail
    else:
        assert stats.binom.cdf(low - 1, n, q) <= tail * (1 + 1e-9)
        assert stats.binom.cdf(low, n, q) > tail * (1 - 1e-9)
    if high == math.inf:
        assert stats.binom.sf(n - 1, n, q) > tail
    else:
        assert stats.binom.sf(high - 1, n, q) <= tail * (1 + 1e-9)
        assert stats.binom.sf(high - 2, n, q) > tail * (1 - 1e-9)


@pytest.mark.parametrize(("n", "q"), [(1_000_000, 0.5), (3_000_000, 0.999), (1_000_000, 1e-5)])
def test_quantile_intervals_hold_for_large_populations(n, q):
    low, high = quantile_interval(np.arange(1, n + 1), q)
    assert (low, high) == (stats.binom.ppf(0.025, n, q), stats.binom.ppf(0.975, n, q) + 1)


def test_quantile_intervals_cover_a_distribution_with_ties():
    draw = np.random.default_rng(0)
    hits = 0
    for _ in range(500):
        low, high = quantile_interval(draw.integers(0, 5, 40), 0.5)  # the median is 2
        hits += low <= 2 <= high
    assert hits >= 475


def test_quantile_intervals_refuse_nan_and_impossible_shares():
    for values, q in [([1.0, math.nan], 0.5), ([1.0], 0.0), ([1.0], 1.0)]:
        with pytest.raises(InputError):
            quantile_interval(values, q)
    assert quantile_interval([], 0.5) == (-math.inf, math.inf)


@given(st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), confidences)
def test_many_shares_at_once_are_bounded_as_each_alone(kn, confidence):
    k, n = np.array([kn[0], 0, 5, 0]), np.array([kn[1], 7, 5, 0])
    low, high = wilson_bounds(k, n, confidence)
    alone = [wilson_interval(int(one), int(of), confidence) for one, of in zip(k, n, strict=True)]
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == alone


def test_confidence_is_checked_for_many_shares_too():
    with pytest.raises(InputError, match="confidence must be a share above 0 and below 1"):
        wilson_bounds([1], [2], confidence=95)
