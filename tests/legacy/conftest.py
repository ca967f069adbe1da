"""People, a classifier and an action set that the tests of the old classes share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs


@pytest.fixture
def people():
    """A table, a classifier, an action set, and somebody denied."""
    rng = np.random.default_rng(7)
    X = pd.DataFrame(
        {
            "owns": rng.integers(0, 2, 200),
            "overdue": rng.integers(0, 9, 200),
            "income": np.round(rng.gamma(4.0, 2.0, 200), 1),
        }
    )
    y = (X["income"] - X["overdue"] + 2 * X["owns"] + rng.normal(size=200) > 5).astype(int)
    clf = LogisticRegression().fit(X, y)
    return X, y, clf, rs.ActionSet(X)
