"""The values that actions lead to, for every kind of column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recourse as rs


def test_levels_without_order_have_no_direction_and_no_bounds():
    X = pd.DataFrame({"home": ["rent", "own", "free"]})
    for setting, value in (("step_direction", 1), ("bounds", (0, 1))):
        A = rs.ActionSet(X)
        setattr(A["home"], setting, value)
        with pytest.raises(rs.InputError, match="'home' is categorical: its levels have no order"):
            A.menus(X)
        A["home"].levels = ["rent", "free", "own"]
        A["home"].variable_type = "ordinal"
        if setting == "step_direction":
            assert A["home"].feasible_values("free").tolist() == ["free", "own"]


def test_a_boolean_stays_within_0_and_1(X):
    A = rs.ActionSet(X)
    A["owns"].bounds = (0, 5)
    with pytest.raises(rs.InputError, match="'owns' is boolean: its bounds must be within 0 and 1"):
        A.menus(X)


@pytest.mark.parametrize(
    ("dtype", "bounds", "expected"),
    [(np.uint8, (-10, 20), {-10, 0, 10, 20}), (np.int8, (0, 300), {0, 100, 200, 300})],
)
def test_targets_beyond_a_narrow_dtype_widen_the_column(dtype, bounds, expected):
    X = pd.DataFrame({"a": np.array([10, 20, 30, 40], dtype=dtype)})
    A = rs.ActionSet(X)
    A["a"].bounds, A["a"].step_type, A["a"].step_size = bounds, "absolute", (bounds[1] - bounds[0]) / 3
    menu = A.menus(X.iloc[3:]).menu(0)[0]
    assert set(menu.values[0].tolist()[1:]) == expected


@pytest.mark.parametrize("dtype", ["int64[pyarrow]", "Int64", "Float64", "double[pyarrow]", "boolean", "bool[pyarrow]"])
def test_nullable_and_arrow_columns_get_the_value_that_is_reported(dtype):
    flag = dtype.startswith("bool")
    X = pd.DataFrame({"a": pd.array([0, 1, 1, 0] if flag else [0, 1, 2, 3], dtype=dtype)})
    A = rs.ActionSet(X)
    if not flag:
        A["a"].variable_type, A["a"].step_size, A["a"].bounds = "real", 0.1, (0, 3)
    menus = A.menus(X)
    picks = np.ones((4, 1), dtype=int)
    after, said = menus.points(np.arange(4), picks), menus.changes(np.arange(4), picks)
    assert after["a"].astype(float).tolist() == [float(v) for v in said["new"]]


def test_decimals_are_numbers():
    from decimal import Decimal

    A = rs.ActionSet({"a": [Decimal("1.5"), Decimal("2"), None]})
    assert A["a"].variable_type == "real"


def test_codes_for_missing_values_may_stand_in_a_column_of_numbers():
    X = pd.DataFrame({"a": [1, 2, 3, "?"]})
    A = rs.ActionSet(X, missing=["?"])
    assert A["a"].variable_type == "integer"
    menus = A.menus(X)
    assert [len(menus.menu(i)[0].prices) for i in range(4)] == [3, 3, 3, 1]
    other = rs.ActionSet({"a": [1, 2, 3, 5]}, missing=["?"]).menus({"a": [1, "?", 2]})
    assert len(other.menu(1)[0].prices) == 1


def test_what_only_becomes_wrong_together_is_refused_when_used(X):
    A = rs.ActionSet(X)
    A["income"].step_size = 5
    with pytest.raises(rs.InputError, match="at most 1, not 5. For steps in its own units set step_type = 'absolute'"):
        A.menus(X)
    A["income"].step_type = "absolute"
    A["overdue"].step_type, A["overdue"].step_size = "absolute", 0.5
    with pytest.raises(rs.InputError, match="'overdue' is integer: its step_size must be a whole number"):
        A.menus(X)
    A["overdue"].step_size, A["overdue"].bounds = 1, (0.5, 3)
    with pytest.raises(rs.InputError, match="its bounds must be whole numbers"):
        A.menus(X)


def test_percentile_bounds_cover_the_data_outwards_for_integers():
    X = pd.DataFrame({"n": np.arange(101), "r": np.linspace(0, 1, 101)})
    A = rs.ActionSet(X, default_bounds=(2.5, 97.5, "percentile"))
    assert A["n"].bounds == (2, 98)
    assert A["r"].bounds == pytest.approx((0.025, 0.975))
    assert A.bound_type == ["percentile", "percentile"]


@pytest.mark.parametrize("values", [[3, 3, 3], [2.5, 2.5], [0, 0, 0], [1.0] * 999 + [2.0]])
def test_constant_and_near_constant_features_work(values):
    X = pd.DataFrame({"a": values})
    menus = rs.ActionSet(X).menus(X)
    assert len(menus) == len(values)


@given(
    low=st.floats(-1e6, 1e6),
    width=st.floats(1e-3, 1e6),
    step=st.floats(1e-3, 1),
    x=st.floats(-2e6, 2e6),
    direction=st.sampled_from([-1, 0, 1]),
)
def test_grids_include_both_bounds_and_never_leave_them(low, width, step, x, direction):
    A = rs.ActionSet({"a": [low, low + width / 3, low + width]})
    feature = A["a"]
    feature.bounds, feature.step_size, feature.step_direction = (low, low + width), step, direction
    menus = feature.target_values
    assert menus[0] == low
    assert menus[-1] == low + width
    assert (np.diff(menus) >= 0).all()
    values = feature.feasible_values(x)
    assert values[0] == x
    assert ((values[1:] >= low) & (values[1:] <= low + width)).all(), "who is outside may stay or move inside"
    assert x not in values[1:]
    if direction:
        assert ((values[1:] - x) * direction > 0).all()


def test_the_observed_grid_is_the_values_seen_within_the_bounds(X):
    A = rs.ActionSet(X, grid="observed", default_bounds=(0, 100, "percentile"))
    A["income"].bounds = (2, 5)
    assert A["income"].target_values.tolist() == [2, 3.25, 4]
    with pytest.raises(rs.InputError, match="grid of 'owns' can't be 'everything'"):
        rs.ActionSet(X, grid="everything")


def test_single_precision_tables_get_values_they_can_hold():
    X = pd.DataFrame({"a": np.linspace(0, 1, 50, dtype=np.float32)})
    A = rs.ActionSet(X, default_bounds=(0.1, 0.9))
    menus = A.menus(X)
    after = menus.points(np.arange(50), np.ones((50, 1), dtype=int))
    assert after["a"].dtype == np.float32
    moved = after["a"].to_numpy() != X["a"].to_numpy()
    assert moved.all(), "an item other than today's is always a change"
