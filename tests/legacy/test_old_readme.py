"""The README of actionable-recourse 1.0.1, with the imports it needs, runs, and so does the page it is on."""

from __future__ import annotations

import contextlib
import io
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
from sklearn.exceptions import ConvergenceWarning

import recourse as rs

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
README, *LATER = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


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
        exec(compile(README, "docs/migration.md", "exec"), names)
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


@pytest.mark.slow
def test_the_rest_of_the_migration_page_runs_and_agrees_with_the_old_names(session):
    names, _, _ = session
    for code in LATER:
        exec(compile(code, "docs/migration.md", "exec"), names)
    assert names["A_old"]["EducationLevel"].percentile([3])[0] != names["A"]["EducationLevel"].percentile([3])[0]
    old, new = names["audit_df"], names["audit"].to_frame()
    np.testing.assert_allclose(old["cost"], new["cost"], rtol=1e-9)
    assert names["plans"][0].cost == names["fs"].solutions_info[0]["cost"]


def test_the_migration_page_shows_the_whole_old_readme():
    for line in (
        "A = rs.ActionSet(X)",
        "A.align(clf)",
        'fs.populate(enumeration_type="distinct_subsets", total_items=10)',
        "rs.RecourseAuditor(A, coefficients=clf.coef_, intercept=clf.intercept_)",
        'print_recourse_audit_report(X, audit_df, y, group_by=["y", "Married", "EducationLevel"])',
    ):
        assert line in README


def test_the_migration_page_names_only_what_exists():
    for name in re.findall(r"`rs\.(\w+)", PAGE):
        assert hasattr(rs, name), name
    for name in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(__file__).parents[2] / "docs" / name).exists(), name
