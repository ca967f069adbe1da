"""What people can reach: where a point settles inside the action set."""

from __future__ import annotations

import numpy as np
import pandas as pd

import recourse as rs
from recourse.menus.projection import Reach


def test_somebody_outside_the_bounds_stays_or_moves_inside():
    A = rs.ActionSet({"debt": [0.5, 3.0, 9.0], "income": [1.5, 2.5, 3.5]})
    A["debt"].bounds = (0, 5)
    reach = Reach(A, pd.DataFrame({"debt": [9.0, 9.0], "income": [2.0, 2.0]}))
    settled = reach.settle(np.array([[8.9, 2.0], [5.5, 2.0]]))
    assert settled[:, 0].tolist() == [9.0, 5.0]
