"""The result: tables, labels and documents of one person's actions."""

from __future__ import annotations

import json

import numpy as np

import recourse as rs


def test_the_table_has_one_line_a_change(w, x):
    result = rs.flipset(w.clf, x, w.actions, total_items=3)
    frame = result.to_frame()
    assert list(frame.columns) == ["item", "cost", "status", "feature", "today", "new", "price"]
    assert len(frame) == sum(len(item.changes) for item in result)
    assert "→" in repr(result)
    assert len(result._repr_html_()) < 30_000


def test_people_read_labels_and_units(w, x):
    w.actions["income"].label, w.actions["income"].unit = "Monthly income", "€"
    w.actions["income"].step_direction = 0
    w.actions[["owns", "overdue", "balance"]].actionable = False
    result = rs.flipset(w.clf, x, w.actions)
    assert result.items
    assert "Monthly income" in repr(result)
    assert "€" in result.to_html()
    assert result.to_frame()["feature"].isin(["income"]).all()


def test_a_person_with_missing_values_is_fit_for_json(w):
    from sklearn.ensemble import HistGradientBoostingClassifier

    X = w.X.copy()
    X.loc[::3, "balance"] = np.nan
    clf = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5).fit(X, w.y)
    A = rs.ActionSet(X)
    A["balance"].from_missing = 1.0
    person = X[(clf.predict(X) == 0) & X["balance"].isna()].iloc[[0]]
    document = rs.flipset(clf, person, A, total_items=3).to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["person"]["balance"] is None


def test_a_polars_row_gets_a_polars_table(w, x):
    import polars as pl

    result = rs.flipset(w.clf, pl.from_pandas(w.denied.iloc[[0]]), w.actions, total_items=2)
    table = result.to_frame()
    assert isinstance(table, pl.DataFrame)
    expected = rs.flipset(w.clf, x, w.actions, total_items=2).to_frame()
    assert table["new"].to_list() == expected["new"].to_list()
    mixed = rs.flipset(rs.Scorecard({"job": {"a": 0, "b": 2}, "n": {"(-inf, 3)": 0, "[3, inf)": 2}}, 4),
                       pl.DataFrame({"job": ["a"], "n": [1]}),
                       rs.ActionSet({"job": ["a", "b", "b"], "n": [1, 2, 3]}))  # fmt: skip
    assert set(mixed.to_frame()["new"].to_list()) == {"b", "3"}
