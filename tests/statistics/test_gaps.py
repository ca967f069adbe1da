"""Gaps between groups: who stands at the ends, and no answer where a group has no value."""

from __future__ import annotations

import math

import pytest

from recourse.errors import InputError
from recourse.statistics import gaps_by_group, group_difference


def test_the_difference_names_the_groups_at_the_ends():
    gap = group_difference({"a": 0.2, "b": 0.7, "c": 0.7})
    assert gap.difference == pytest.approx(0.5)
    assert (gap.largest, gap.smallest) == (("b", "c"), ("a",))
    assert group_difference({"a": math.inf, "b": math.inf}).difference == 0


def test_the_difference_refuses_groups_without_a_value():
    for values in ({}, {"a": math.nan, "b": 1.0}):
        with pytest.raises(InputError):
            group_difference(values)


def test_the_table_of_gaps_leaves_out_levels_without_a_value_and_groupings_without_two():
    values = {("sex", "f"): 0.25, ("sex", "m"): 1.0, ("sex", "x"): None, ("age", "old"): 0.5, ("age", "young"): None}
    numbers = {("sex", "f"): 4, ("sex", "m"): 2, ("sex", "x"): 0, ("age", "old"): 3, ("age", "young"): 0}
    gaps = gaps_by_group(values, numbers)
    assert gaps.to_dict(orient="index") == {
        "sex": {
            "difference": 0.75,
            "largest": 1.0,
            "level_largest": "m",
            "n_largest": 2,
            "smallest": 0.25,
            "level_smallest": "f",
            "n_smallest": 4,
        }
    }
    assert gaps.index.name == "group"


def test_the_table_of_gaps_of_no_groups_is_empty_and_has_its_columns():
    gaps = gaps_by_group({}, {})
    assert len(gaps) == 0
    assert "level_largest" in gaps.columns
