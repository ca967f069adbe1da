"""The README of actionable-recourse 1.0.1, with the imports it needs, runs as it was written."""

from __future__ import annotations

import contextlib
import io
import time

import pandas as pd
import pytest
import threadpoolctl
from sklearn.exceptions import ConvergenceWarning

README = """
import pandas as pd
import numpy as np
from sklearn.linear_model import LogisticRegression
import recourse as rs
from recourse import print_recourse_audit_report

df = pd.read_csv(url)
y, X = df.iloc[:, 0], df.iloc[:, 1:]

clf = LogisticRegression(max_iter = 1000)
clf.fit(X, y)
yhat = clf.predict(X)

A = rs.ActionSet(X)
A['Married'].mutable = False
A[['Age_lt_25', 'Age_in_25_to_40', 'Age_in_40_to_59', 'Age_geq_60']].mutable = False

A['EducationLevel'].step_direction = 1
A['EducationLevel'].step_size = 1
A['EducationLevel'].step_type = "absolute"
A['EducationLevel'].bounds = (0, 3)

A['TotalMonthsOverdue'].step_size = 1
A['TotalMonthsOverdue'].step_type = "absolute"
A['TotalMonthsOverdue'].bounds = (0, 100)

A.align(clf)

i = np.flatnonzero(yhat <= 0).astype(int)[0]

fs = rs.Flipset(x = X.values[i], action_set = A, clf = clf)
fs.populate(enumeration_type = 'distinct_subsets', total_items = 10)
latex = fs.to_latex()
html = fs.to_html()

auditor = rs.RecourseAuditor(A, coefficients = clf.coef_, intercept = clf.intercept_)
audit_df = auditor.audit(X)

print(audit_df['feasible'].mean())
print(audit_df['cost'].mean())
print_recourse_audit_report(X, audit_df, y)
print_recourse_audit_report(X, audit_df, y, group_by = ['y', 'Married', 'EducationLevel'])
"""


@pytest.fixture(scope="module")
def session(needs_data):
    """What the README leaves behind, what it printed, and how long it took."""
    names = {"url": str(needs_data("credit"))}
    printed = io.StringIO()
    started = time.perf_counter()
    # The fit stops at 1,000 iterations and says so. Of one thread, because several make it 30 times slower where
    # others use the processor too.
    with (
        contextlib.redirect_stdout(printed),
        pytest.warns(ConvergenceWarning),
        threadpoolctl.threadpool_limits(1),
    ):
        exec(compile(README, "old README", "exec"), names)
    return names, printed.getvalue(), time.perf_counter() - started


@pytest.mark.slow
def test_the_old_readme_runs_in_under_a_minute_including_the_fit(session):
    assert session[2] < 60


@pytest.mark.slow
def test_its_flipset_holds_ten_actions_that_the_classifier_approves(session):
    names, _, _ = session
    fs, clf, A, X = (names[name] for name in ("fs", "clf", "A", "X"))
    assert len(fs) == 10
    assert fs.df["flipped"].all()
    today = X.iloc[names["i"]]
    for action in fs.items:
        after = pd.DataFrame([today + pd.Series(action)])[X.columns]
        assert clf.predict(after)[0] == 1
        for name, change in action.items():
            assert A[name].actionable or change == 0
    assert names["html"].count("→") == sum(fs.df["size"])
    assert names["latex"].count("longrightarrow") == sum(fs.df["size"])
    assert (fs.df["features"].map(tuple)).is_unique


@pytest.mark.slow
def test_its_audit_has_one_row_a_person_and_its_report_counts_them_all(session):
    names, printed, _ = session
    audit_df, X, yhat = (names[name] for name in ("audit_df", "X", "yhat"))
    assert list(audit_df.columns) == ["feasible", "cost"]
    assert audit_df.index.equals(X.index)
    assert audit_df["feasible"].isna().sum() == (yhat == 1).sum()
    with_recourse, without = (audit_df["feasible"] == True).sum(), (audit_df["feasible"] == False).sum()  # noqa: E712
    assert with_recourse + without == (yhat == 0).sum()
    assert f"30,000 people: {(yhat == 1).sum():,} approved already, {with_recourse:,} with recourse" in printed
    assert "Married = 1 · y = 0" in printed
