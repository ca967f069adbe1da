"""A tree of subgroups: the best there is by brute force, and everybody in one leaf."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.summaries import SelectionStatus
from recourse.summaries.choice.trees import count_parts
from recourse.summaries.evidence.predicates import Negation
from summary_worlds import Black, action_set, summarize, true_of, world


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

    rules = summarize(Black(score), X, action_set(X, ["race"]), subgroups=["race"])
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
    rules = summarize(model, w.X, w.actions, subgroups=["sex"], min_support=0.05)
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
    tree = summarize(model, people, action_set(people, ["group"]), subgroups=["group"]).tree(depth=1)
    assert {(rule.group_text, rule.action_text, rule.n) for rule in tree.rules} == {
        ("group = a", "debts = 0", 80),
        ("group ≠ a", "debts = 1", 80),
    }
    assert tree.prescribe(X)["rule"].tolist()[:4] == [1, 2, 2, 1]
    assert tree.measures(X)["held out"]["accuracy"] == 1


def test_the_depth_that_is_named_instead_is_the_deepest_that_is_allowed(small):
    _, rules, _ = small
    with pytest.raises(rs.InputError) as said:
        rules.tree(9, subgroups=None)
    deepest = int(str(said.value).split("Set depth=")[1].split()[0])
    splits = rules.tree(1, subgroups=None).to_dict()["candidates"]["splits"]
    assert count_parts(deepest, splits) <= 100_000 < count_parts(deepest + 1, splits)
