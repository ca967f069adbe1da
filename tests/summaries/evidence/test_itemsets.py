"""Frequent itemsets are those of brute force."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recourse.summaries.evidence.itemsets import count, frequent_itemsets, pack, unpack


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_frequent_itemsets_are_those_of_brute_force(seed, least, width):
    rng = np.random.default_rng(seed)
    rows = rng.random((8, 70)) < 0.25
    feature = rng.integers(0, 5, 8)
    found = frequent_itemsets(pack(rows), feature, least, width)
    expected = [
        items
        for k in range(1, width + 1)
        for items in itertools.combinations(range(8), k)
        if len(set(feature[list(items)])) == k and rows[list(items)].all(axis=0).sum() >= least
    ]
    assert sorted(found.sets) == sorted(expected)
    assert [len(items) for items in found.sets] == sorted(len(items) for items in found.sets)
    assert count(found.bits).tolist() == [rows[list(items)].all(axis=0).sum() for items in found.sets]
    assert (unpack(pack(rows), 70) == rows).all()
