"""Summaries that many tests ask."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from summary_worlds import after, summary, world

DIRECTED: dict[str, Any] = {"debts": {"step_direction": -1}, "income": {"step_direction": 1}}


@pytest.fixture(scope="module")
def fitted():
    w = world(4, n=300)
    return w, summary(w, max_rules=8, min_support=0.02)


@pytest.fixture(scope="module")
def small():
    """A world, its rules, and what each action does to each denied person, worked out one by one."""
    w = world(3, n=110, **DIRECTED)
    rules = summary(w, min_support=0.05, max_condition=2, max_changes=2, cost={"income": 2.0, "job": 1.5})
    return w, rules, one_by_one(w, rules)


def one_by_one(w, rules):
    """float64[actions, people]: what an action costs whom it flips, NaN for the others; and whom it is open to."""
    people = w.denied.to_dict(orient="records")
    evidence = rules.evidence
    prices = {"income": 2.0, "job": 1.5, "debts": 1.0}
    cost = np.full((len(evidence.outcomes.actions), len(people)), np.nan)
    allowed = np.ones(cost.shape, dtype=bool)
    for a, action in enumerate(evidence.outcomes.actions):
        rule = SimpleNamespace(action=[evidence.effects.moves[m] for m in action])
        new = [after(w, rule, person) for person in people]
        allowed[a] = [row is not None for row in new]
        flips = allowed[a].copy()
        flips[allowed[a]] = w.model.approves(pd.DataFrame([row for row in new if row is not None]))
        for p in np.flatnonzero(flips):
            cost[a, p] = sum(prices.get(name, 0.0) for name in new[p] if new[p][name] != people[p][name])
    return cost, allowed
