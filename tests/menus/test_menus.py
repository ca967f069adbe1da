"""Menus: what they show of themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs


def test_menus_print_as_what_they_are():
    A = rs.ActionSet({"overdue": [0, 1, 2, 2], "age": [20, 30, 40, 50]})
    A["age"].actionable = False
    menus = A.menus({"overdue": [1, 2], "age": [30, 40]})
    assert repr(menus) == "Menus of 2 people: 3 to 3 actions a person, over overdue"
    assert repr(menus.menu(0)[0]) == "Menu of overdue: 3 states, today's first"


def test_a_grid_shares_menus_among_people_with_the_same_value(X):
    A = rs.ActionSet(X)
    menus = A.menus(pd.concat([X, X]))
    assert (menus.rows[: len(X)] == menus.rows[len(X) :]).all()
    menu = menus.menu(1)[0]
    assert menu.features == ("owns",)
    assert menu.values[0].tolist() == [1, 0]
    assert menu.prices[0] == 0


def test_features_with_nowhere_to_go_have_no_menu(X):
    A = rs.ActionSet(X)
    A["owns"].actionable = False
    assert "owns" not in A.menus(X).features
    A.actionable = False
    menus = A.menus(X)
    assert menus.features == ()
    pd.testing.assert_frame_equal(menus.points([0], np.empty((1, 0), dtype=int)), X.iloc[[0]].reset_index(drop=True))


def test_a_grid_knows_which_actions_it_allows(X):
    menus = rs.ActionSet(X).menus(X, max_changes=1)
    m = len(menus.blocks)
    assert menus.allows([0], np.zeros((1, m), dtype=int)).tolist() == [True]
    assert menus.allows([0], np.ones((1, m), dtype=int)).tolist() == [False]
    assert menus.allows([0], np.array([[99999] + [0] * (m - 1)])).tolist() == [False]
    for wrong in (-1, 1.5, "two"):
        with pytest.raises(rs.InputError, match="max_changes must be a whole number"):
            rs.ActionSet(X).menus(X, max_changes=wrong)


def test_words_of_any_dtype_can_be_replaced_and_the_table_stays_as_it_was():
    for dtype in (object, "str", "category"):
        X = pd.DataFrame({"housing": pd.Series(["rent", "own", "free"], dtype=dtype)})
        menus = rs.ActionSet(X).menus(X)
        assert menus.points([0], [[1]])["housing"].tolist() == ["free"]
        assert X["housing"].tolist() == ["rent", "own", "free"]


def test_in_100_000_random_actions_ranges_hold_frozen_features_stay_and_integers_stay_integers():
    rng = np.random.default_rng(0)
    checked = 0
    while checked < 100_000:
        n = 500
        X = pd.DataFrame(
            {
                "whole": rng.integers(-50, 50, n),
                "flag": rng.integers(0, 2, n).astype(bool),
                "part": rng.normal(size=n) * 10.0 ** rng.integers(-3, 4),
                "narrow": rng.normal(size=n).astype(np.float32),
                "word": rng.choice(["a", "b", "c"], n),
            }
        )
        A = rs.ActionSet(X, grid=str(rng.choice(["steps", "observed"])))
        for feature in A:
            feature.actionable = bool(rng.integers(0, 4))
            if feature.variable_type in ("integer", "real"):
                low, high = sorted(rng.choice(X[feature.name].to_numpy(), 2).tolist())
                feature.bounds = (low, high)
                feature.step_size = float(rng.uniform(0.01, 1))
                feature.step_direction = int(rng.integers(-1, 2))
        menus = A.menus(X)
        lengths = np.diff(menus.row_ptr)[menus.rows]
        people = np.repeat(np.arange(n), 10)
        picks = (rng.random((len(people), lengths.shape[1])) * lengths[people]).astype(int)
        after = menus.points(people, picks)
        before = X.iloc[people].reset_index(drop=True)
        assert (after.dtypes == before.dtypes).all()
        for feature in A:
            new, old = after[feature.name].to_numpy(), before[feature.name].to_numpy()
            moved = new != old
            assert feature.actionable or not moved.any()
            if feature.variable_type in ("integer", "real"):
                low, high = feature.bounds
                assert ((new[moved] >= low) & (new[moved] <= high)).all()
                assert ((new[moved].astype(float) - old[moved]) * feature.step_direction >= 0).all()
        checked += len(people)
