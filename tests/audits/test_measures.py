"""Tallies: what they say of nobody, and that counts add up."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from recourse.audits import Tally


def test_tallies_of_nobody_say_nothing():
    measures = Tally().measures()
    assert measures["feasible"] is None
    assert measures["cost_mean"] is None
    assert measures["denied_share"] is None


def test_counts_add_up_and_nobody_without_recourse_enters_a_mean(w):
    w.actions["income"].actionable = False
    w.actions["balance"].actionable = False
    w.X["sex"] = np.arange(len(w.X)) % 2
    result = rs.audit(w.clf, w.X, w.actions, group_by=["sex"])
    overall = result.overall
    assert overall["no_recourse"] > 0, "this world must have people without recourse"
    assert overall["recourse"] + overall["no_recourse"] + overall["undecided"] == overall["denied"]
    assert result.by_group["denied"].sum() == overall["denied"]
    frame = result.to_frame()
    assert np.isinf(frame.loc[frame["status"] == "infeasible", "cost"]).all()
    assert np.isfinite(overall["cost_mean"])
    assert overall["cost_mean"] == pytest.approx(frame.loc[frame["feasible"].fillna(False), "cost"].mean())
