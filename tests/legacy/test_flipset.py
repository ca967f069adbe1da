"""`Flipset`: one person's actions as a table."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from legacy_worlds import denied


def test_1_setting_bounds_step_size_or_step_type_changes_the_actions(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    A[["owns", "income"]].actionable = False
    A["overdue"].bounds = (0, 8)
    assert A["overdue"].grid.tolist() == list(range(9))
    A["overdue"].step_size = 0.5
    assert A["overdue"].grid.tolist() == [0, 4, 8]
    A["overdue"].step_size, A["overdue"].step_type = 3, "absolute"
    assert A["overdue"].grid.tolist() == [0, 3, 6, 8]
    A["overdue"].bounds = (1, 3)
    assert A["overdue"].grid.tolist() == [1, 3]
    found = rs.Flipset(x, A, clf=clf).populate().df
    assert all(new in (1, 3) for values in found["x_new"] for new in values)


def test_3_the_users_action_set_frame_and_seeds_are_never_changed(people):
    X, y, clf, A = people
    frame, settings, state = X.copy(), A.df, np.random.get_state()[1].copy()
    x = denied(X, clf).iloc[0]
    rs.Flipset(x, A, clf=clf).populate(total_items=3)
    rs.RecourseBuilder(A, x=x, clf=clf).fit()
    audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    rs.print_recourse_audit_report(X, audited, y)
    pd.testing.assert_frame_equal(X, frame)
    pd.testing.assert_frame_equal(A.df, settings)
    assert (np.random.get_state()[1] == state).all()


def test_6_subset_limits_attach_to_the_right_columns_and_accept_immutable_members():
    X = pd.DataFrame({"z": [5, 6, 7], "a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1]})
    A = rs.ActionSet(X)
    A[["z", "c"]].actionable = False
    number = A.add_constraint("subset_limit", names=["c", "a", "b"], lb=0, ub=1)
    model = {"coefficients": [0, -2, 2, 3], "intercept": -1}
    fs = rs.Flipset([5, 1, 0, 0], A, **model).populate()
    assert fs.items == [{"z": 0, "a": -1, "b": 1, "c": 0}]
    assert rs.Flipset([7, 0, 0, 1], A, coefficients=[0, -2, 5, 3], intercept=-4).populate().items == []
    A.remove_constraint(number)
    assert {"z": 0, "a": 0, "b": 1, "c": 0} in rs.Flipset([5, 0, 0, 0], A, **model).populate().items


def test_6_a_subset_limit_of_one_means_exactly_one_unless_a_reference_level_is_dropped():
    whole = pd.DataFrame({"a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, 1]})
    model = {"coefficients": [-1, -1, -1], "intercept": 0.5}
    A = rs.ActionSet(whole)
    A.add_constraint("subset_limit", names=["a", "b", "c"], lb=0, ub=1)
    fs = rs.Flipset([1, 0, 0], A, **model).populate()
    assert len(fs) == 0, "nobody has none of the three"
    dropped = whole[["a", "b"]]
    A = rs.ActionSet(dropped)
    A.add_constraint("subset_limit", names=["a", "b"], lb=0, ub=1)
    fs = rs.Flipset([1, 0], A, coefficients=[-1, -1], intercept=0.5).populate()
    assert fs.items == [{"a": -1, "b": 0}]


def test_7_order_never_depends_on_hashing():
    code = (
        "import pandas as pd, recourse as rs;"
        "X = pd.DataFrame({n: [0, 1, 2, 3] for n in ('delta', 'alpha', 'charlie', 'bravo')});"
        "print(rs.Flipset([0, 0, 0, 0], rs.ActionSet(X), coefficients=[1, 1, 1, 1], intercept=-1).populate().df)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert b"delta" in answers.pop()


def test_8_a_time_limit_is_never_no_recourse(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    fs = rs.Flipset(x, A, clf=clf).populate(time_limit=0)
    assert len(fs) == 0
    assert "No Recourse" not in fs.to_html() + fs.to_latex()
    assert "the budget ran out" in fs.to_html()
    info = rs.RecourseBuilder(A, x=x, clf=clf).fit(time_limit=0)
    assert np.isnan(info["feasible"])
    assert info["status"] == "unknown"
    assert info["lowerbound"] < np.inf


def test_11_flipped_compares_labels(people):
    X, _, clf, A = people
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate()
    assert (fs.df["yhat_new"] == 1).all()
    assert fs.df["flipped"].all()
    assert fs.df["flipped"].map(type).eq(bool).all()


def test_flipsets_are_never_padded_with_moves_that_hurt(people):
    X, _, clf, A = people
    for _, x in denied(X, clf).iloc[:5].iterrows():
        for info in rs.Flipset(x, A, clf=clf).populate(total_items=float("inf")).solutions_info:
            assert (info["actions"] * clf.coef_[0] >= 0).all()


def test_12_populate_again_starts_afresh(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    fs = rs.Flipset(x, A, clf=clf)
    assert fs.populate(total_items=4) is fs
    first = fs.df
    pd.testing.assert_frame_equal(fs.populate(total_items=4).df, first)
    pd.testing.assert_frame_equal(
        fs.populate(total_items=4, cost_type="max").df, rs.Flipset(x, A, clf=clf).populate(4, cost_type="max").df
    )
    builder = rs.RecourseBuilder(A, x=x, clf=clf)
    counts = [len(builder.populate(total_items=3)) for _ in range(2)]
    assert counts == [len(fs.populate(3))] * 2
    builder.x = denied(X, clf).iloc[1]
    assert builder.fit()["cost"] == rs.RecourseBuilder(A, x=denied(X, clf).iloc[1], clf=clf).fit()["cost"]


def test_16_numpy_scalars_integer_names_any_index_and_any_column_order_work(people):
    X, y, *_ = people
    X = X.assign(owns=X["owns"].astype(bool)).rename(columns={"overdue": 7})
    clf = LogisticRegression().fit(X.rename(columns=str), y)
    X = X.rename(columns=str)
    A = rs.ActionSet(X)
    A["7"].bounds, A["7"].step_size = (np.int64(0), np.float32(8)), np.float64(0.5)
    twice = pd.concat([X.iloc[:40], X.iloc[:40]])[["income", "owns", "7"]]
    audited = rs.RecourseAuditor(A, clf=clf).audit(twice)
    assert audited.index.equals(twice.index)
    pd.testing.assert_frame_equal(audited.iloc[:40], audited.iloc[40:])
    x = X[clf.predict(X) == 0].iloc[0]
    forms = [x, x.to_dict(), x.to_list(), x.to_numpy(), X[clf.predict(X) == 0].iloc[[0]], x[["income", "7", "owns"]]]
    frames = [rs.Flipset(one, A, clf=clf).populate(total_items=np.int64(3)).df for one in forms]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])
    numbers = rs.ActionSet(X.rename(columns={"owns": 0, "7": 1, "income": 2}))
    by_position = LogisticRegression().fit(X.to_numpy(dtype=float), y)
    found = rs.Flipset(x.to_numpy(), numbers, by_position).populate(1)
    assert set(found.items[0]) == {0, 1, 2}


def test_18_zero_coefficients_matter_when_a_joint_constraint_needs_the_feature():
    X = pd.DataFrame({"a": [1, 0], "b": [0, 1]})
    A = rs.ActionSet(X)
    A.add_constraint("subset_limit", names=["a", "b"], lb=1, ub=1)
    fs = rs.Flipset([1, 0], A, coefficients=[0.0, 1.0], intercept=-0.5).populate()
    assert fs.items == [{"a": -1, "b": 1}]


def test_flipsets_know_items_actions_and_views(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    fs = rs.Flipset(x=x.to_numpy(), action_set=A, clf=clf, solver="cplex").populate(total_items=float("inf"))
    assert len(fs) == len(fs.items) == len(fs.actions) == len(fs.solutions_info) == len(fs.df)
    assert fs.view().equals(fs.df)
    np.testing.assert_array_equal(fs.x, x)
    costs = [info["cost"] for info in fs.solutions_info]
    assert costs == sorted(costs)
    for action, info in zip(fs.actions, fs.solutions_info, strict=True):
        assert clf.predict(pd.DataFrame([x + action], columns=X.columns))[0] == 1
        assert info["costs"].sum() == pytest.approx(info["cost"])
        assert (info["costs"] > 0).tolist() == (action != 0).tolist()
    assert fs.df["size"].is_monotonic_increasing
    fs.sort(by=["cost"])
    assert fs.df["cost"].is_monotonic_increasing
    fs.sort(by=["cost"], ascending=False)
    assert fs.df["cost"].is_monotonic_decreasing
    fs.sort(score_new=True)
    with pytest.raises(rs.InputError, match="no column 'costs'"):
        fs.sort(by=["costs"])
    flat = fs.to_flat_df()
    assert list(flat.columns) == ["Features to Change", "Current Value", "Required Value"]
    assert len(flat) == fs.df["size"].sum()
    assert "Flipset with" in repr(fs)
    assert fs._repr_html_() == fs.to_html()


def test_a_flipset_that_was_not_populated_says_so(people):
    X, _, clf, A = people
    fs = rs.Flipset(X.iloc[0], A, clf=clf)
    assert "populate() has not been called" in fs.to_html()
    assert "populate() has not been called" in repr(fs)


def test_html_escapes_what_html_reads(people):
    X, y, *_ = people
    X = X.rename(columns={"overdue": "<script>"})
    clf = LogisticRegression().fit(X, y)
    assert "<script>" not in rs.Flipset(denied(X, clf).iloc[0], rs.ActionSet(X), clf=clf).populate().to_html()


def test_populate_checks_its_arguments(people):
    X, _, clf, A = people
    fs = rs.Flipset(X.iloc[0], A, clf)
    with pytest.raises(rs.InputError, match="enumeration_type .* Did you mean 'distinct_subsets'"):
        fs.populate(enumeration_type="distinct_subset")
    with pytest.raises(rs.InputError, match="total_items must be at least 1"):
        fs.populate(total_items=0)
    with pytest.raises(rs.InputError, match="'l3' is not a cost"):
        fs.populate(cost_type="l3")
