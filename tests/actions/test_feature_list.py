"""Several features at once, and what an editor shows of them."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs


def test_settings_may_come_from_arrays_and_a_mask_may_be_numbers(X):
    A = rs.ActionSet(X)
    some = A[["overdue", "income"]]
    some.step_type = np.array(["absolute", "relative"])
    some.step_size = np.array([2, 0.5])
    some.actionable = np.array([0, 1])
    some.step_direction = np.array([1, -1])
    assert some.step_type == ["absolute", "relative"]
    assert some.step_size == [2.0, 0.5]
    assert some.actionable == [False, True]
    assert some.step_direction == [1, -1]
    A["owns"].bounds = (False, True)
    assert A["owns"].bounds == (0, 1)


def test_assigning_to_several_features_broadcasts_or_takes_one_each(X):
    A = rs.ActionSet(X)
    A[["overdue", "income"]].bounds = (1, 5)
    assert A[["overdue", "income"]].bounds == [(1, 5), (1, 5)]
    A[["overdue", "income"]].bounds = [(0, 2), (3, 4)]
    assert A["income"].bounds == (3, 4)
    A.step_direction = [0, -1, 1, 0]
    assert A.step_direction == [0, -1, 1, 0]
    with pytest.raises(rs.InputError, match="3 values of step_direction for 4 features"):
        A.step_direction = [0, 1, 0]
    with pytest.raises(rs.InputError, match="must be −1"):
        A.step_direction = [1, 1, 1, 5]
    assert A.step_direction == [0, -1, 1, 0], "all or nothing"


SETTINGS = [
    "actionable",
    "variable_type",
    "bounds",
    "lb",
    "ub",
    "step_size",
    "step_type",
    "step_direction",
    "levels",
    "from_missing",
    "label",
    "unit",
]


def test_completion_shows_every_setting_and_none_of_the_old_names():
    A = rs.ActionSet({"age": [20, 40], "overdue": [0, 1]})
    for shown in (dir(A), dir(A["age"]), dir(A[["age", "overdue"]])):
        assert set(SETTINGS) <= set(shown)
        assert not {"mutable", "grid", "flip_direction", "compatible", "align", "feasible_grid", "df"} & set(shown)
    assert A.mutable == A.actionable == [True, True]
    assert A["age"].grid.tolist() == A["age"].target_values.tolist()


def test_a_view_knows_all_that_a_feature_knows():
    A = rs.ActionSet({"age": [20, 40], "overdue": [0, 1]})
    public = {name for name in dir(A["age"]) if not name.startswith("_")}
    values = {name for name in public if not callable(getattr(A["age"], name))}
    assert values <= set(dir(A[["age"]]))
    for name in values:
        assert len(getattr(A, name)) == 2


def test_a_misspelt_setting_names_the_nearest():
    A = rs.ActionSet({"age": [20, 40], "overdue": [0, 1]})
    for one in (A, A["age"], A[["age"]]):
        with pytest.raises(AttributeError, match="Did you mean 'actionable'"):
            one.actionble = False
    with pytest.raises(AttributeError, match="Did you mean 'step_direction'"):
        A.step_directon  # noqa: B018
