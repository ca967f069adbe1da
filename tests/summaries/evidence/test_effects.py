"""What moves cost each person, and how far they take them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from summary_worlds import Black, after, summarize, summary, true_of, world


def test_a_change_of_category_counts_one_and_of_bins_one_a_step():
    w = world(0)
    result = summary(w, weights={"cover": 1, "incorrect_recourse": 1})
    for rule in result.rules:
        people = [p for p in w.denied.to_dict(orient="records")
                  if all(true_of(q, p[q.feature]) for q in (*rule.group, *rule.condition))]  # fmt: skip
        steps = []
        for person in people:
            new = after(w, rule, person)
            total = 0
            for name in ("debts", "income"):
                codes = result.evidence.levels[name].codes(pd.Series([person[name], new[name]], name=name))
                total += abs(int(codes[1]) - int(codes[0]))
            steps.append(total + (person["job"] != new["job"]))
        assert rule.change == pytest.approx(np.mean(steps))


def test_prices_are_per_person_where_a_condition_does_not_say_the_value_today():
    w = world(6, n=300)
    result = summary(w, subgroups=[], moves=["at_least"], max_condition=1, max_rules=2, cost={"income": 2.0})
    rule = next(r for r in result.rules if any(m.feature == "income" for m in r.action))
    goal = next(m.goal for m in rule.action if m.feature == "income")
    people = [p for p in w.denied.to_dict(orient="records") if all(true_of(q, p[q.feature]) for q in rule.condition)]
    assert rule.cost <= sum(2.0 if m.feature == "income" else 1.0 for m in rule.action)
    if any(true_of(goal, p["income"]) for p in people):
        assert rule.cost < sum(2.0 if m.feature == "income" else 1.0 for m in rule.action)


def test_percentile_costs_price_each_person_by_their_own_distance():
    people = rs.datasets.lender(300)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    A = rs.ActionSet(people.X)
    A[["gender", "age"]].actionable = False
    result = summarize(model, people.X, A, subgroups=["gender"], cost="total", max_rules=3, min_support=0.05)
    denied = people.X[~model.approves(people.X)]
    prescribed, new = result.prescribe(denied), result.apply(denied)
    for k in np.flatnonzero(prescribed["rule"])[:20]:
        price = sum(
            rs.TotalCost().prices(A[name], denied[name].iloc[k], np.array([new[name].iloc[k]]))[0] for name in denied
        )
        assert prescribed["cost"].iloc[k] == pytest.approx(price, abs=1e-5)
    with pytest.raises(rs.InputError, match="adds up"):
        summarize(model, people.X, A, cost="max", min_support=0.05)
