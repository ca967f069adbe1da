"""Tables: one in, the same kind out, values and names as they were, and an error in words for what is none."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from recourse import tables
from recourse.errors import InputError

FRAME = pd.DataFrame({"age": [30, 40], "income": [1.5, 2.5], "home": ["rent", "own"]})


def polars_table():
    return pytest.importorskip("polars").DataFrame(FRAME.to_dict(orient="list"))


def arrow_table():
    return pytest.importorskip("pyarrow").table(FRAME.to_dict(orient="list"))


FOREIGN = [polars_table, arrow_table]


# -- reading -------------------------------------------------------------------------------------------


def test_a_pandas_table_is_read_as_it_is():
    assert tables.read(FRAME) is FRAME
    assert tables.like(FRAME, FRAME) is FRAME


@pytest.mark.parametrize("make", [*FOREIGN, lambda: FRAME.to_dict(orient="list")])
def test_every_kind_of_table_is_read_with_its_names_and_values(make):
    pd.testing.assert_frame_equal(tables.read(make()), FRAME, check_dtype=False)
    assert tables.has_columns(make())


@pytest.mark.parametrize("make", FOREIGN)
def test_an_answer_is_a_table_of_the_kind_that_was_asked_about(make):
    back = tables.like(make(), FRAME.iloc[::-1].assign(home=[None, "rent"]))
    assert type(back) is type(make())
    columns = tables.read(back)
    assert columns["age"].tolist() == [40, 30]
    assert columns["home"].isna().tolist() == [True, False]


def test_arrays_and_mappings_are_answered_with_pandas():
    for original in (np.zeros((2, 2)), {"age": [1]}, [[1, 2]]):
        assert tables.like(original, FRAME) is FRAME


def test_columns_of_an_array_are_numbered_or_named():
    assert list(tables.read(np.zeros((2, 3)))) == ["x0", "x1", "x2"]
    assert list(tables.read([[1, 2]], names=["a", "b"])) == ["a", "b"]
    assert not tables.has_columns(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("X", "names", "words"),
    [
        (np.zeros(3), None, r"must be a table \(rows × features\), but it has 1 dimension\."),
        (np.zeros((2, 2, 2)), None, "it has 3 dimensions"),
        ([[1, 2], [3]], None, "is not a table"),
        (np.zeros((2, 2)), ["a"], "has 2 columns, but 1 names were given"),
        (np.zeros((2, 2)), ["a", "a"], "names= must be unique"),
        (FRAME, ["a", "b", "c"], "names= differ from the columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), None, "more than one column named 'a'"),
    ],
)
def test_what_is_no_table_is_refused_in_words(X, names, words):
    with pytest.raises(InputError, match=words):
        tables.read(X, names=names)


# -- one person ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [
        FRAME.iloc[1],
        {"home": "own", "age": 40, "income": 2.5, "more": 1},
        FRAME.iloc[[1]],
        [40, 2.5, "own"],
        pd.Series([40, 2.5, "own"]),
        np.array([[40, 2.5, "own"]], dtype=object),
    ],
)
def test_one_person_is_read_from_whatever_holds_their_values(x):
    row = tables.read_row(x, list(FRAME), dict(FRAME.dtypes))
    pd.testing.assert_frame_equal(row, FRAME.iloc[[1]].reset_index(drop=True))


def test_a_value_takes_a_type_only_where_that_loses_nothing():
    row = tables.read_row({"age": 30.5, "income": 3, "n": None}, ["age", "income", "n"], {"age": int, "income": float})
    assert row.iloc[0].tolist()[:2] == [30.5, 3.0]
    assert row["income"].dtype == float
    assert row["n"].isna().all()


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ({"age": 1, "incom": 2, "home": "own"}, "x has no value for 'income'. Did you mean 'incom'"),
        (FRAME, "must be one person, but the table has 2 rows"),
        ([1, 2], "has 2 values, but there are 3 features"),
        (np.zeros((2, 3)), "must be one person: a row of 3 values"),
        (FRAME[["age"]].iloc[[0]], "has no column 'income'"),
    ],
)
def test_what_is_not_one_person_is_refused_in_words(x, words):
    with pytest.raises(InputError, match=words):
        tables.read_row(x, list(FRAME), {})


def test_columns_are_selected_by_name_and_an_absent_one_is_told_with_the_nearest():
    assert tables.select(FRAME, list(FRAME)) is FRAME
    assert list(tables.select(FRAME, ["home", "age"])) == ["home", "age"]
    with pytest.raises(InputError, match="X has no column 'hme'. Did you mean 'home'"):
        tables.select(FRAME, ["hme"])


# -- values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([1, 2]), [1, 2]),
        (pd.Series([1, None], dtype="Int64"), [1.0, np.nan]),
        (pd.Series([1, None, True], dtype=object), [1.0, np.nan, 1.0]),
        (pd.Series([Decimal("1.5"), None], dtype=object), [1.5, np.nan]),
        (pd.Series([True, False], dtype="boolean"), [True, False]),
    ],
)
def test_numbers_come_out_as_numbers_and_missing_ones_as_nan(column, expected):
    values = tables.values_of(column)
    assert values.dtype.kind in "biuf"
    np.testing.assert_array_equal(values, expected)


def test_words_come_out_as_objects_and_missing_ones_as_nan():
    for dtype in (object, "string", "category"):
        values = tables.values_of(pd.Series(["rent", None, "own"], dtype=dtype))
        assert values.dtype == object
        assert values[0] == "rent"
        assert np.isnan(values[1])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pd.Series([1.0, np.inf, -np.inf], name="debt"), r"column 'debt' of X is infinite in 2 rows \(1, 2\)"),
    ],
)
def test_what_is_neither_number_nor_level_is_refused_with_its_column(column, words):
    with pytest.raises(InputError, match=words):
        tables.values_of(column)


def test_values_are_missing_by_what_they_are_or_by_a_code():
    values = np.array(["rent", None, "?"], dtype=object)
    assert tables.is_missing(values).tolist() == [False, True, False]
    assert tables.is_missing(values, ["?"]).tolist() == [False, True, True]


def test_distinct_values_come_in_order_with_their_counts():
    values, counts = tables.distinct_values(np.array(["b", "a", None, "b", 3], dtype=object))
    assert values.tolist() == [3, "a", "b"]
    assert counts.tolist() == [1, 1, 2]


def test_positions_lead_back_to_the_values():
    for values in (np.array([3.0, 1.0, 3.0]), np.array(["b", "a", "b"], dtype=object)):
        distinct, position = tables.encode(values)
        assert distinct[position].tolist() == values.tolist()
        assert len(set(distinct.tolist())) == len(distinct) == 2


def test_equal_rows_are_of_one_kind_missing_values_included():
    frame = pd.DataFrame({"a": [1, 1, 2, np.nan, np.nan], "b": ["x", "x", "x", None, None]})
    first, kind = tables.distinct_rows(frame)
    assert first.tolist() == [0, 2, 3]
    assert kind.tolist() == [0, 0, 1, 2, 2]
    first, kind = tables.distinct_rows(frame.head(0))
    assert len(first) == len(kind) == 0


def test_rows_are_named_by_their_labels_and_the_rest_is_counted():
    index = pd.Index(list("abcdefgh"))
    assert tables.rows_in_words(index, np.array([1])) == "1 row (b)"
    assert tables.rows_in_words(index, np.arange(7)) == "7 rows (a, b, c, d, e …)"
