"""Where moves lead."""

from __future__ import annotations

import numpy as np

from recourse.summaries.evidence.moves import Move
from recourse.summaries.evidence.predicates import FeaturePredicate
from summary_worlds import summary, world


def test_a_bin_is_entered_at_its_nearest_value_and_whole_numbers_stay_whole():
    bin_ = Move(FeaturePredicate("debts", "in", (3, 6), whole=True))
    assert str(bin_) == "debts = 3 to 5"
    assert bin_.apply(np.array([0.0, 4.0, 9.0]), np.arange(10.0)).tolist() == [3, 4, 5]
    w = world(0, n=400)
    new = summary(w, bins=3).apply(w.denied)
    assert new["debts"].dtype.kind == "i"
