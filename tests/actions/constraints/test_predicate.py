"""Conditions that are functions of the user's own."""

from __future__ import annotations

import pytest

import recourse as rs
from constraint_worlds import population
from recourse.actions import constraints as c


def test_a_predicate_that_answers_for_other_rows_is_refused():
    actions = rs.ActionSet(population(0))
    actions.add_constraint(c.Predicate(lambda today, new: [True], ["years"]))
    with pytest.raises(rs.InputError, match="the predicate on years gave"):
        actions.menus(population(0))
