"""`RecourseAuditor`: feasible and cost of each row, and what actionable-recourse got wrong about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from legacy_worlds import denied


def test_3_an_alignment_with_another_model_never_gives_a_false_no_recourse(people):
    X, _, clf, A = people
    expected = rs.RecourseAuditor(A, clf=clf).audit(X)
    A.align(coefficients=-clf.coef_)
    assert not any(A.compatible) or A.flip_direction == [-1, 1, -1]
    pd.testing.assert_frame_equal(rs.RecourseAuditor(A, clf=clf).audit(X), expected)


@pytest.mark.parametrize("percentiles", ["empirical", "kde"])
@pytest.mark.parametrize("grid", ["steps", "legacy"])
def test_5_constant_and_near_constant_features_work(people, percentiles, grid):
    X, y, _, _ = people
    X = X.assign(same=3, rare=[1.5, *[2.5] * (len(X) - 1)], off=0)
    clf = LogisticRegression().fit(X, y)
    A = rs.ActionSet(X, percentiles=percentiles, grid=grid)
    audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    assert audited["feasible"].notna().sum() == (clf.predict(X) == 0).sum()
    assert np.isfinite(rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate().df["cost"].astype(float)).all()


def test_8_an_interrupted_audit_is_never_no_recourse(people, monkeypatch):
    X, _, clf, A = people
    audit = rs.audit
    monkeypatch.setattr("recourse.legacy.auditor.audit", lambda *a, **k: audit(*a, **k, time_limit=0))
    with pytest.warns(UserWarning, match="people are undecided"):
        audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    assert not (audited["feasible"] == False).any()  # noqa: E712
    assert np.isinf(audited["cost"]).sum() == len(denied(X, clf))


def test_9_nothing_to_change_nobody_denied_and_somebody_approved_are_empty_results_with_a_reason(people):
    X, _, clf, A = people
    approved = X[clf.predict(X) == 1]
    fs = rs.Flipset(approved.iloc[0], A, clf=clf).populate()
    assert (len(fs), list(fs.df.columns)[:2]) == (0, ["cost", "size"])
    assert "approved already" in fs.reason
    assert "approved already" in fs.to_html()
    info = rs.RecourseBuilder(A, x=approved.iloc[0], clf=clf).fit()
    assert info["status"] == "approved already"
    assert rs.RecourseAuditor(A, clf=clf).audit(approved).isna().all(axis=None)
    A.actionable = False
    fs = rs.Flipset(denied(X, clf).iloc[0], A, clf=clf).populate()
    assert "no feature is actionable" in fs.reason
    assert "No Recourse" in fs.to_html()
    assert "No Recourse" in fs.to_latex()
    assert len(fs.to_flat_df()) == 0
    assert rs.RecourseBuilder(A, x=denied(X, clf).iloc[0], clf=clf).fit()["feasible"] is False


@pytest.mark.parametrize("labels", [(0, 1), (-1, 1)])
@pytest.mark.parametrize("y_desired", [1, 0, -1])
def test_10_a_score_exactly_on_the_boundary_follows_the_models_own_predict(labels, y_desired):
    X = pd.DataFrame({"a": np.arange(-4, 5)})
    clf = LogisticRegression().fit(X, np.array(labels)[(X["a"] > 0).astype(int)])
    clf.coef_[:], clf.intercept_[:] = [[1.0]], 0.0
    A = rs.ActionSet(X, y_desired=y_desired, default_bounds=(-4, 4))
    wanted = labels[1] if y_desired == 1 else labels[0]
    audited = rs.RecourseAuditor(A, clf).audit(X)
    assert (audited["feasible"].isna() == (clf.predict(X) == wanted)).all()
    start = [-2] if y_desired == 1 else [2]
    fs = rs.Flipset(start, A, clf=clf).populate(total_items=1)
    assert fs.df["x_new"].tolist() == [[1]] if y_desired == 1 else [[0]]
    same = rs.RecourseAuditor(A, coefficients=[1.0], intercept=[0.0]).audit(X)
    pd.testing.assert_frame_equal(same, audited)


def test_13_y_desired_is_honoured_everywhere_and_idempotent(people):
    X, _, clf, A = people
    A.align(clf)
    up = A.flip_direction
    for _ in range(2):
        A.y_desired = 0
        assert A.y_desired == -1
        assert A.flip_direction == [-one for one in up]
    approved = X[clf.predict(X) == 1]
    after = rs.Flipset(approved.iloc[0], A, clf=clf).populate().df
    assert (after["yhat_new"] == 0).all()
    assert after["flipped"].all()
    audited = rs.RecourseAuditor(A, clf=clf).audit(X)
    assert (audited["feasible"].isna() == (clf.predict(X) == 0)).all()
    assert rs.RecourseBuilder(A, x=approved.iloc[0], clf=clf).fit()["feasible"]
    assert rs.flipset(clf, approved.iloc[0], A).rule == "prediction = 0"
    assert rs.audit(clf, X, A).overall["denied"] == len(approved)
    assert (rs.RecourseAuditor(A, clf=clf).audit(X, y_desired=1)["feasible"].isna() == (clf.predict(X) == 1)).all()
    A.y_desired = 1
    assert A.flip_direction == up
    with pytest.raises(rs.InputError, match="y_desired must be 1, 0 or −1"):
        A.y_desired = "good"


def test_16_unknown_columns_and_missing_values_are_errors_that_name_the_column(people):
    X, _, clf, A = people
    with pytest.raises(rs.InputError, match="no column 'income'. Did you mean 'incom'"):
        rs.RecourseAuditor(A, clf=clf).audit(X.rename(columns={"income": "incom"}))
    with pytest.raises(rs.InputError, match="no value for 'income'"):
        rs.Flipset({"owns": 1, "overdue": 2}, A, clf=clf)
    with pytest.raises(rs.InputError, match=r"column 'income' is missing in 1 row \(0\)"):
        rs.RecourseAuditor(A, clf=clf).audit(X.assign(income=X["income"].where(X.index > 0)))
