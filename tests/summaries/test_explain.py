"""What rules say of one person agrees with the model."""

from __future__ import annotations

import json

import pandas as pd

from summary_worlds import after


def test_explanations_agree_with_the_model(fitted):
    w, result = fitted
    people, prescribed = w.denied, result.prescribe(w.denied)
    for k in range(0, len(people), 5):
        told = result.explain(people.iloc[k])
        assert told.denied
        assert (told.assigned or 0) == prescribed["rule"].iloc[k]
        for row in told.to_frame().itertuples():
            new = after(w, result.rules[row.rule - 1], people.iloc[k].to_dict())
            assert row.flips == (new is not None and bool(w.model.approves(pd.DataFrame([new]))[0]))
            assert row.satisfied == (row.fails == "")
        json.dumps(told.to_dict(), allow_nan=False)
        assert "Rule" in repr(told) or "No rule applies; the nearest is rule" in repr(told)
    approved = w.X[w.model.approves(w.X)].iloc[0]
    assert "approved today" in result.explain(approved).reason


def test_an_explanation_says_nothing_of_rules_to_who_is_approved(fitted):
    w, result = fitted
    approved = result.explain(w.X[w.model.approves(w.X)].iloc[0])
    assert repr(approved) == approved.reason
    stuck = result.explain(w.denied.iloc[0].to_dict() | {"job": "?"})
    assert "nan" not in repr(stuck)
