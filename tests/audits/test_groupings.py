"""Groups: which columns make them, missing levels, names and words."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.audits import MISSING


def test_groups_are_columns_crossings_and_ordered(w):
    w.X["sex"] = np.where(np.arange(len(w.X)) % 2, "f", "m")
    result = rs.audit(w.clf, w.X, w.actions, group_by=["overdue", ("sex", "owns")])
    assert result.by_group.loc["overdue"].index.tolist() == sorted(w.X["overdue"].unique())
    assert result.by_group.loc["sex × owns"].index.tolist() == [("f", 0), ("f", 1), ("m", 0), ("m", 1)]
    gaps = result.difference("denied_share")
    assert list(gaps.index) == ["overdue", "sex × owns"]
    shares = result.by_group.loc["overdue"]["denied_share"]
    assert gaps.loc["overdue", "difference"] == pytest.approx(shares.max() - shares.min())
    with pytest.raises(rs.InputError, match="measure can't be 'feasable'. Did you mean 'feasible'"):
        result.difference("feasable")


def test_people_with_a_missing_group_are_a_group_of_their_own(w):
    w.X["region"] = pd.Series(["north", None] * 60)
    result = rs.audit(w.clf, w.X, w.actions, group_by="region")
    assert result.by_group.loc["region"].index.tolist() == [MISSING, "north"]
    assert [group["level"] for group in result.to_dict()["groups"]] == ["missing", "north"]
    assert result.by_group["n"].tolist() == [60, 60]


@pytest.mark.parametrize(
    ("group_by", "message"),
    [
        (["incme"], "X has no column 'incme'. Did you mean 'income'"),
        (["balance"], "has 1.. levels, .* bin the values"),
        ([("owns", "owns")], "must be one or several different columns"),
    ],
)
def test_groups_that_make_no_table_are_errors(w, group_by, message):
    with pytest.raises(rs.InputError, match=message):
        rs.audit(w.clf, w.X, w.actions, group_by=group_by)


def test_missing_values_and_the_word_for_them_are_two_levels(w):
    w.X["region"] = pd.Series(["missing", None, np.nan, "north"] * 30, dtype=object)
    result = rs.audit(w.clf, w.X, w.actions, group_by="region")
    assert result.by_group["n"].sum() == len(w.X)
    levels = {group["level"]: group["n"] for group in result.to_dict()["groups"]}
    assert levels == {"missing": 60, "'missing'": 30, "north": 30}
    assert pickle.loads(pickle.dumps(result.tallies)) == result.tallies


def test_a_number_and_its_digits_do_not_read_the_same(w):
    w.X["code"] = pd.Series([1, "1", 2] * 40, dtype=object)
    result = rs.audit(w.clf, w.X, w.actions, group_by=["code"])
    assert [group["level"] for group in result.to_dict()["groups"]] == ["1", "2", "'1'"]


def test_groups_of_intervals_are_fit_for_json(w):
    w.X["band"] = pd.cut(w.X["balance"], 3)
    result = rs.audit(w.clf, w.X, w.actions, group_by=["band", "owns"])
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    levels = {group["level"] for group in document["groups"] if group["group"] == "band"}
    assert levels == {str(one) for one in w.X["band"].cat.categories}
    for gap in document["differences"]:
        assert gap["level_largest"] in {group["level"] for group in document["groups"]}


def test_groups_may_be_named_by_numbers_and_tuples(w):
    X = w.X.assign(sex="f").rename(columns={"sex": 1})
    one = rs.audit(w.clf, X, w.actions, group_by=1)
    assert one.by_group["n"].tolist() == [120]
    tuples = w.X.set_axis(pd.Index([("a", name) for name in w.X.columns], tupleize_cols=False), axis=1)
    A = rs.ActionSet(tuples)
    model = rs.LinearModel({("a", "income"): 1.0}, intercept=-5.0)
    for group_by in (("a", "owns"), [("a", "owns")], [(("a", "owns"),)]):
        result = rs.audit(model, tuples, A, group_by=group_by)
        assert result.by_group["n"].tolist() == w.X["owns"].value_counts().sort_index().tolist()
    crossed = rs.audit(model, tuples, A, group_by=[(("a", "owns"), ("a", "overdue"))])
    assert crossed.by_group["n"].sum() == 120


def test_the_same_grouping_twice_counts_nobody_twice(w):
    result = rs.audit(w.clf, w.X, w.actions, group_by=["owns", "owns"])
    assert result.by_group["n"].sum() == len(w.X)
