"""Global actions, trees and fronts: the best there is by brute force, from the same evidence, without a question."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recourse as rs
from helpers import printed_under_hash_seeds
from recourse.summaries import SelectionStatus, global_actions
from recourse.summaries.choice.trees import NOTHING, Growth, count_parts, grow_tree
from recourse.summaries.evidence.predicates import Negation
from recourse.summaries.global_actions import choose_actions
from summary_worlds import Black, action_set, after, encoded_world, summary, true_of, world

DIRECTED: dict[str, Any] = {"debts": {"step_direction": -1}, "income": {"step_direction": 1}}


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


# --- a few actions for everybody ----------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_actions_chosen_are_worth_as_much_as_any(seed, most, rounded):
    rng = np.random.default_rng(seed)
    benefit = np.where(rng.random((7, 15)) < 0.5, np.round(rng.random((7, 15)), int(rng.integers(1, 5))), 0.0)
    best = max(benefit[list(chosen)].max(axis=0).sum() for chosen in itertools.combinations(range(7), most))
    before = global_actions.MAX_ENTRIES
    try:
        global_actions.MAX_ENTRIES = 300 if rounded else before
        found = choose_actions(benefit, most)
    finally:
        global_actions.MAX_ENTRIES = before
    assert len(found.chosen) <= most
    assert found.value == pytest.approx(benefit[found.chosen].max(axis=0, initial=0.0).sum())
    assert found.value - 1e-6 <= best <= found.bound + 2e-6
    if not rounded or found.status is SelectionStatus.OPTIMAL:
        assert found.value == pytest.approx(best, abs=1e-5)
        assert found.status is SelectionStatus.OPTIMAL


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("weight", [0.0, 0.01, 0.3])
def test_global_actions_are_the_best_and_everybody_takes_the_cheapest_that_works(small, most, weight):
    w, rules, (cost, allowed) = small
    found = rules.global_actions(most, fcost_weight=weight)
    worth = np.nan_to_num(1.0 - weight * cost, nan=0.0).clip(0.0)
    best = max(worth[list(c)].max(axis=0).sum() for c in itertools.combinations(range(len(worth)), most))
    assert found.value == pytest.approx(best, abs=1e-4)
    assert found.status is SelectionStatus.OPTIMAL
    assert len(found.rules) <= most
    chosen = cost[found._actions]
    works = ~np.isnan(chosen)
    assert [rule.correct for rule in found.rules] == works.sum(axis=1).tolist()
    assert [rule.n for rule in found.rules] == allowed[found._actions].sum(axis=1).tolist()
    measures = found.measures(w.X)
    for column in ("in sample", "held out"):
        assert measures.loc["accuracy", column] == pytest.approx(works.any(axis=0).mean())
        assert measures.loc["overlap", column] == pytest.approx((works.sum(axis=0) > 1).mean())
        assert measures.loc["fcost", column] == pytest.approx(np.nanmin(chosen[:, works.any(axis=0)], axis=0).mean())
        assert measures.loc["objective", column] == pytest.approx(found.value)
    told = found.prescribe(w.denied)
    assert (told["rule"] > 0).tolist() == works.any(axis=0).tolist()
    assert told["cost"].to_numpy() == pytest.approx(np.where(works.any(axis=0), np.nanmin(
        np.where(works, chosen, np.inf), axis=0), np.nan), nan_ok=True)  # fmt: skip
    assert w.model.approves(found.apply(w.denied)).tolist() == works.any(axis=0).tolist()


def test_more_actions_are_never_worth_less_and_a_dearer_unit_never_costs_more(small):
    _, rules, _ = small
    values = [rules.global_actions(k).value for k in (1, 2, 3, 5, 99)]
    assert values == sorted(values)
    spent = []
    for weight in (0.0, 0.05, 0.2, 0.4):
        found = rules.global_actions(2, fcost_weight=weight).measures()["in sample"]
        spent.append(found["fcost"] * found["successes"] if weight else np.inf)
    assert spent == sorted(spent, reverse=True)


def test_global_actions_respect_joint_constraints_also_for_those_who_change_a_part():
    X, model, actions = encoded_world()
    rules = rs.summarize(model, X, actions, subgroups=[], min_support=0.02, max_changes=3)
    found = rules.global_actions(4)
    denied = X[~model.approves(X)]
    new = found.apply(denied)
    assert (new[["home_0", "home_1", "home_2"]].sum(axis=1) == 1).all()
    measures = found.measures(X)
    assert measures["in sample"].to_dict() == measures["held out"].to_dict()
    assert model.approves(new).mean() == pytest.approx(measures.loc["accuracy", "in sample"])


def test_percentile_costs_are_chosen_from_exactly_too():
    people = rs.datasets.lender(250)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    A = rs.ActionSet(people.X)
    A[["gender", "age"]].actionable = False
    rules = rs.summarize(model, people.X, A, subgroups=["gender"], cost="total", min_support=0.05, max_rules=2)
    found, tree = rules.global_actions(2, fcost_weight=0.5), rules.tree(depth=1, fcost_weight=0.5)
    assert found.status is tree.status is SelectionStatus.OPTIMAL
    for one in (found, tree):
        assert one.measures().loc["objective", "in sample"] == pytest.approx(one.value)


# --- a tree of subgroups ------------------------------------------------------------------------------------


def random_growth(seed, *, cells=10, splits=4, actions=4, precision=0.0):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 9, cells).astype(float)
    correct = np.floor(rng.random((actions, cells)) * (people + 1)).clip(0, people)
    spent = np.round(correct * rng.random((actions, cells)) * 3, 2)
    forbidden = rng.random((actions, cells)) < 0.05
    touches = rng.random((actions, splits)) < 0.2
    true = rng.random((cells, splits)) < 0.5
    return Growth(
        people, true, correct, spent, forbidden, touches, float(rng.choice([0.0, 0.1, 0.4])), int(rng.integers(1, 8)),
        lambda correct, n: correct >= precision * n - 1e-9,
    )  # fmt: skip


def naive(growth, depth, cells=None, path=()):
    """The best value of a tree, by trying everything."""
    cells = np.arange(len(growth.people)) if cells is None else cells
    n = growth.people[cells].sum()
    best = 0.0
    for a in range(len(growth.correct)):
        correct, spent = growth.correct[a, cells].sum(), growth.spent[a, cells].sum()
        allowed = not growth.forbidden[a, cells].any() and not growth.touches[a, list(path)].any()
        if allowed and correct and growth.precise(correct, n):
            best = max(best, correct - growth.fcost_weight * spent)
    for p in range(growth.true.shape[1] if depth else 0):
        yes, no = cells[growth.true[cells, p]], cells[~growth.true[cells, p]]
        if min(growth.people[yes].sum(), growth.people[no].sum()) >= growth.least:
            best = max(best, sum(naive(growth, depth - 1, side, (*path, p)) for side in (yes, no)))
    return best


@given(st.integers(0, 10**6), st.integers(1, 3), st.sampled_from([0.0, 0.6]))
@settings(max_examples=60, deadline=None)
def test_no_tree_is_worth_more_than_the_one_grown(seed, depth, precision):
    growth = random_growth(seed, precision=precision)
    found = grow_tree(growth, depth)
    assert found.value == pytest.approx(naive(growth, depth), abs=1e-5)
    assert found.bound == found.value


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_out_of_time_the_tree_in_hand_and_a_true_bound_come_back(seed):
    growth = random_growth(seed)
    hurried = grow_tree(growth, 3, Budget(1e-9))
    best = naive(growth, 3)
    assert hurried.value - 1e-6 <= best <= hurried.bound + 1e-6


@pytest.mark.parametrize(("subgroups", "depth"), [(["sex"], 1), (None, 1), (None, 2)])
@pytest.mark.parametrize("weight", [0.01, 0.3])
def test_a_tree_is_the_best_over_people_and_keeps_to_the_action_set(small, subgroups, depth, weight):
    w, rules, (cost, allowed) = small
    tree = rules.tree(depth, subgroups=subgroups, fcost_weight=weight)
    people = w.denied
    evidence, records = rules.evidence, people.to_dict(orient="records")
    least = int(np.ceil(0.05 * len(people)))
    used = [p for p in evidence.predicates if subgroups is None or p.feature in subgroups]
    holds = [np.array([true_of(p, value) for value in people[p.feature].tolist()]) for p in used]
    changed = [{evidence.effects.moves[m].feature for m in action} for action in evidence.outcomes.actions]
    worth = np.nan_to_num(1.0 - weight * cost, nan=0.0)

    def best(members, features, depth):
        value = 0.0
        for a, touched in enumerate(changed):
            if not touched & features and allowed[a, members].all():
                value = max(value, worth[a, members].sum())
        for p, true in zip(used, holds, strict=True) if depth else ():
            sides = members & true, members & ~true
            if min(side.sum() for side in sides) >= least:
                value = max(value, sum(best(side, features | {p.feature}, depth - 1) for side in sides))
        return value

    assert tree.value == pytest.approx(best(np.ones(len(people), dtype=bool), frozenset(), depth), abs=1e-4)
    assert tree.status is SelectionStatus.OPTIMAL
    reached = np.zeros(len(people), dtype=int)
    for rule, a in zip(tree.rules, tree._actions, strict=True):
        inside = np.array([
            all(true_of(p.predicate, x[p.feature]) is not True if isinstance(p, Negation) else true_of(p, x[p.feature])
                for p in rule.group) for x in records
        ])  # fmt: skip
        reached += inside
        assert not {p.feature for p in rule.group} & changed[a]
        assert allowed[a, inside].all()
        assert (rule.n, rule.correct) == (inside.sum(), (~np.isnan(cost[a, inside])).sum())
        assert rule.n >= least
    assert reached.max(initial=0) <= 1
    measures = tree.measures(w.X)
    assert measures["in sample"].to_dict() == pytest.approx(measures["held out"].to_dict())
    assert measures.loc["objective", "in sample"] == pytest.approx(tree.value)
    assert measures.loc["reach", "in sample"] == reached.mean()
    assert measures.loc["overlap", "in sample"] == 0


def test_a_planted_tree_is_found():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"race": rng.choice(["A", "B", "C"], 600), "job": rng.integers(0, 2, 600), "home": rng.integers(0, 2, 600)}
    )

    def score(X):
        return np.where(X["race"] == "B", X["home"] == 1, X["job"] == 1) - 0.5

    rules = rs.summarize(Black(score), X, action_set(X, ["race"]), subgroups=["race"])
    tree = rules.tree(depth=3)
    assert {(rule.group_text, rule.action_text) for rule in tree.rules} == {
        ("race = B", "home = 1"),
        ("race ≠ B", "job = 1"),
    }
    assert tree.measures().loc["accuracy", "in sample"] == 1
    assert tree.to_dict()["tree"]["split"]["text"] == "race = B"
    assert "If race = B:" in repr(tree)
    assert "Otherwise:" in repr(tree)


def test_a_leaf_in_which_nothing_works_is_said_and_prescribes_nothing():
    w = world(0)
    model = Black(lambda X: np.where((X["sex"] == "Male") & (X["debts"] < 2), 1, -1))
    rules = rs.summarize(model, w.X, w.actions, subgroups=["sex"], min_support=0.05)
    tree = rules.tree(depth=1, min_precision=0.5)
    assert tree.leaves == 2
    assert [rule.group_text for rule in tree.rules] == ["sex ≠ Female"]
    women = w.X[w.X["sex"] == "Female"]
    assert f"no action is worth its price for these {len(women)}" in repr(tree)
    assert (tree.prescribe(women)["rule"] == 0).all()
    assert "No rule applies" in tree.explain(women.iloc[0]).reason
    assert rules.tree(depth=2, min_precision=1.0).leaves in (1, 2)


def test_a_missing_value_is_in_the_other_branch():
    X = pd.DataFrame({"group": ["a", "b", None, "a"] * 40, "debts": [3, 2, 2, 1] * 40})
    good = X.assign(debts=np.where(X["group"] == "a", 0, 1))
    model = Black(lambda X: np.where(X["group"] == "a", X["debts"] == 0, X["debts"] == 1) - 0.5)
    model.accepts = lambda row: True
    people = pd.concat([X, good], ignore_index=True)
    tree = rs.summarize(model, people, action_set(people, ["group"]), subgroups=["group"]).tree(depth=1)
    assert {(rule.group_text, rule.action_text, rule.n) for rule in tree.rules} == {
        ("group = a", "debts = 0", 80),
        ("group ≠ a", "debts = 1", 80),
    }
    assert tree.prescribe(X)["rule"].tolist()[:4] == [1, 2, 2, 1]
    assert tree.measures(X)["held out"]["accuracy"] == 1


# --- effectiveness against cost -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rules", "tree", "actions"])
def test_a_front_holds_the_choices_that_nothing_else_tried_beats(small, kind):
    _, rules, _ = small
    one = {"rules": rules, "tree": rules.tree(2, subgroups=None), "actions": rules.global_actions(3)}[kind]
    front = one.front()
    tried = front.tried
    pairs = [(row.accuracy, np.inf if np.isnan(row.fcost) else row.fcost) for row in tried.itertuples()]
    beaten = [any(a >= b[0] and c <= b[1] and (a, c) != b for a, c in pairs) for b in pairs]
    assert {pair for pair, bad in zip(pairs, beaten, strict=True) if not bad} == {
        pair for pair, bad in zip(pairs, tried["dominated"], strict=True) if not bad
    }
    shown = front.to_frame()
    assert len(shown) == len(front) == (~tried["dominated"]).sum() > 0
    assert shown["accuracy"].is_monotonic_decreasing
    assert shown["fcost"].is_monotonic_decreasing
    for row, point in zip(shown.itertuples(), front, strict=True):
        assert type(point) is type(one)
        assert point.limits.time_limit == one.limits.time_limit
        measures = point.measures()["in sample"]
        assert (measures["accuracy"], measures["size"]) == (row.accuracy, row.size)
        again = one.refit(**{name: getattr(row, name) for name in front.to_dict()["varied"]})
        assert again.to_dict()["measures"] == point.to_dict()["measures"]
    assert front.at_least(shown["accuracy"].iloc[-1]) is front[len(front) - 1]
    assert front.at_least(shown["accuracy"].iloc[0]) is front[0]
    assert front.at_most(shown["fcost"].iloc[0]) is front[0]
    with pytest.raises(rs.InputError, match="the highest is"):
        front.at_least(1.1)
    with pytest.raises(rs.InputError, match="the lowest is"):
        front.at_most(-1)


def test_a_front_over_named_settings_tries_their_combinations(small):
    _, rules, _ = small
    front = rules.front(max_rules=[1, 3], min_precision=0.5, cost_weight=[0, 2])
    assert len(front.tried) == 4
    assert set(front.tried["min_precision"]) == {0.5}
    for point, settings_ in zip(front, front.to_frame().itertuples(), strict=True):
        assert (point.limits.max_rules, point.limits.min_precision) == (settings_.max_rules, 0.5)


# --- what they have in common -------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", ["tree", "actions"])
def test_views_show_the_numbers_and_explanations_agree_with_the_model(small, kind):
    w, rules, _ = small
    found = rules.tree(2, subgroups=None) if kind == "tree" else rules.global_actions(2)
    document = found.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(json.dumps(document))
    text, page = repr(found), found.to_html()
    for rule in found.rules:
        assert rule.action_text in text
        assert rule.action_text in page
    assert "no other choice" in text
    assert found.to_frame()["assigned"].sum() == (found.prescribe(w.denied)["rule"] > 0).sum()
    assert "Front of" in repr(found.front(fcost_weight=[0, 0.1]))
    table = found.compare("sex")
    assert table.loc[(0, "Male"), "denied"] + table.loc[(0, "Female"), "denied"] == len(w.denied)
    told = found.prescribe(w.denied)
    for k in range(0, len(w.denied), 7):
        said = found.explain(w.denied.iloc[k])
        assert (said.assigned or 0) == told["rule"].iloc[k]
        for row in said.to_frame().itertuples():
            new = after(w, found.rules[row.rule - 1], w.denied.iloc[k].to_dict())
            assert row.flips == (new is not None and bool(w.model.approves(pd.DataFrame([new]))[0]))
        assert repr(said).startswith(said.reason)
    approved = w.X[w.model.approves(w.X)].iloc[0]
    assert "approved today" in found.explain(approved).reason


def test_the_rules_they_came_from_stay_as_they_are(small):
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
def test_what_makes_no_sense_is_refused(small, ask, message):
    with pytest.raises(rs.InputError, match=message):
        ask(small[1])


def test_the_depth_that_is_named_instead_is_the_deepest_that_is_allowed(small):
    _, rules, _ = small
    with pytest.raises(rs.InputError) as said:
        rules.tree(9, subgroups=None)
    deepest = int(str(said.value).split("Set depth=")[1].split()[0])
    splits = rules.tree(1, subgroups=None).to_dict()["candidates"]["splits"]
    assert count_parts(deepest, splits) <= 100_000 < count_parts(deepest + 1, splits)


def test_without_recourse_there_is_nothing_to_choose():
    w = world(0)
    model = Black(lambda X: np.where(X["sex"] == "Male", 1, -1))
    rules = rs.summarize(model, w.X, w.actions, min_support=0.05)
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
