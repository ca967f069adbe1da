"""What predicates are true of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recourse.summaries.evidence.predicates import FeaturePredicate


def test_a_missing_value_satisfies_no_predicate():
    column = pd.Series(["a", None, "b"], name="x")
    assert FeaturePredicate("x", "=", "a").holds(column).tolist() == [True, False, False]
    assert FeaturePredicate("x", "≠", "a").holds(column).tolist() == [False, False, True]
    for operator in ("≤", "≥"):
        assert not FeaturePredicate("x", operator, 1.0).holds(pd.Series([np.nan]))[0]
