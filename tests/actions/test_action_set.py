"""Action sets: features are found by name, tables are matched and checked, and nothing of the user changes."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.actions.action_set import as_action_set


def test_features_are_found_by_name_position_list_mask_and_slice(X):
    A = rs.ActionSet(X)
    assert A[1] is A["overdue"]
    assert A[-1].name == "flag"
    assert [f.name for f in A[["income", "owns"]]] == ["income", "owns"]
    assert [f.name for f in A[[True, False, False, True]]] == ["owns", "flag"]
    assert [f.name for f in A[np.array(A.variable_type) == "boolean"]] == ["owns", "flag"]
    assert [f.name for f in A[1:3]] == ["overdue", "income"]
    with pytest.raises(rs.InputError, match="'incom' is not a feature of this action set. Did you mean 'income'"):
        A["incom"]
    with pytest.raises(rs.InputError, match="no feature number 9"):
        A[9]
    with pytest.raises(TypeError, match="actionable = False"):
        A["owns"] = False


def test_integer_column_names_are_names_first():
    A = rs.ActionSet(pd.DataFrame({7: [1, 2, 5], 0: [0.5, 1.5, 2.5]}))
    assert A[0].name == 0
    assert A[7].variable_type == "integer"
    assert A[1].name == 0, "a position where no such name exists"


def test_arrays_take_names():
    A = rs.ActionSet(np.array([[1, 2.5], [3, 4.5]]), names=["a", "b"])
    assert A.names == ["a", "b"]
    with pytest.raises(rs.InputError, match="has 2 columns, but 1 names were given"):
        rs.ActionSet(np.zeros((3, 2)), names=["a"])
    with pytest.raises(rs.InputError, match="1 dimension"):
        rs.ActionSet(np.zeros(3))


def test_custom_bounds_are_by_name(X):
    A = rs.ActionSet(X, custom_bounds={"overdue": (0, 2), "owns": (0, 0)})
    assert A["overdue"].bounds == (0, 2)
    assert A["owns"].bounds == (0, 0)
    with pytest.raises(rs.InputError, match="'overdu' is not a column of X"):
        rs.ActionSet(X, custom_bounds={"overdu": (0, 2)})


def test_an_action_set_and_its_copies_are_independent_and_picklable(X):
    A = rs.ActionSet(X)
    B, C = A.copy(), pickle.loads(pickle.dumps(A))
    B["owns"].actionable = False
    C["income"].bounds = (0, 1)
    assert A["owns"].actionable
    assert A["income"].bounds != (0, 1)


def test_the_users_table_is_never_changed(X):
    before = X.copy(deep=True)
    A = rs.ActionSet(X)
    A["overdue"].bounds = (0, 2)
    menus = A.menus(X)
    menus.points(np.arange(len(X)), np.ones((len(X), len(menus.features)), dtype=int))
    pd.testing.assert_frame_equal(X, before)


def test_columns_are_matched_by_name_in_any_order(X):
    A = rs.ActionSet(X)
    one, other = A.menus(X), A.menus(X[X.columns[::-1]])
    pd.testing.assert_frame_equal(one.X, other.X)
    np.testing.assert_array_equal(one.prices, other.prices)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X.drop(columns="income"), "no column 'income'"),
        (lambda X: X.rename(columns={"income": "incme"}), "no column 'income'. Did you mean 'incme'"),
        (lambda X: X.assign(income=[1, np.inf, 2, 3, 4]), r"column 'income' of X is infinite in 1 row \(1\)"),
        (lambda X: X.assign(income=["a", "b", "c", "d", "e"]), "column 'income' holds 'a', but it is real"),
        (lambda X: pd.concat([X, X[["income"]]], axis=1), "more than one column named 'income'"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error_that_names_the_column(X, spoil, message):
    with pytest.raises(rs.InputError, match=message):
        rs.ActionSet(X).menus(spoil(X))


def test_an_empty_population_is_an_error(X):
    with pytest.raises(rs.InputError, match="0 rows"):
        rs.ActionSet(X.iloc[:0])


def test_validate_says_what_a_careful_reader_should_know(X):
    A = rs.ActionSet(X)
    A["income"].bounds = (0, 100)
    A["overdue"].bounds = (0, 5)
    notes = " ".join(A.validate(X))
    assert "'income': the bounds 0 to 100 leave the data (1.5 to 8)" in notes
    assert "'overdue': 2 of 5 people are outside the bounds 0 to 5" in notes


def test_an_action_set_prints_as_a_table(X):
    text = repr(rs.ActionSet(X))
    assert text.startswith("ActionSet: 4 features, 4 actionable")
    assert "step_direction" in text
    assert "<table" in rs.ActionSet(X)._repr_html_()


def test_masks_and_positions_work_where_columns_are_tuples():
    A = rs.ActionSet(pd.DataFrame({("a", "x"): [0, 1, 2], ("a", "y"): [0, 1, 3]}))
    assert A["a", "x"].name == ("a", "x")
    assert [feature.name for feature in A[np.array([True, False])]] == [("a", "x")]
    assert [feature.name for feature in A[[("a", "y")]]] == [("a", "y")]
    assert [feature.name for feature in A[[False, True]]] == [("a", "y")]


def test_the_levels_of_a_polars_enum_keep_their_order():
    pl = pytest.importorskip("polars")
    grades = pl.Series(["low", "high", None, "mid"], dtype=pl.Enum(["low", "mid", "high"]))
    grade = rs.ActionSet(pl.DataFrame({"grade": grades, "income": [1.0, 2.0, 3.0, 4.0]}))["grade"]
    assert grade.variable_type == "ordinal"
    assert list(grade.levels) == ["low", "mid", "high"]


class _Model:
    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (pd.DataFrame({"age": [1, 2]}), "not a DataFrame"),
        (_Model(), "not a _Model"),
        (rs.ActionSet, "not the class ActionSet itself"),
        (None, "not None"),
    ],
)
def test_what_is_no_action_set_is_refused_in_words(given, words):
    with pytest.raises(rs.InputError, match=rf"actions must be an ActionSet, {words}; .*\(model, people, actions\)"):
        as_action_set(given)


def test_an_action_set_is_taken_as_it_is():
    A = rs.ActionSet({"age": [20, 40]})
    assert as_action_set(A) is A


def test_missing_codes_can_be_said_feature_by_feature():
    X = pd.DataFrame({"gaps": [1.5, np.nan, -9.0], "school": ["low", "high", "?"]})
    A = rs.ActionSet(X, missing={"school": ["?"]})
    assert "?" not in A["school"].levels
    assert A["gaps"].missing == ()
    with pytest.raises(rs.InputError, match="missing: 'scool' is not a column of X. Did you mean 'school'"):
        rs.ActionSet(X, missing={"scool": ["?"]})
