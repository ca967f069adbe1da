"""`RecourseBuilder`: one person's cheapest actions as plain dictionaries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from legacy_worlds import denied


def test_15_moves_at_no_price_are_kept():
    X = pd.DataFrame({"a": np.arange(10.0)})
    A = rs.ActionSet(X, percentiles="kde", grid="legacy")
    A["a"].bounds, A["a"].step_type, A["a"].step_size = (0, 20), "absolute", 1
    info = rs.RecourseBuilder(A, x=[25.0], coefficients=[-1.0], intercept=20.5).fit()
    assert info["feasible"]
    A = rs.ActionSet(X)
    A["a"].bounds, A["a"].step_type, A["a"].step_size = (0, 20), "absolute", 1
    info = rs.RecourseBuilder(A, x=[15.0], coefficients=[1.0], intercept=-18.5).fit()
    assert (info["feasible"], info["cost"]) == (True, 0.0)


def test_builders_return_plain_dictionaries(people):
    X, _, clf, A = people
    x = denied(X, clf).iloc[0]
    builder = rs.RecourseBuilder(action_set=A, x=x, clf=clf, solver="python-mip", print_flag=False)
    info = builder.fit()
    keys = {"feasible", "status", "cost", "costs", "actions", "upperbound", "lowerbound", "gap", "runtime"}
    assert set(info) == keys
    assert (info["feasible"], info["status"], info["gap"]) == (True, "optimal", 0.0)
    assert info["cost"] == info["costs"].max() == info["upperbound"] == info["lowerbound"]
    assert all(set(one) == keys for one in builder.populate(total_items=2))
    builder.max_items = 0
    none = builder.fit()
    assert set(none) == keys
    assert (none["feasible"], none["cost"], none["lowerbound"]) == (False, np.inf, np.inf)
    with pytest.raises(rs.InputError, match="no person yet"):
        rs.RecourseBuilder(A, clf=clf).fit()
