"""The LaTeX table of a flipset."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression

import recourse as rs
from legacy_worlds import denied


def test_latex_escapes_what_latex_reads(people):
    X, y, *_ = people
    X = X.rename(columns={"overdue": "over_due & 50%"})
    clf = LogisticRegression().fit(X, y)
    text = rs.Flipset(denied(X, clf).iloc[0], rs.ActionSet(X), clf=clf).populate().to_latex()
    assert r"\textit{over\_due \& 50\%}" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    assert "textit" not in rs.Flipset(denied(X, clf).iloc[0], rs.ActionSet(X), clf=clf).populate().to_latex(None)
