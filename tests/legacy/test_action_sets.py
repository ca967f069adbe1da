"""Action sets under the old names, and what actionable-recourse got wrong about their settings."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs


def test_2_an_unknown_attribute_raises(people):
    *_, A = people
    for place in (A, A["owns"], A[["owns", "income"]]):
        with pytest.raises(AttributeError, match="Did you mean 'mutable'"):
            place.mutabel = False


def test_4_grids_never_overshoot_the_upper_bound(people):
    *_, A = people
    A["income"].bounds, A["income"].step_type, A["income"].step_size = (1, 6), "absolute", 4
    assert A["income"].grid.tolist() == [1, 5, 6]
    for feature in A:
        assert feature.grid.max() == feature.ub


@pytest.mark.parametrize("percentiles", ["empirical", "kde"])
def test_15_percentiles_are_monotone_everywhere_outside_the_bounds_too(people, percentiles):
    X, *_ = people
    A = rs.ActionSet(X, percentiles=percentiles)
    for feature in A:
        F = feature.percentile(np.linspace(-50, 80, 500))
        assert (np.diff(F) >= 0).all()
        assert ((F > 0) & (F < 1)).all()


def test_action_sets_take_the_old_positional_arguments(people):
    X, *_ = people
    A = rs.ActionSet(X.to_numpy(), ["a", "b", "c"], -1, {"b": (0, 50, "p")}, (5, 95), "absolute")
    assert (A.y_desired, A["b"].bound_type, A["c"].bounds, A.step_type[0]) == (-1, "percentile", (5, 95), "absolute")
    assert rs.ActionSet(X, custom_bounds={}).y_desired == 1


def test_the_table_of_an_action_set_has_the_old_columns(people):
    X, _, clf, A = people
    columns = ["name", "variable_type", "lb", "ub", "grid_size", "step_size", "actionable", "compatible"]
    assert list(A.df.columns) == [*columns, "step_direction", "flip_direction"]
    assert A.compatible == [None] * 3
    A["overdue"].step_direction = 1
    A.set_alignment(clf)
    assert A.compatible == [True, False, True]
    assert A.alignment_known
    assert "flip_direction" in str(A)
    assert A["owns"].values.tolist() == sorted(X["owns"])
    assert A.size == [len(feature.grid) for feature in A]
    with pytest.raises(TypeError, match="align takes one of"):
        A.align()
    with pytest.raises(rs.InputError, match="2 coefficients for 3 features"):
        A.align([1, 2])


def test_feasible_grid_shows_changes_and_percentiles_that_help(people):
    _, _, clf, A = people
    A["overdue"].step_type, A["overdue"].step_size, A["overdue"].bounds = "absolute", 2, (0, 8)
    changes, shares = A.feasible_grid([0, 3, 5.0])
    assert changes["overdue"].tolist() == [-3, -1, 0, 1, 3, 5]
    A.align(clf)
    changes, shares = A.feasible_grid([0, 3, 5.0])
    assert changes["overdue"].tolist() == [-3, -1, 0]
    np.testing.assert_allclose(shares["overdue"], A["overdue"].percentile([0, 2, 3]))
    A["overdue"].step_direction = 1
    assert "overdue" not in A.feasible_grid([0, 3, 5.0])[0]
    values = A.feasible_grid([0, 3, 5.0], return_actions=False, return_percentiles=False, return_compatible=False)
    assert values["overdue"].tolist() == [3, 4, 6, 8]


def test_action_files_refuse_what_they_cannot_say(people):
    X, *_ = people
    for setting, value in (("grid", "legacy"), ("percentiles", "kde"), ("y_desired", -1)):
        with pytest.raises(rs.InputError, match=f"can't say {setting}="):
            rs.ActionSet(X, **{setting: value}).to_dict()


def test_a_subset_limit_is_for_columns_of_0_and_1(people):
    *_, A = people
    with pytest.raises(rs.InputError, match="'overdue' is not one"):
        A.add_constraint("subset_limit", names=["owns", "overdue"])
    with pytest.raises(rs.InputError, match="'onehot' is no constraint: give one of recourse.constraints"):
        A.add_constraint("onehot", names=["owns"])
    with pytest.raises(TypeError, match="go with 'subset_limit'"):
        A.add_constraint(rs.constraints.AtMost(2), names=["owns"])
