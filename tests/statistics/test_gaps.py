"""Gaps between groups: who stands at the ends, and no answer where a group has no value."""

from __future__ import annotations

import math

import pytest

from recourse.errors import InputError
from recourse.statistics import group_difference


def test_the_difference_names_the_groups_at_the_ends():
    gap = group_difference({"a": 0.2, "b": 0.7, "c": 0.7})
    assert gap.difference == pytest.approx(0.5)
    assert (gap.largest, gap.smallest) == (("b", "c"), ("a",))
    assert group_difference({"a": math.inf, "b": math.inf}).difference == 0


def test_the_difference_refuses_groups_without_a_value():
    for values in ({}, {"a": math.nan, "b": 1.0}):
        with pytest.raises(InputError):
            group_difference(values)
