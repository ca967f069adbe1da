"""Linkages: what moves along, by how much, and in which order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from constraint_worlds import action_set, population, reachable_points
from recourse.actions import constraints as c


def test_a_linkage_moves_its_targets_along_and_nothing_else():
    X = population(3)
    actions = action_set(X, np.random.default_rng(3))
    actions["age"].actionable = False
    actions["years"].step_direction = 1
    actions.add_constraint(c.Linkage("years", {"age": 1.0}))
    menus = actions.menus(X)
    for person in range(5):
        today = X.iloc[person]
        for values in reachable_points(menus, person):
            new = dict(zip(X.columns, values, strict=True))
            assert new["age"] - today["age"] == new["years"] - today["years"]
    assert menus.points(np.arange(len(X)), np.ones((len(X), len(menus.blocks)), dtype=int) * 0)["age"].dtype == int
    changes = rs.audit(rs.LinearModel({"years": 1.0, "age": 0.5}, intercept=-4), X, actions).changes
    induced = changes[changes["feature"] == "age"]
    assert len(induced) > 0
    assert (induced["price"] == 0).all()


def test_fractional_linkages_give_fractions_where_they_must():
    X = pd.DataFrame({"a": [0, 1, 2, 3], "b": [10, 11, 12, 13]})
    actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
    actions["b"].actionable = False
    actions.add_constraint(c.Linkage("a", {"b": 0.5}))
    assert (1, 10.5) in reachable_points(actions.menus(X), 0)


def test_a_linkage_whose_source_is_missing_induces_nothing():
    X = pd.DataFrame({"a": [0, 1, np.nan, 5.0], "b": [0.0, 1, 0, 9]})
    actions = rs.ActionSet(X)
    actions.add_constraint(c.Linkage("a", {"b": 1.0}))
    for price in (None, 0.5):
        actions["a"].from_missing = price
        menu = actions.menus(X).menu(2)[0]
        assert np.isnan(menu.values[0]).all(), "leaving 'missing' has no distance, so what it induces is undefined"
        assert menu.values[1][0] == 0
        assert not np.isnan(menu.values[1]).any()
        assert len(menu.values[1]) > 1


def test_linkages_in_a_circle_are_refused():
    X = pd.DataFrame({"a": [0, 1, 2], "b": [0, 1, 2]})
    actions = rs.ActionSet(X)
    actions.add_constraint(c.Linkage("a", {"b": 1.0}))
    with pytest.raises(rs.InputError, match="in a circle"):
        actions.add_constraint(c.Linkage("b", {"a": 1.0}))


@pytest.mark.parametrize("backwards", [False, True])
def test_linkages_chain_whatever_the_order_they_were_added_in(backwards):
    X = pd.DataFrame({"a": [0, 1, 2], "b": [0, 1, 2], "c": [0, 1, 2]})
    actions = rs.ActionSet(X, default_bounds=(0, 2))
    actions[["b", "c"]].actionable = False
    chain = [c.Linkage("a", {"b": 1.0}), c.Linkage("b", {"c": 2.0})]
    for link in reversed(chain) if backwards else chain:
        actions.add_constraint(link)
    assert reachable_points(actions.menus(X), 0) == {(0, 0, 0), (1, 1, 2), (2, 2, 4)}
