"""`find`: everybody's cheapest action from a model, a table and an action set, with what was proven."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import world
from recourse.errors import InputError
from recourse.search import find as find_function
from recourse.search import networks, trees
from recourse.search.exclusions import Exclusions
from recourse.search.find import SEARCHES


def test_everybody_is_answered_in_the_order_of_the_table():
    w = world(3)
    w.X.index = [f"row {k}" for k in range(len(w.X))]
    found = rs.find(w.clf, w.X, w.actions)
    approved = w.model.approves(w.X)
    denied = w.X[~approved]
    expected = rs.search.solve(w.model, w.actions.menus(denied))
    np.testing.assert_array_equal(found.codes[~approved], expected.codes)
    np.testing.assert_allclose(found.cost[~approved], expected.cost)
    assert len(found) == len(w.X)
    assert not approved.all()
    assert approved.any()


def test_who_is_approved_today_is_left_as_they_are():
    w = world(3)
    approved = w.model.approves(w.X)
    found = rs.find(w.clf, w.X, w.actions)
    assert {found.status(i) for i in np.flatnonzero(approved)} == {rs.Status.OPTIMAL}
    assert not found.cost[approved].any()
    assert not found.bound[approved].any()
    assert not found.changes()["person"].isin(np.flatnonzero(approved)).any()
    pd.testing.assert_frame_equal(found.rows().loc[w.X.index[approved]], w.X[approved])


def test_rows_are_approved_and_differ_by_the_changes_alone():
    w = world(3)
    found = rs.find(w.clf, w.X, w.actions)
    rows, changes = found.rows(), found.changes()
    assert w.model.approves(rows).all()
    assert rows.index.tolist() == w.X.index[found.found].tolist()
    assert len(changes)
    again = w.X.loc[rows.index].copy()
    for line in changes.itertuples():
        label = w.X.index[line.person]
        assert again.loc[label, line.feature] == line.today
        again.loc[label, line.feature] = line.new
    np.testing.assert_allclose(again.astype(float), rows.astype(float))
    prices = changes.groupby("person")["price"].sum()
    np.testing.assert_allclose(prices, found.total[prices.index])


@pytest.mark.parametrize("as_what", ["series", "mapping", "list", "frame"])
def test_one_person_may_be_a_row_a_mapping_or_values(as_what):
    w = world(3)
    row = w.denied.iloc[0]
    person = {
        "series": row,
        "mapping": row.to_dict(),
        "list": row.tolist(),
        "frame": w.denied.iloc[[0]],
    }[as_what]
    found = rs.find(w.clf, person, w.actions)
    assert len(found) == 1
    assert found.cost[0] == pytest.approx(rs.find(w.clf, w.denied, w.actions).cost[0])


def test_cost_limit_of_changes_label_and_threshold_are_those_of_the_verbs():
    w = world(3)
    settings = {"cost": "max", "max_changes": 1, "threshold": 0.7}
    found = rs.find(w.clf, w.X, w.actions, **settings)
    people = rs.audit(w.clf, w.X, w.actions, **settings).to_frame()
    denied = people["denied"].to_numpy()
    np.testing.assert_allclose(found.cost[denied], people["cost"][denied])
    other = rs.find(w.clf, w.X, w.actions, desired=0)
    assert (w.clf.predict(other.rows()) == 0).all()


def test_progress_counts_the_denied():
    w = world(3)
    seen = []
    rs.find(w.clf, w.X, w.actions, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (len(w.denied), len(w.denied))


def test_limits_reach_the_search():
    w = world(3)
    late = rs.find(w.clf, w.X, w.actions, time_limit=0)
    assert late.interrupted
    cancelled = rs.Budget()
    cancelled.cancel()
    assert rs.find(w.clf, w.X, w.actions, budget=cancelled).interrupted
    with pytest.raises(InputError, match="either budget= or time_limit="):
        rs.find(w.clf, w.X, w.actions, budget=cancelled, time_limit=1)


def test_swapped_and_misspelt_arguments_are_told_in_words():
    w = world(3)
    with pytest.raises(InputError, match="order \\(model, people, actions\\)"):
        rs.find(w.clf, w.actions, w.X)
    with pytest.raises(InputError, match="max_changes"):
        rs.find(w.clf, w.X, w.actions, max_changes="two")
    with pytest.raises(InputError, match="income"):
        rs.find(w.clf, w.X.drop(columns="income"), w.actions)
    with pytest.raises(InputError, match="'total'"):
        rs.find(w.clf, w.X, w.actions, cost="totl")


def test_answers_say_what_they_are_in_one_line():
    w = world(3)
    found = rs.find(w.clf, w.X, w.actions)
    assert repr(found).startswith(f"Solutions({len(w.X)} people: ")
    assert "optimal" in repr(found)
    assert repr(rs.find(w.clf, w.X, w.actions, time_limit=0)).endswith("interrupted)")


def test_answers_put_together_by_hand_have_no_rows():
    with pytest.raises(InputError, match="menus"):
        rs.Solutions.unknown(2, 3).rows()


@pytest.mark.parametrize(
    ("kind", "position"), [("logistic", 0), ("grown forest", 1), ("deep network", 2), ("none known", 3)]
)
def test_the_first_search_that_accepts_the_statement_runs(kind, position):
    w = world(2, kind="logistic" if kind == "none known" else kind)
    menus = w.actions.menus(w.denied.iloc[:2])
    statement = None if kind == "none known" else w.model.states(menus)
    accepting = [search.accepts(statement, menus, [Exclusions()] * 2) for search in SEARCHES]
    assert accepting.index(True) == position
    assert sum(accepting) == (1 if kind == "none known" else 2), "any model will do for the last one"


def test_the_package_offers_find_and_not_its_module():
    assert rs.find is find_function
    assert callable(find_function)
    assert networks in SEARCHES
    assert trees in SEARCHES
