"""Parts: the audit of a table is the audit of its parts."""

from __future__ import annotations

import importlib
import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recourse as rs
from helpers import Fragile, world
from recourse.audits import AuditTallies


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 119), max_size=4, unique=True), st.randoms(use_true_random=False))
def test_the_audit_of_a_table_is_the_audit_of_its_parts_in_any_order(cuts, shuffle):
    w = world(22, n=120)
    w.X["group"] = (w.X["overdue"] > 3).map({True: "late", False: "on time"})
    w.X.index = np.arange(120)
    spec = rs.AuditSpec(w.model, w.actions, rs.TotalCost(), (("group",),))
    spec = pickle.loads(pickle.dumps(spec))
    whole = rs.audit_part(spec, w.X)
    ends = [0, *sorted(cuts), len(w.X)]
    parts = [rs.audit_part(spec, w.X.iloc[a:b]) for a, b in itertools.pairwise(ends)]
    pd.testing.assert_frame_equal(pd.concat([part.people for part in parts]), whole.people)
    tallies = [part.tallies for part in parts]
    shuffle.shuffle(tallies)
    assert sum(tallies, AuditTallies()) == whole.tallies


def test_a_model_that_raises_says_where_and_leaves_what_is_done(w, monkeypatch):
    monkeypatch.setattr(importlib.import_module("recourse.audits.audit"), "CHUNK", 40)
    whole = rs.audit(Fragile(w.clf, 10**9), w.X, w.actions)
    asked = Fragile(w.clf, 10**9)
    rs.audit(asked, w.X.iloc[:40], w.actions)
    fragile = Fragile(w.clf, (10**9 - asked.rows) + len(w.X) + 45)  # the second part's search is cut short
    with pytest.raises(RuntimeError, match="out of memory") as caught:
        rs.audit(fragile, w.X, w.actions)
    assert caught.value.__notes__ == ["raised in recourse.audit, rows 40 to 79 of 120"]
    partial = caught.value.partial
    assert isinstance(partial, rs.Audit)
    assert partial.interrupted
    assert len(partial) == 80
    pd.testing.assert_frame_equal(partial.people.iloc[:40], whole.people.iloc[:40])
    assert set(partial.people["status"].iloc[40:]) <= {"", "unknown"}


def test_a_cancelled_budget_ends_an_audit_and_keeps_what_is_done(w, monkeypatch):
    monkeypatch.setattr(importlib.import_module("recourse.audits.audit"), "CHUNK", 40)
    budget = rs.Budget()
    result = rs.audit(w.clf, w.X, w.actions, budget=budget, progress=lambda done, of: budget.cancel())
    assert result.interrupted
    assert 0 < result.overall["undecided"] < result.overall["denied"]
    assert len(result) == len(w.X)
