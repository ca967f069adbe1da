"""Linear functions above networks and bounds of prices: nothing reachable lies above, and nothing costs less."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from recourse.models.statements.network import Layers, logistic
from recourse.search.relaxation import Affordable, above_logistic, cheapest_cover, cheapest_peak, linear_bound

relaxed = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(st.integers(0, 10_000), st.integers(1, 3), st.sampled_from([(), (5,), (5, 4), (4, 4, 3)]), st.booleans())
def test_no_affordable_point_lies_above_the_linear_bound(seed, members, hidden, limited):
    rng = np.random.default_rng(seed)
    sizes, d = [4, *hidden, 1], 4
    weights = tuple(rng.normal(size=(members, a, b)) for a, b in itertools.pairwise(sizes))
    biases = tuple(rng.normal(size=(members, 1, b)) for b in sizes[1:])
    layers = Layers(weights, biases, np.zeros(d), np.ones(d))
    moving = np.array([0, 2, 3])
    start = rng.normal(size=(6, 3))
    low, high = start - rng.random((6, 3)) * 2, start + rng.random((6, 3)) * 2
    low, high = np.where(rng.random((6, 3)) < 0.3, start, low), np.where(rng.random((6, 3)) < 0.3, start, high)
    up, down = rng.random((2, 6, 3)) * (np.array([high > start, low < start]))
    up = np.where(rng.random((6, 3)) < 0.1, np.inf * (high > start).clip(1), up)
    budget = rng.random(6) * 3 if limited else np.full(6, np.inf)
    box = Affordable(start, low, high, up, down, budget)
    fixed = np.zeros((6, d))
    fixed[:, 1] = rng.normal(size=6)
    slope, constant, doubts = linear_bound(layers, moving, fixed, box)
    assert (doubts >= 0).all()
    for _ in range(60):
        x = rng.uniform(low, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            paid = np.where(x > start, (x - start) / up, np.where(x < start, (start - x) / down, 0.0))
        paid = np.where(np.isfinite(paid), paid, np.inf)
        shrink = np.minimum(1, budget / np.maximum(paid.sum(axis=1), 1e-12))
        free = np.isinf(up) & (x > start)
        x = np.where(
            paid == np.inf,
            start,
            np.where(free, x, start + (x - start) * shrink[:, None] * (paid < np.inf).all(axis=1)[:, None]),
        )
        points = fixed.copy()
        points[:, moving] = x
        z = layers.logits(points)
        reached = z[0] if members == 1 else logistic(z).mean(axis=0)
        assert (reached <= (slope * x).sum(axis=1) + constant + 1e-9).all()


@relaxed
@given(st.floats(-20, 20), st.floats(0, 25))
def test_the_line_above_the_logistic_function_is_above_it_and_touches(low, width):
    low, high = np.array([low]), np.array([low + width])
    rise, lift = above_logistic(low, high)
    z = np.linspace(low[0], high[0], 400)
    gap = rise * z + lift - logistic(z)
    assert (gap >= -1e-9).all()
    assert gap.min() < 0.01


@relaxed
@given(st.integers(0, 10_000))
def test_the_cheapest_cover_is_the_linear_programs(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, 4)
    starts, n = np.cumsum(sizes) - sizes, int(sizes.sum())
    price, gain = np.round(rng.random((3, n)), 1), rng.normal(size=(3, n))
    most = np.maximum.reduceat(gain, starts, axis=1).sum(axis=1)
    need = most - rng.random(3) * 2
    bound, rate, _, enough = cheapest_cover(price, gain, need, starts, steps=50)
    owner = np.repeat(np.arange(4), sizes) == np.arange(4)[:, None]
    for k in range(3):
        exact = linprog(price[k], -gain[k][None], -need[k : k + 1], owner.astype(float), np.ones(4))
        np.testing.assert_allclose(bound[k], exact.fun, atol=1e-7)
        assert rate[k] >= 0
        assert gain[k, starts + enough[k]].sum() >= need[k] - 1e-12
    peak = cheapest_peak(price, gain, need, starts)[0]
    for k in range(3):
        levels = [t for t in np.unique(price[k]) if all(((price[k] <= t) & one).any() for one in owner)]
        enough_at = [
            np.maximum.reduceat(np.where(price[k] <= t, gain[k], -np.inf), starts).sum() >= need[k] for t in levels
        ]
        assert peak[k] <= levels[enough_at.index(True)] + 1e-12
        assert peak[k] >= levels[max(enough_at.index(True) - 1, 0)]
