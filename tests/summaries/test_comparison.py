"""The same rule, tried on every level of a column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from summary_worlds import after, summarize, true_of, world


def test_comparison_shows_the_same_rule_for_every_level(fitted):
    w, result = fitted
    table = result.compare("sex")
    people = w.denied
    for k, rule in enumerate(result.rules, 1):
        for level in ("Female", "Male"):
            mine = [p for p in people[people["sex"] == level].to_dict(orient="records")
                    if all(true_of(q, p[q.feature]) for q in rule.condition)]  # fmt: skip
            new = [after(w, rule, p) for p in mine]
            assert table.loc[(k, level), "n"] == len(mine)
            if mine:
                good = np.mean([row is not None and w.model.approves(pd.DataFrame([row]))[0] for row in new])
                assert table.loc[(k, level), "precision"] == pytest.approx(good)
    assert table.loc[(0, "Male"), "denied"] + table.loc[(0, "Female"), "denied"] == len(people)


def test_people_whose_value_is_missing_are_a_level_of_the_comparison():
    w = world(0)
    X = w.X.assign(region=["north", None] * 80)
    result = summarize(w.model, X, w.actions, subgroups=["sex"], min_support=0.05, max_rules=2)
    assert "region" not in result.evidence.columns
    for by in ("region", "sex"):
        table = result.compare(by)
        assert table.loc[0, "denied"].sum() == len(w.denied)
    assert ("missing" in table.index.get_level_values("level")) == X["sex"].isna().any()
    assert (0, "missing") in result.compare("region").index
