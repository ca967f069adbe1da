"""Settings are plain: they hold in any order, and what they cannot be is refused."""

from __future__ import annotations

import pytest

import recourse as rs


def test_settings_hold_in_any_order_and_change_the_actions(X):
    A = rs.ActionSet(X)
    A["income"].step_size = 2  # only makes sense once steps are absolute
    A["income"].step_type = "absolute"
    A["income"].bounds = (1, 6)
    assert A["income"].target_values.tolist() == [1, 3, 5, 6]
    A["income"].step_direction = 1
    assert A["income"].feasible_values(3.25).tolist() == [3.25, 5, 6]
    A["income"].ub = 5
    assert A["income"].feasible_values(3.25).tolist() == [3.25, 5]
    A["income"].actionable = False
    assert A["income"].feasible_values(3.25).tolist() == [3.25]


def test_mutable_is_the_older_name_of_actionable(X):
    A = rs.ActionSet(X)
    A["owns"].mutable = False
    assert A["owns"].actionable is False
    assert A.mutable == [False, True, True, True]


@pytest.mark.parametrize("target", ["feature", "view", "set"])
def test_a_misspelt_setting_raises_and_names_the_nearest(X, target):
    A = rs.ActionSet(X)
    place = {"feature": A["owns"], "view": A[["owns", "income"]], "set": A}[target]
    with pytest.raises(AttributeError, match="'actionabel' is not a setting of a feature. Did you mean 'actionable'"):
        place.actionabel = False
    with pytest.raises(AttributeError, match="derived"):
        A["owns"].target_values = [1]


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("bounds", (5, 1), "reversed: 5 is above 1"),
        ("bounds", 3, r"must be \(lb, ub\)"),
        ("bounds", (1, 2, "percent"), "bound_type of 'income' can't be 'percent'. Did you mean 'percentile'"),
        ("bounds", (-1, 50, "percentile"), "must lie in 0–100"),
        ("bounds", (0, float("nan")), "upper bound of 'income' must be a finite number"),
        ("lb", "low", "lower bound of 'income' must be a finite number"),
        ("step_size", 0, "above 0"),
        ("step_size", "big", "finite number"),
        ("step_type", "abs", "can't be 'abs'"),
        ("step_direction", 2, "must be −1"),
        ("step_direction", "up", "must be −1"),
        ("actionable", "no", "must be True or False"),
        ("variable_type", "integer", "can't be integer: the data contain 1.5"),
        ("variable_type", "float", "can't be 'float'"),
    ],
)
def test_a_bad_value_is_refused_and_nothing_changes(X, setting, value, message):
    A = rs.ActionSet(X)
    before = A["income"].settings()
    with pytest.raises(rs.InputError, match=message):
        setattr(A["income"], setting, value)
    assert A["income"].settings() == before


def test_the_two_bounds_may_be_set_in_any_order(X):
    A = rs.ActionSet(X)
    A["income"].lb = 200
    with pytest.raises(rs.InputError, match="bounds of 'income' are reversed: 200 is above"):
        A.menus(X)
    A["income"].ub = 300
    assert A["income"].bounds == (200, 300)
