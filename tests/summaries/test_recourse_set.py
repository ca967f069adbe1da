"""What all recourse sets can do: be asked again, measured and applied, whatever their form."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import recourse as rs
from helpers import printed_under_hash_seeds
from recourse.summaries import Limits, SelectionStatus
from recourse.summaries.choice.multipliers import Multipliers
from recourse.summaries.choice.trees import NOTHING
from summary_worlds import Black, summarize, summary, world


def test_refit_makes_no_model_call_and_gives_what_a_new_summary_would(fitted):
    w, result = fitted
    asked = w.model.asked
    changes: list[dict[str, Any]] = [
        {"min_precision": 0.9, "max_rules": 3, "cost": {"income": 5.0}},
        {"max_subgroups": 1},
        {"max_width": 2},
        {"max_overlap": 0},
        {"subgroups": []},
        {"subgroups": None},
        {"weights": {"cover": 3, "incorrect_recourse": 1}},
        {"cost": "total"} if False else {"cost_weight": 4.0},
    ]
    again = [result.refit(**change) for change in changes]
    assert w.model.asked == asked
    for change, other in zip(changes, again, strict=True):
        fresh = summary(w, **({"max_rules": 8, "min_support": 0.02} | change))
        assert other.value == pytest.approx(fresh.value)
        assert other.status is fresh.status is SelectionStatus.OPTIMAL
    assert result.refit().to_dict() == result.to_dict()


def test_every_choice_keeps_to_its_limits(fitted):
    _, result = fitted
    assert all(rule.precision >= 0.9 for rule in result.refit(min_precision=0.9).rules)
    assert all(rule.wilson >= 0.7 for rule in result.refit(min_precision=0.7, tie_break="wilson").rules)
    assert len(result.refit(max_rules=2).rules) == 2
    assert all(rule.width <= 2 for rule in result.refit(max_width=2).rules)
    assert result.refit(max_subgroups=1).measures().loc["num_rsets", "in sample"] == 1
    assert result.refit(max_overlap=0).measures().loc["overlap", "in sample"] == 0
    apart = result.refit(max_width=2, apart=True)
    assert all(max(len(rule.group), len(rule.condition)) <= 2 for rule in apart.rules)
    assert apart.value >= result.refit(max_width=2).value


def test_a_larger_limit_never_lowers_the_value(fitted):
    _, result = fitted
    values = [result.refit(max_rules=k).value for k in (1, 2, 4, 8, 16)]
    assert values == sorted(values)


def test_a_dearer_feature_is_changed_less(fitted):
    _, result = fitted
    before = result.refit(cost_weight=2.0)
    dear = before.refit(cost={"income": 50.0})
    assert not any(move.feature == "income" for rule in dear.rules for move in rule.action)
    assert dear.value <= before.value


def test_the_objective_with_the_papers_constants_ranks_as_the_one_without(fitted):
    _, result = fitted
    one, other = result.refit(max_rules=8, method="greedy"), result
    gap = other.measures().loc["objective", "in sample"] - one.measures().loc["objective", "in sample"]
    assert gap == pytest.approx(other.value - one.value, abs=1e-6)


def test_other_people_of_whom_nobody_is_denied_have_nothing_to_measure():
    w = world(0)
    result = summary(w, held_out=w.X[w.model.approves(w.X)])
    measures = result.measures()["held out"]
    assert measures["denied"] == measures["cover"] == 0
    assert measures["accuracy"] is None
    assert "held out" in repr(result)
    assert "held out" in result.to_html()
    json.dumps(result.to_dict(), allow_nan=False)
    with pytest.raises(rs.InputError, match="nobody to measure the rules on"):
        result.measures(w.X[:0])


def test_people_whom_rules_or_model_cannot_read_are_refused(fitted):
    w, result = fitted
    person = w.denied.iloc[0].to_dict()
    with pytest.raises(rs.InputError, match="column 'debts' of x holds 'three'"):
        result.explain(person | {"debts": "three"})
    with pytest.raises(rs.InputError, match="column 'income' is missing in 1 row"):
        result.explain(person | {"income": None})
    with pytest.raises(rs.InputError, match="column 'debts' of X holds 'three'"):
        result.prescribe(w.X.assign(debts="three"))
    with pytest.raises(rs.InputError, match="column 'income' is missing in"):
        result.measures(w.X.assign(income=np.nan))
    assert (result.prescribe(w.X.assign(income=np.nan))["rule"] >= 0).all(), "no model is asked"


def test_nothing_asks_the_model_but_other_people_do(small):
    w, rules, _ = small
    denied = w.denied
    asked = w.model.asked
    found, tree = rules.global_actions(2), rules.tree(2, subgroups=None)
    for one in (found, tree):
        one.refit(cost={"income": 3.0}, fcost_weight=0.1)
        one.stability(splits=2)
        one.compare("sex")
        one.front(fcost_weight=[0, 0.1]).to_html()
        one.to_dict()
    tree.prescribe(denied)
    tree.apply(denied)
    rules.front(max_rules=[1, 3])
    assert w.model.asked == asked
    found.measures(w.X)
    assert w.model.asked > asked


def test_rules_stay_as_they_are_when_other_forms_are_made_of_them(small):
    _, rules, _ = small
    before = rules.to_dict()
    rules.tree(2, fcost_weight=0.2).refit(depth=1)
    rules.global_actions(2).refit(max_actions=1)
    rules.front(max_rules=[1, 2])
    assert rules.to_dict() == before


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.global_actions(0), "max_actions must be a whole number ≥ 1"),
        (lambda r: r.global_actions(2, fcost_weight=-1), "fcost_weight must be a finite number ≥ 0"),
        (lambda r: r.global_actions(2, max_rules=3), "can't change 'max_rules'"),
        (lambda r: r.global_actions(2, cost={"incme": 1}), "Did you mean 'income'"),
        (lambda r: r.tree(0), "depth must be a whole number ≥ 1"),
        (lambda r: r.tree(9, subgroups=None), "trees of depth 9 over .* Set depth="),
        (lambda r: r.tree(2, fcost_weight="x"), "fcost_weight"),
        (lambda r: r.tree(2, subgroups=["debts"]), "'debts' is actionable"),
        (lambda r: r.tree(2, time_limit=0), "time_limit"),
        (lambda r: r.front(max_rls=[1]), "Did you mean 'max_rules'"),
        (lambda r: r.front(max_rules=[]), "no values to try"),
        (lambda r: r.front(time_limit=0), "time_limit"),
        (lambda r: r.tree(1).refit(max_actions=2), "can't change 'max_actions'"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words(small, ask, message):
    with pytest.raises(rs.InputError, match=message):
        ask(small[1])


def test_without_recourse_there_is_nothing_to_choose():
    w = world(0)
    model = Black(lambda X: np.where(X["sex"] == "Male", 1, -1))
    rules = summarize(model, w.X, w.actions, min_support=0.05)
    for found in (rules.global_actions(2), rules.tree(2)):
        assert len(found) == 0
        assert found.value == found.bound == 0
        assert found.status is SelectionStatus.OPTIMAL
        assert found.measures().loc["accuracy", "in sample"] == 0
        assert "No " in repr(found)
        assert found.to_html()
        assert (found.prescribe(w.X)["rule"] == 0).all()
        assert found.explain(w.X[w.X["sex"] == "Female"].iloc[0]).assigned is None
    assert rules.tree(2)._tree == NOTHING
    assert len(rules.front(max_rules=[1])) == 1


SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from summary_worlds import summary, world
rules = summary(world(7, n=220))
for one in (rules.global_actions(3), rules.tree(2, subgroups=None, fcost_weight=0.1), rules.front(max_rules=[1, 3])):
    print(json.dumps(one.to_dict()))
"""


def test_hash_seeds_and_thread_counts_change_nothing():
    assert len(printed_under_hash_seeds(SCRIPT, (("0", "1"), ("77", "4")))) == 1


def test_other_limits_replace_all_of_them_and_leave_subgroups_and_prices(fitted):
    _, result = fitted
    priced = result.refit(cost={"income": 3.0}, max_overlap=0)
    other = priced.refit(limits=Limits(max_rules=2), min_precision=0.5)
    assert other.limits == Limits(max_rules=2, min_precision=0.5)
    assert (other.subgroups, other.cost) == (priced.subgroups, priced.cost)
    assert result.global_actions(2, limits=Limits(time_limit=5)).limits.time_limit == 5
    assert all(rule.precision >= 0.9 for rule in result.tree(1, limits=Limits(min_precision=0.9)).rules)
    assert all(len(point) <= 2 for point in result.front(limits=Limits(max_rules=2), cost_weight=[0, 1]))
    with pytest.raises(rs.InputError, match="limits must be a Limits, not a dict"):
        result.refit(limits={"max_rules": 2})


def test_a_cancelled_choice_returns_what_is_in_hand_and_a_bound_that_holds(fitted):
    _, result = fitted
    best = result.refit(max_rules=6, max_overlap=0.1)
    budget = rs.Budget()
    budget.cancel()
    hurried = result.refit(max_rules=6, max_overlap=0.1, budget=budget)
    assert hurried.value <= best.value <= hurried.bound + 1e-6
    assert hurried.interrupted == (hurried.status is SelectionStatus.FEASIBLE)
    assert not best.interrupted
    tree, tall = result.tree(3, subgroups=None, budget=budget), result.tree(2, subgroups=None)
    assert tree.interrupted
    assert tree.value <= tall.value <= tree.bound + 1e-6


def test_ctrl_c_ends_a_choice_and_keeps_the_best_set(fitted, monkeypatch):
    _, result = fitted
    best = result.refit(max_rules=6, max_overlap=0.1)

    def interrupted(self, budget):
        raise KeyboardInterrupt

    monkeypatch.setattr(Multipliers, "step", interrupted)
    hurried = result.refit(max_rules=6, max_overlap=0.1, method="exact")
    assert hurried.value <= best.value <= hurried.bound + 1e-6
    assert hurried.interrupted == (hurried.status is SelectionStatus.FEASIBLE)


def test_a_front_that_is_cancelled_keeps_the_choices_made(fitted, monkeypatch):
    _, result = fitted
    budget = rs.Budget()
    refit = type(result).refit

    def once(self, **settings):
        found = refit(self, **settings)
        budget.cancel()
        return found

    monkeypatch.setattr(type(result), "refit", once)
    front = result.front(budget=budget, max_rules=[1, 2, 3])
    assert front.interrupted
    assert len(front.tried) == 1
    monkeypatch.undo()
    assert not result.front(max_rules=[1, 2]).interrupted
