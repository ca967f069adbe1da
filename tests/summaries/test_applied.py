"""What rules do to people agrees with going through the people one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from summary_worlds import Black, after, encoded_world, summarize, summary, true_of, world


def brute_measures(w, result):
    """Table 1 and the accuracies, person by person."""
    people = w.denied.to_dict(orient="records")
    found = dict.fromkeys(("incorrect_recourse", "cover", "several", "works", "any"), 0)
    spent = []
    paid = {k: [] for k in range(len(result.rules))}
    for person in people:
        options = []
        for k, rule in enumerate(result.rules):
            if not all(true_of(p, person[p.feature]) for p in (*rule.group, *rule.condition)):
                continue
            new = after(w, rule, person)
            works = new is not None and new != person and bool(w.model.approves(pd.DataFrame([new]))[0])
            price = 0.0 if new is None else sum(new[name] != person[name] for name in person)
            options.append((-rule.precision, -rule.n, k, works, price))
            found["incorrect_recourse"] += not works
            paid[k].append(price)
        options.sort()
        found["cover"] += bool(options)
        found["several"] += len(options) > 1
        found["any"] += any(option[3] for option in options)
        if options and options[0][3]:
            found["works"] += 1
            spent.append(options[0][4])
    n = len(people)
    return {
        "denied": n,
        "incorrect_recourse": found["incorrect_recourse"],
        "cover": found["cover"],
        "feature_cost": sum(float(np.mean(prices)) for prices in paid.values()),
        "reach": found["cover"] / n,
        "accuracy": found["works"] / n,
        "accuracy_any_rule": found["any"] / n,
        "fcost": float(np.mean(spent)) if spent else None,
        "overlap": found["several"] / n,
        "size": len(result.rules),
        "num_rsets": len({rule.group for rule in result.rules}),
    }


VARIANTS = {
    "the paper's": {},
    "discovered": {"subgroups": None},
    "everybody": {"subgroups": []},
    "operators": {"operators": ["=", "!=", "<=", ">="], "max_condition": 2},
    "raise and lower": {"moves": ["at_least", "at_most", "to"], "max_condition": 1},
    "shift": {"moves": ["shift"], "max_condition": 1},
    "quantiles": {"binning": "quantile", "weights": {"cover": 2, "incorrect_recourse": 1, "feature_change": 0.1}},
    "exclusive": {"max_overlap": 0},
    "precise": {"min_precision": 0.8, "tie_break": "wilson"},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", [0, 3])
def test_measures_agree_with_going_through_the_people_one_by_one(variant, seed):
    w = world(seed, debts={"step_direction": -1})
    result = summary(w, **VARIANTS[variant])
    assert result.rules or variant == "precise"
    measures = result.measures(w.X)
    for name, value in brute_measures(w, result).items():
        assert measures.loc[name, "in sample"] == pytest.approx(value), name
        assert measures.loc[name, "held out"] == pytest.approx(value), name


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_rule_keeps_to_the_action_set(variant):
    w = world(1, frozen=("sex", "job"), income={"step_direction": 1, "bounds": (0, 60)})
    for rule in summary(w, **VARIANTS[variant]).rules:
        changed = {move.feature for move in rule.action}
        assert changed <= {"debts", "income"}
        assert not changed & {p.feature for p in rule.group}
        assert not {p.feature for p in rule.group} & {p.feature for p in rule.condition}
        covered = [p for p in w.denied.to_dict(orient="records")
                   if all(true_of(q, p[q.feature]) for q in (*rule.group, *rule.condition))]  # fmt: skip
        assert len(covered) == rule.n
        new = [(person, after(w, rule, person)) for person in covered]
        assert any(b is not None and b != a for a, b in new)
        for a, b in new:
            assert b is not None, "a rule asks somebody for what the action set forbids"
            assert b["income"] >= a["income"]
            assert b["income"] <= 60 or b["income"] == a["income"]
        good = sum(b is not None and b != a and w.model.approves(pd.DataFrame([b]))[0] for a, b in new)
        assert rule.correct == good


def test_the_assigned_rule_is_the_one_with_the_highest_precision_whatever_else_works():
    w = world(0)
    result = summary(w, max_rules=8)
    prescribed = result.prescribe(w.denied)
    for person, row in zip(w.denied.to_dict(orient="records"), prescribed.itertuples(), strict=True):
        satisfied = [k for k, r in enumerate(result.rules, 1)
                     if all(true_of(p, person[p.feature]) for p in (*r.group, *r.condition))]  # fmt: skip
        assert row.satisfied == len(satisfied)
        if satisfied:
            assert result.rules[row.rule - 1].precision == max(result.rules[k - 1].precision for k in satisfied)
        else:
            assert row.rule == 0


def test_nobody_reached_is_a_failure_in_accuracy_but_not_incorrect():
    w = world(0)
    result = summary(w, max_rules=1)
    measures = result.measures()["in sample"]
    rule = result.rules[0]
    assert measures["incorrect_recourse"] == rule.n - rule.correct
    assert measures["accuracy"] == rule.correct / len(w.denied)


def test_apply_returns_the_rows_that_the_rules_lead_to(fitted):
    w, result = fitted
    people = w.denied
    new, prescribed = result.apply(people), result.prescribe(people)
    assert new["debts"].dtype == people["debts"].dtype
    for k, row in enumerate(prescribed.itertuples()):
        person = people.iloc[k].to_dict()
        expected = after(w, result.rules[row.rule - 1], person) if row.rule else person
        assert new.iloc[k].to_dict() == (expected or person)
    accuracy = (w.model.approves(new) & (prescribed["rule"] > 0).to_numpy()).mean()
    assert result.measures().loc["accuracy", "in sample"] == pytest.approx(accuracy)


def test_one_hot_groups_keep_exactly_one_level():
    X, model, actions = encoded_world()
    result = summarize(model, X, actions, subgroups=[], max_rules=6, min_support=0.02, max_changes=2)
    assert any(move.feature.startswith("home") for rule in result.rules for move in rule.action)
    denied = X[~model.approves(X)]
    new = result.apply(denied)
    assert (new[["home_0", "home_1", "home_2"]].sum(axis=1) == 1).all()
    measures = result.measures(X)
    assert measures["in sample"].to_dict() == measures["held out"].to_dict()


def test_at_most_k_changes_holds_for_every_rule():
    X, model, actions = encoded_world()
    actions.add_constraint(rs.constraints.AtMost(1))
    result = summarize(model, X, actions, subgroups=[], min_support=0.02)
    assert all(len(rule.action) == 1 for rule in result.rules)


def test_at_most_no_change_leaves_nothing_to_recommend():
    X, model, actions = encoded_world()
    actions.add_constraint(rs.constraints.AtMost(0))
    with pytest.raises(rs.InputError, match=r"AtMost\(k=0\) lets nobody change anything"):
        summarize(model, X, actions, subgroups=[], min_support=0.02)


def test_an_induced_change_reaches_the_model_and_has_no_price():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"years": rng.integers(0, 6, 200), "age": rng.integers(20, 60, 200)})
    model = Black(lambda X: X["age"] + 2 * X["years"] - 45)
    actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
    actions["age"].actionable = False
    actions.add_constraint(rs.constraints.Linkage("years", {"age": 1.0}))
    result = summarize(model, X, actions, subgroups=[], min_support=0.02, max_rules=4)
    denied = X[~model.approves(X)]
    new = result.apply(denied)
    assert ((new["age"] - denied["age"]) == (new["years"] - denied["years"])).all()
    assert all(rule.cost == 1 for rule in result.rules)
    prescribed = (result.prescribe(denied)["rule"] > 0).to_numpy()
    assert (model.approves(new) & prescribed).mean() == pytest.approx(result.measures().loc["accuracy", "in sample"])
    measures = result.measures(X)
    assert measures["in sample"].to_dict() == measures["held out"].to_dict()
