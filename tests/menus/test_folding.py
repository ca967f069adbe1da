"""Folding conditions into joint menus."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.actions import constraints as c


def test_a_linkage_over_too_many_combinations_says_what_to_do():
    X = pd.DataFrame({"a": np.arange(200.0), "b": np.arange(200.0)})
    actions = rs.ActionSet(X)
    actions.step_size = 0.001
    actions.add_constraint(c.Linkage("a", {"b": 1.0}))
    with pytest.raises(rs.InputError, match="too many combinations"):
        actions.menus(X)
