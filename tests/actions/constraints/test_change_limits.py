"""Limits on how many features change."""

from __future__ import annotations

import pytest

import recourse as rs
from constraint_worlds import population
from recourse.actions import constraints as c


def test_at_most_k_of_all_features_is_the_limit_of_the_grid():
    X = population(1)
    actions = rs.ActionSet(X)
    number = actions.add_constraint(c.AtMost(2))
    assert actions.menus(X).max_changes == 2
    assert actions.menus(X, max_changes=1).max_changes == 1
    actions.remove_constraint(number)
    assert actions.menus(X).max_changes is None
    with pytest.raises(rs.InputError, match="there is no constraint 1"):
        actions.remove_constraint(number)
