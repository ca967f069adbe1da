"""Sketches of costs: those of the parts add up to that of the whole, within the error that is stated."""

from __future__ import annotations

import itertools
import json
import math
import pickle
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recourse.errors import InputError
from recourse.statistics import CostSketch, quantile_interval

confidences = st.sampled_from([0.5, 0.9, 0.95, 0.99])


costs = st.lists(
    st.one_of(
        st.floats(0, 5000),
        st.floats(0, 2.0**-18),
        st.sampled_from([0.0, 1.0, 0.5, 2.0**-20, 4094.0, 4093.9999, 1e9]),
    ),
    max_size=60,
)


def rounded(values: list[float]) -> list[float]:
    return sorted(float(np.rint(value * 2**32) / 2**32) for value in values)


@given(costs, st.integers(0, 2**32), st.integers(1, 6))
def test_any_partition_in_any_order_gives_the_identical_sketch(values, seed, parts):
    shuffle = random.Random(seed)
    pieces: list[list[float]] = [[] for _ in range(parts)]
    for value in values:
        shuffle.choice(pieces).append(value)
    sketches = [CostSketch.of(piece) for piece in pieces]
    while len(sketches) > 1:  # a random tree of merges
        shuffle.shuffle(sketches)
        sketches.append(sketches.pop() + sketches.pop())
    whole = CostSketch.of(values)
    assert sketches[0] == whole
    assert hash(sketches[0]) == hash(whole)
    assert json.dumps(sketches[0].to_dict()) == json.dumps(whole.to_dict())


@given(costs.filter(bool))
def test_count_mean_and_ends_are_exact(values):
    sketch, kept = CostSketch.of(values), rounded(values)
    assert sketch.count == len(values)
    assert (sketch.min, sketch.max) == (kept[0], kept[-1])
    assert sketch.mean == float(sum(map(Fraction, kept)) / len(kept))
    assert sketch.above_top == sum(value >= CostSketch.TOP for value in kept)


@given(costs.filter(bool), st.integers(0, 1000).map(lambda k: k / 1000))
def test_quantiles_keep_the_stated_error(values, q):
    sketch, kept = CostSketch.of(values), rounded(values)
    exact = kept[max(1, -(-round(q * 1000) * len(kept) // 1000)) - 1]
    got = sketch.quantile(q)
    assert got is not None
    if got >= CostSketch.TOP:
        assert exact >= got
    elif exact < 2.0**-20:
        assert abs(got - exact) < 2.0**-20
    else:
        assert abs(got - exact) <= sketch.relative_error * exact


def test_the_stated_error_is_not_an_overstatement():
    value = 1.0  # the low edge of a bin, with others in the same bin
    got = CostSketch.of([0.5, value, 1.0 + 2.0**-11 - 2.0**-30, 2.0]).quantile(0.5)
    assert got is not None
    assert abs(got - value) > 0.99 * CostSketch.relative_error * value


@given(costs, st.sampled_from([0.1, 0.5, 0.9]), confidences)
def test_a_sketch_never_gives_a_narrower_interval_than_the_costs_themselves(values, q, confidence):
    got = CostSketch.of(values).quantile_interval(q, confidence)
    if not values:
        assert got is None
        return
    low, high = quantile_interval(rounded(values), q, confidence)
    assert got is not None
    assert got[0] <= max(low, 0.0)
    assert got[1] >= high


def test_the_median_of_the_sketch_is_within_its_error_on_many_costs():
    values = np.random.default_rng(1).gamma(2.0, 0.4, 20_000)
    sketch = sum((CostSketch.of(part) for part in np.array_split(values, 7)), CostSketch())
    for q in (0.01, 0.25, 0.5, 0.75, 0.99):
        exact = np.quantile(values, q, method="inverted_cdf")
        assert sketch.quantile(q) == pytest.approx(exact, rel=sketch.relative_error + 1e-9)


def test_every_bin_starts_where_the_last_one_ended():
    from recourse.statistics.sketches import _BINS, _bin_of, _edges

    edges = [_edges(index) for index in range(_BINS)]
    assert edges[0][0] == 0
    assert edges[-1] == (CostSketch.TOP, math.inf)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
    lows = np.array([low for low, _ in edges])
    assert (_bin_of(lows) == np.arange(_BINS)).all()
    assert (_bin_of(np.nextafter(lows[1:], 0)) == np.arange(_BINS - 1)).all()


@given(costs)
def test_a_sketch_survives_json_and_pickle(values):
    sketch = CostSketch.of(values)
    assert CostSketch.from_dict(json.loads(json.dumps(sketch.to_dict()))) == sketch
    assert pickle.loads(pickle.dumps(sketch)) == sketch


@pytest.mark.parametrize(
    "edit",
    [
        {"count": 3},
        {"total_ticks": 1},
        {"total_ticks": -1},
        {"min_ticks": None},
        {"max_ticks": 2**40},
        {"max_ticks": 10**400},
        {"bins": [[40961, 1], [40961, 1]]},
        {"bins": [[1, 2]]},
        {"bins": "no"},
        {"count": "2"},
    ],
)
def test_an_altered_sketch_is_refused(edit):
    good = CostSketch.of([1.0, 2.0]).to_dict()
    assert CostSketch.from_dict(good).count == 2
    with pytest.raises(InputError):
        CostSketch.from_dict(good | edit)
    with pytest.raises(InputError):
        CostSketch.from_dict({key: value for key, value in good.items() if key not in edit})


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf, 1e300])
def test_what_is_no_cost_is_refused(bad):
    with pytest.raises(InputError):
        CostSketch.of([1.0, bad])


def test_of_nobody_there_is_no_mean_and_no_quantile():
    nobody = CostSketch()
    assert nobody == CostSketch.of([]) == nobody + nobody
    assert (nobody.mean, nobody.min, nobody.max, nobody.quantile(0.5)) == (None,) * 4
    assert repr(nobody) == "CostSketch(0 costs)"
    with pytest.raises(InputError):
        nobody.quantile(1.5)
    with pytest.raises(TypeError):
        nobody + 1  # type: ignore[operator]
