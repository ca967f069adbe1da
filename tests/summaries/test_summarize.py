"""Summaries: every number agrees with brute force, every rule keeps to the action set, every proof holds."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import LinearConstraint, milp

import recourse as rs
from helpers import printed_under_hash_seeds
from recourse.summaries import SelectionStatus
from recourse.summaries.choice import exact
from recourse.summaries.choice.greedy import anytime_bound, greedy, local_search
from recourse.summaries.choice.problem import ChoiceProblem
from recourse.summaries.choice.select import select
from recourse.summaries.evidence.bins import Levels, levels_of, mobility
from recourse.summaries.evidence.itemsets import count, frequent_itemsets, pack, unpack
from recourse.summaries.evidence.moves import Move
from recourse.summaries.evidence.predicates import FeaturePredicate
from summary_worlds import Black, action_set, after, encoded_world, summary, true_of, world


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


@pytest.mark.parametrize("subgroups", [["sex"], None])
def test_candidates_are_all_triples_of_the_paper_with_equal_ones_counted_once(subgroups):
    w = world(2, n=90, income={"step_direction": 1})
    result = summary(w, subgroups=subgroups, min_support=0.05, max_condition=2, max_changes=2, targets="all")
    evidence, found = result.evidence, result._candidates
    people = w.denied
    least = int(np.ceil(0.05 * len(people)))
    predicates = evidence.predicates
    holds = np.array([[true_of(p, v) for v in people[p.feature].tolist()] for p in predicates])

    def conjunctions(items, width):
        for k in range(1, width + 1):
            for chosen in itertools.combinations(items, k):
                if len({predicates[i].feature for i in chosen}) == k and holds[list(chosen)].all(axis=0).sum() >= least:
                    yield chosen

    everything = range(len(predicates))
    outer = [i for i in everything if subgroups is None or predicates[i].feature in subgroups]
    expected = set()
    for q in conjunctions(outer, 2):
        for c in conjunctions(everything, 2):
            if {predicates[i].feature for i in q} & {predicates[i].feature for i in c}:
                continue
            inside = holds[list(q + c)].all(axis=0)
            if inside.sum() < least:
                continue
            for a, action in enumerate(evidence.outcomes.actions):
                moves = [evidence.effects.moves[m] for m in action]
                pins = {predicates[i].feature: predicates[i] for i in c}
                if any(m.feature not in pins or pins[m.feature] == m.goal for m in moves):
                    continue
                rule = SimpleNamespace(action=moves)
                rows = [after(w, rule, p) for p in people[inside].to_dict(orient="records")]
                if any(row is None for row in rows):
                    continue
                good = int(w.model.approves(pd.DataFrame(rows)).sum()) if rows else 0
                if good:
                    expected.add((q, inside.tobytes(), a, int(inside.sum()), good))
    covered = unpack(found.covers(np.arange(len(found))), len(people))
    got = [
        (found.descriptors.sets[found.descriptor[k]], covered[k].tobytes(), int(found.action[k]), int(found.n[k]),
         int(found.correct[k]))
        for k in range(len(found))
    ]  # fmt: skip
    assert len(got) == len(set(got)) > 50
    assert set(got) == expected


# --- choosing ---------------------------------------------------------------------------------------------


def random_problem(seed, *, rules=9, cells=12, groups=4, overlap=None, max_rules=3, max_groups=2):
    rng = np.random.default_rng(seed)
    cover = rng.random((rules, cells)) < 0.35
    cover[np.arange(rules), rng.integers(0, cells, rules)] = True
    cover[-1] = cover[0]  # equal coverage under another descriptor
    people = rng.integers(1, 6, cells).astype(float)
    price = np.round(rng.random(rules) * people.sum() / 5, 2)
    price[-1] = price[0]
    group = rng.integers(0, groups, rules)
    limit = None if overlap is None else overlap * people.sum() + 1e-9
    return ChoiceProblem(
        sparse.csr_matrix(cover.astype(float)), 1.5 * people, people, price, group, max_rules, max_groups, limit
    )


def exhaustive(problem):
    best = 0.0
    for k in range(1, problem.max_rules + 1):
        for chosen in itertools.combinations(range(problem.rules), k):
            chosen = np.array(chosen)
            if problem.allows(chosen):
                best = max(best, problem.value(chosen))
    return best


@given(st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.1, 0.4]), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=120, deadline=None)
def test_the_exact_choice_is_that_of_exhaustive_search(seed, overlap, max_rules, max_groups):
    problem = random_problem(seed, overlap=overlap, max_rules=max_rules, max_groups=max_groups)
    best = exhaustive(problem)
    found = select(problem)
    assert problem.allows(found.chosen)
    assert found.value == pytest.approx(problem.value(found.chosen))
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.status is SelectionStatus.OPTIMAL
    warm = select(problem, start=np.arange(problem.rules))
    assert warm.value == pytest.approx(best, abs=1e-6)


def by_milp(problem):
    """The best value, from the textbook program in a general solver."""
    rules, cells = problem.cover.shape
    inside, groups = problem.cover.toarray(), np.unique(problem.group)
    n = rules + 2 * cells + len(groups)  # rules chosen, cells covered, cells covered twice, subgroups used
    z, y, v, u = np.split(np.eye(n), [rules, rules + cells, rules + 2 * cells])
    rows = [y - inside.T @ z, inside.T @ z - rules * v, z.sum(axis=0), u.sum(axis=0)]
    rows.append(z - (problem.group[:, None] == groups) @ u)
    most = [np.zeros(cells), np.ones(cells), problem.max_rules, problem.max_groups, np.zeros(rules)]
    if problem.max_overlap is not None:
        rows.append(problem.people @ v)
        most.append(problem.max_overlap)
    value = problem.weight @ y - problem.price @ z
    limits = LinearConstraint(np.vstack(rows), -np.inf, np.hstack(most))
    found = milp(-value, integrality=np.ones(n), bounds=(0, 1), constraints=limits, options={"mip_rel_gap": 0.0})
    assert found.status == 0
    return -found.fun


@pytest.mark.parametrize(("overlap", "rules"), [(None, 50), (0.0, 50), (0.2, 12)])
@given(seed=st.integers(0, 10**6), max_rules=st.integers(2, 8), max_groups=st.sampled_from([2, 4, 99]))
@settings(max_examples=12, deadline=None)
def test_the_exact_choice_is_that_of_a_general_solver(overlap, rules, seed, max_rules, max_groups):
    problem = random_problem(
        seed, rules=rules, cells=30, groups=8, overlap=overlap, max_rules=max_rules, max_groups=max_groups
    )
    best = by_milp(problem)
    # as it is, and as in a problem so large that only some rules are looked at first, and more of them later
    for first, few in ((exact.FIRST, exact.FEW), (3, 0)):
        with mock.patch.multiple(exact, FIRST=first, FEW=few):
            found = select(problem, budget=Budget(60), start=np.arange(2))
        assert problem.allows(found.chosen)
        assert found.value == pytest.approx(best, abs=1e-5)
        assert found.status is SelectionStatus.OPTIMAL


@given(
    st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.1]), st.integers(1, 3), st.integers(1, 3), st.integers(1, 9)
)
@settings(max_examples=60, deadline=None)
def test_no_set_with_a_rule_is_worth_more_than_its_potential(seed, overlap, max_rules, max_groups, active):
    problem = random_problem(seed, overlap=overlap, max_rules=max_rules, max_groups=max_groups)
    shared, kind = problem.shared()
    pricing = exact._Multipliers(shared, np.arange(min(active, shared.rules)), start=0, more=1)
    allowed = [
        chosen
        for k in range(1, max_rules + 1)
        for chosen in map(np.array, itertools.combinations(range(problem.rules), k))
        if problem.allows(chosen)
    ]
    done = False
    while not done:
        with mock.patch.object(exact, "FEW", -1):
            done = pricing.step()
        for chosen in allowed:
            assert problem.value(chosen) <= pricing.bound + 1e-6
            assert (problem.value(chosen) <= pricing.potential[kind[chosen]] + 1e-6).all()


@given(st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.2]), st.sampled_from(["local", "greedy"]))
@settings(max_examples=80, deadline=None)
def test_the_other_ways_keep_to_the_limits_and_their_bound_holds(seed, overlap, method):
    problem = random_problem(seed, overlap=overlap)
    found = select(problem, method=method)
    best = exhaustive(problem)
    assert problem.allows(found.chosen)
    assert found.value <= best + 1e-6 <= found.bound + 2e-6
    if found.status is SelectionStatus.OPTIMAL:
        assert found.value == pytest.approx(best, abs=1e-6)


@given(st.integers(0, 10**6), st.sets(st.integers(0, 8), max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_anytime_bound_holds_from_any_set(seed, chosen):
    problem = random_problem(seed)
    assert anytime_bound(problem, np.array(sorted(chosen), dtype=np.int64)) >= exhaustive(problem) - 1e-9


def test_local_search_leaves_what_greedy_is_stuck_in():
    # one wide rule first, then two that cover everything better: greedy keeps the wide one
    cover = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]], dtype=float)
    problem = ChoiceProblem(
        sparse.csr_matrix(cover), np.ones(6), np.ones(6), np.array([0.1, 0.2, 0.2]), np.zeros(3, int), 2, 1
    )
    assert problem.value(greedy(problem)) < problem.value(local_search(problem)) == pytest.approx(5.6)


def test_out_of_time_the_best_set_in_hand_and_a_true_bound_come_back():
    problem = random_problem(5, rules=60, cells=200, max_rules=8, max_groups=3)
    hurried, best = select(problem, budget=Budget(1e-9)), select(problem)
    assert hurried.value <= best.value <= hurried.bound + 1e-6
    assert best.status is SelectionStatus.OPTIMAL


def test_one_person_and_one_rule_is_the_cheapest_flip_of_that_person():
    """Theorem 2.2: over finite features, individual recourse is a special case of the objective."""
    values = list(itertools.product(range(4), range(4), range(3)))
    menus = pd.DataFrame(values, columns=["a", "b", "c"])
    for seed in range(6):
        rng = np.random.default_rng(seed)
        w = rng.uniform(0.5, 2, 3)
        points = menus.to_numpy() @ w
        person = int(np.argsort(points)[rng.integers(0, 12)])
        bar = points.mean()
        X = pd.concat([menus[points >= bar], menus.iloc[[person]]], ignore_index=True)
        model = Black(lambda X, w=w, bar=bar: X[["a", "b", "c"]].to_numpy() @ w - bar)
        actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
        prices = dict(zip("abc", rng.uniform(1, 3, 3), strict=True))
        result = rs.summarize(
            model, X, actions, subgroups=[], cost=prices, max_rules=1, max_changes=3, min_support=1e-9,
            weights={"cover": 1000, "incorrect_recourse": 1000, "feature_cost": 1},
        )  # fmt: skip
        cheapest = rs.flipset(model, X.iloc[-1], actions, cost=rs.FeatureCost(prices), total_items=1)
        assert result.rules[0].correct == result.rules[0].n == 1
        assert result.rules[0].cost == pytest.approx(cheapest.items[0].cost, abs=1e-5)


def test_a_planted_black_box_is_recovered_exactly():
    """A.2.2: a model that is a recourse set, and asks one group for twice the changes."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"race": rng.choice(["A", "B"], 800), "job": rng.integers(0, 2, 800), "home": rng.integers(0, 2, 800),
         "loan": rng.integers(0, 2, 800)}
    )  # fmt: skip

    def score(X):
        return np.where(X["race"] == "A", X["job"] == 1, (X["job"] == 1) & (X["home"] == 1)) - 0.5

    result = rs.summarize(Black(score), X, action_set(X, ["race"]), subgroups=["race"], max_rules=4)
    found = {(rule.group_text, rule.condition_text, rule.action_text) for rule in result.rules}
    assert found == {
        ("race = A", "job = 0", "job = 1"),
        ("race = B", "job = 0 and home = 0", "job = 1 and home = 1"),
        ("race = B", "job = 0 and home = 1", "job = 1"),
        ("race = B", "job = 1 and home = 0", "home = 1"),
    }
    assert result.status is SelectionStatus.OPTIMAL
    assert result.measures().loc["accuracy", "in sample"] == 1
    table = result.compare("race")
    assert table.loc[(0, "A"), "cost"] == 1
    assert table.loc[(0, "B"), "cost"] > 1
    alone = table.loc[1]
    assert alone.loc["A", "precision"] == 1
    assert alone.loc["B", "precision"] < 1


# --- settings mean what they say ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    w = world(4, n=300)
    return w, summary(w, max_rules=8, min_support=0.02)


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


def test_limits_hold(fitted):
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


def test_the_objective_with_the_papers_constants_ranks_as_the_one_without(fitted):
    _, result = fitted
    one, other = result.refit(max_rules=8, method="greedy"), result
    gap = other.measures().loc["objective", "in sample"] - one.measures().loc["objective", "in sample"]
    assert gap == pytest.approx(other.value - one.value, abs=1e-6)


def test_predict_returns_the_rows_that_the_rules_lead_to(fitted):
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


def test_tuned_weights_are_lowered_only_while_the_papers_conditions_hold():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(0, 2, 900), "b": rng.integers(0, 3, 900)})
    easy = Black(lambda X: X["a"] - 0.5)
    result = rs.summarize(easy, X, rs.ActionSet(X), subgroups=[], max_rules=3)
    asked = easy.asked
    weights = result.tune(held_out=0.1)
    assert easy.asked == asked
    assert set(weights) == {"incorrect_recourse", "cover", "feature_cost", "feature_change"}
    assert weights["incorrect_recourse"] < 1000
    assert weights["cover"] > 0, "without cover nobody has recourse"
    assert result.refit(weights=weights).measures().loc["accuracy", "in sample"] == 1
    w = world(0)
    hard = rs.summarize(Black(lambda X: np.where(X["sex"] == "Male", 1, -1)), w.X, w.actions, min_support=0.05)
    with pytest.warns(UserWarning, match="already there, 0.0% of the held out satisfy a rule, not at least 95%"):
        assert hard.tune() == dict.fromkeys(weights, 1000.0)
    with pytest.raises(rs.InputError, match="held_out"):
        result.tune(held_out=2)


def test_stability_measures_on_people_the_rules_were_not_made_from(fitted):
    w, result = fitted
    asked = w.model.asked
    found = result.stability(splits=3)
    assert w.model.asked == asked
    assert found == result.stability(splits=3)
    assert found["accuracy_min"] <= found["accuracy_mean"] <= found["accuracy_max"]
    assert 0 <= found["rules_kept"] <= 1
    with pytest.raises(rs.InputError, match="splits"):
        result.stability(splits=0)


def test_choosing_from_a_part_counts_only_that_part(fitted):
    from recourse.summaries.tuning import transfer

    w, result = fitted
    evidence = result.evidence
    part = np.arange(len(evidence.people)) % 2 == 0
    half, rest = evidence.only(part), evidence.only(~part)
    people = pd.concat([w.denied[part], w.X[w.model.approves(w.X)]])
    other = rs.summarize(w.model, people, w.actions, subgroups=["sex"], min_support=0.02, bins=5, max_rules=8)
    assert half.n == len(other.evidence.people)
    made = rs.TwoLevelRecourseSet(half, result.settings)
    assert all(rule.n <= half.n for rule in made.rules)
    found = transfer(made, rest)
    assert 0 <= found["accuracy"] <= found["cover"] <= 1
    assert found["accuracy"] == pytest.approx(found["cover"] * (1 - found["wrong"]))
    judged = made.measures(w.denied[~part])["held out"]
    assert (found["accuracy"], found["cover"]) == (judged["accuracy"], judged["reach"])


def test_moves_that_pin_nothing_reach_four_features():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: np.round(rng.gamma(3.0, 5.0, 400), 1) for name in "abcde"})
    model = Black(lambda X: np.minimum.reduce([X[name] - 14 for name in "abcd"]))
    settings: dict[str, Any] = {"subgroups": [], "max_condition": 1, "max_rules": 1, "bins": 4, "binning": "quantile"}
    settings |= {"min_support": 0.002}
    actions = rs.ActionSet(X)
    narrow = rs.summarize(model, X, actions, moves=["at_least"], max_changes=3, targets="all", **settings)
    wide = rs.summarize(model, X, actions, moves=["at_least"], max_changes=4, targets="all", beam=40, **settings)
    assert narrow.measures().loc["accuracy", "in sample"] < 0.5
    assert wide.measures().loc["accuracy", "in sample"] == 1
    assert {move.feature for move in wide.rules[0].action} == set("abcd")


# --- the vocabulary ----------------------------------------------------------------------------------------


def test_bins_are_fitted_on_the_people_summarised_and_reach_beyond_them():
    w = world(0)
    result = summary(w)
    levels = result.evidence.levels["income"]
    other = pd.Series([-1e9, 1e9], name="income")
    assert levels.codes(other).tolist() == [0, len(levels.predicates) - 1]


def test_a_bin_is_entered_at_its_nearest_value_and_whole_numbers_stay_whole():
    bin_ = Move(FeaturePredicate("debts", "in", (3, 6), whole=True))
    assert str(bin_) == "debts = 3 to 5"
    assert bin_.apply(np.array([0.0, 4.0, 9.0]), np.arange(10.0)).tolist() == [3, 4, 5]
    w = world(0, n=400)
    new = summary(w, bins=3).apply(w.denied)
    assert new["debts"].dtype.kind == "i"


@given(st.integers(0, 10**6), st.sampled_from(["width", "quantile"]), st.booleans(), st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_every_number_is_in_exactly_one_bin(seed, binning, whole, bins):
    rng = np.random.default_rng(seed)
    column = pd.Series(rng.integers(0, 99, 60) if whole else rng.gamma(2.0, 3.0, 60), name="x")
    levels = levels_of(column, mobility(None, column), bins=bins, binning=binning)
    others = pd.Series(np.concatenate([rng.normal(0, 200, 50), column]), name="x")
    assert (sum(p.holds(others).astype(int) for p in levels.predicates) == 1).all()
    assert len(levels.predicates) <= bins


def test_missing_codes_are_no_targets_and_no_part_of_the_bins():
    column = pd.Series([-9, -9, 1, 2, 3, 4, 5, 60], name="x")
    actions = rs.ActionSet({"x": column}, missing=[-9])
    levels = levels_of(column, mobility(actions["x"], column), bins=3, binning="width")
    assert levels.aside == 1
    assert [str(p) for p in levels.predicates][-1] == "x = -9"
    assert not any("-9" in str(p) for p in levels.targets)
    assert levels.codes(column).tolist()[:2] == [len(levels.predicates) - 1] * 2
    result = summary(world(0))
    kinds = {str(m) for m in result.evidence.effects.moves}
    assert "job = manager" in kinds
    assert "job = ?" not in kinds
    assert any(str(p) == "job = ?" for p in result.evidence.predicates)


def test_a_missing_value_satisfies_no_predicate():
    column = pd.Series(["a", None, "b"], name="x")
    assert FeaturePredicate("x", "=", "a").holds(column).tolist() == [True, False, False]
    assert FeaturePredicate("x", "≠", "a").holds(column).tolist() == [False, False, True]
    for operator in ("≤", "≥"):
        assert not FeaturePredicate("x", operator, 1.0).holds(pd.Series([np.nan]))[0]


def test_ordinal_levels_go_by_rank():
    order = ("low", "middle", "high")
    column = pd.Series(["high", "low", "middle"], name="x")
    actions = rs.ActionSet({"x": pd.Series(pd.Categorical(column, order, ordered=True))})
    how = mobility(actions["x"], column)
    levels = levels_of(column, how, bins=5, binning="width")
    assert levels.codes(column).tolist() == [2, 0, 1]
    assert levels.steps(np.array([0]), np.array([2])).tolist() == [2]
    assert FeaturePredicate("x", "≥", "middle", order=order).holds(column).tolist() == [True, False, True]
    assert isinstance(levels, Levels)


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


def test_prices_are_per_person_where_a_condition_does_not_pin_the_value():
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
    result = rs.summarize(model, people.X, A, subgroups=["gender"], cost="total", max_rules=3, min_support=0.05)
    denied = people.X[~model.approves(people.X)]
    prescribed, new = result.prescribe(denied), result.apply(denied)
    for k in np.flatnonzero(prescribed["rule"])[:20]:
        price = sum(
            rs.TotalCost().prices(A[name], denied[name].iloc[k], np.array([new[name].iloc[k]]))[0] for name in denied
        )
        assert prescribed["cost"].iloc[k] == pytest.approx(price, abs=1e-5)
    with pytest.raises(rs.InputError, match="adds up"):
        rs.summarize(model, people.X, A, cost="max", min_support=0.05)


# --- itemsets ----------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_frequent_itemsets_are_those_of_brute_force(seed, least, width):
    rng = np.random.default_rng(seed)
    rows = rng.random((8, 70)) < 0.25
    feature = rng.integers(0, 5, 8)
    found = frequent_itemsets(pack(rows), feature, least, width)
    expected = [
        items
        for k in range(1, width + 1)
        for items in itertools.combinations(range(8), k)
        if len(set(feature[list(items)])) == k and rows[list(items)].all(axis=0).sum() >= least
    ]
    assert sorted(found.sets) == sorted(expected)
    assert [len(items) for items in found.sets] == sorted(len(items) for items in found.sets)
    assert count(found.bits).tolist() == [rows[list(items)].all(axis=0).sum() for items in found.sets]
    assert (unpack(pack(rows), 70) == rows).all()


# --- what can go wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subgroups": ["sx"]}, "no column 'sx'. Did you mean 'sex'"),
        ({"subgroups": ["debts"]}, "'debts' is actionable"),
        ({"min_support": 1.0, "subgroups": []}, "no predicate is true of more than"),
        ({"min_support": 0.9}, "lower it"),
        ({"min_support": 0}, "share of the denied"),
        ({"max_candidates": 10}, "candidate space is too large. Raise min_support"),
        ({"max_rows": 10}, "rows to ask the model"),
        ({"max_rules": 0}, "max_rules must be a whole number ≥ 1"),
        ({"min_precision": 1.5}, "share from 0 to 1"),
        ({"weights": {"covr": 1}}, "Did you mean 'cover'"),
        ({"cost": {"incme": 1}}, "Did you mean 'income'"),
        ({"cost": "max"}, "adds up"),
        ({"cost_weight": -1}, "finite number ≥ 0"),
        ({"operators": ["=>"]}, "operators: '=>' is unknown"),
        ({"moves": ["raise"]}, "moves: 'raise' is unknown"),
        ({"method": "exat"}, "Did you mean 'exact'"),
        ({"targets": "rich"}, "targets must be"),
        ({"bins": 1}, "bins must be a whole number ≥ 2"),
        ({"binning": "equal"}, "binning must be"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": None}, "time_limit must be seconds above 0, not None"),
        ({"min_support": "5%"}, "share of the denied people"),
        ({"min_precision": "0.9"}, "share from 0 to 1"),
        ({"min_precision": None}, "share from 0 to 1"),
        ({"cost_weight": None}, "finite number ≥ 0, not None"),
        ({"weights": [1, 1, 1, 1]}, "weights is a mapping"),
        ({"subgroups": 3}, "subgroups is a list of columns"),
        ({"cost": rs.TotalCost}, r"make one of it: TotalCost\(\)"),
        ({"held_out": pd.DataFrame({"sex": ["Male"]})}, "held_out has no column 'job'"),
        ({"held_out": world(0).X[:0]}, "held_out has no rows"),
        ({"held_out": world(0).X.assign(debts="many")}, "held_out: column 'debts' holds 'many'"),
        ({"held_out": world(0).X.assign(income=np.nan)}, "held_out: column 'income' is missing in 160 rows"),
        ({"held_out": 0.2}, "held_out must be a table"),
    ],
)
def test_bad_input_is_refused_before_the_model_is_asked_about_actions(changes, message):
    w = world(0)
    with pytest.raises(rs.InputError, match=message.replace(" (", r" \(")):
        summary(w, **changes)
    assert w.model.asked <= len(w.X)


def test_nobody_denied_and_nothing_actionable_are_said():
    w = world(0)
    with pytest.raises(rs.InputError, match="nobody is denied: all 160 people are approved"):
        rs.summarize(Black(lambda X: np.ones(len(X))), w.X, w.actions)
    with pytest.raises(rs.InputError, match="no feature is actionable"):
        rs.summarize(w.model, w.X, action_set(w.X, w.X.columns))
    with pytest.raises(rs.InputError, match="no rows"):
        rs.summarize(w.model, w.X[:0], w.actions)
    with pytest.raises(rs.InputError, match=r"refit can't change 'min_support'|refit can't change"):
        summary(w).refit(min_support=0.5)
    with pytest.raises(rs.InputError, match="no column 'rce'"):
        summary(w).compare("rce")
    with pytest.raises(rs.InputError, match="no column"):
        summary(w).compare(["sex"])
    with pytest.raises(rs.InputError, match="the model would have to be asked again"):
        summary(w).refit(bins=3)
    with pytest.raises(rs.InputError, match="column 'income' is missing in 1 row"):
        rs.summarize(w.model, w.X.assign(income=w.X["income"].where(w.X.index > 0)), w.actions)


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


def test_the_action_set_says_which_label_is_favourable_and_is_not_read_again():
    from sklearn.linear_model import LogisticRegression

    people = rs.datasets.lender(300)
    clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    A = rs.ActionSet(people.X, y_desired=-1)
    result = rs.summarize(clf, people.X, A, subgroups=[], min_support=0.1, max_rules=2, max_changes=2)
    assert result.to_dict()["denied"] == rs.audit(clf, people.X, A).overall["denied"]
    before = result.prescribe(people.X)
    A[list(people.X)].actionable = False
    pd.testing.assert_frame_equal(result.prescribe(people.X), before)


def test_people_whose_value_is_missing_are_a_level_of_the_comparison():
    w = world(0)
    X = w.X.assign(region=["north", None] * 80)
    result = rs.summarize(w.model, X, w.actions, subgroups=["sex"], min_support=0.05, max_rules=2)
    assert "region" not in result.evidence.columns
    for by in ("region", "sex"):
        table = result.compare(by)
        assert table.loc[0, "denied"].sum() == len(w.denied)
    assert ("missing" in table.index.get_level_values("level")) == X["sex"].isna().any()
    assert (0, "missing") in result.compare("region").index


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


def test_an_explanation_says_nothing_of_rules_to_who_is_approved(fitted):
    w, result = fitted
    approved = result.explain(w.X[w.model.approves(w.X)].iloc[0])
    assert repr(approved) == approved.reason
    stuck = result.explain(w.denied.iloc[0].to_dict() | {"job": "?"})
    assert "nan" not in repr(stuck)


def test_the_views_say_the_prices_the_limits_and_the_tie_break(fitted):
    _, result = fitted
    other = result.refit(cost={"income": 2.5}, min_precision=0.5, max_overlap=0.25, tie_break="wilson")
    for view in (repr(other), other.to_html()):
        assert "income 2.5" in view
        assert "precision ≥ 50.0 %" in view
        assert "25.0 % with several rules" in view
    assert "income 1" not in repr(result)
    assert "highest lower end of the precision" in other.to_html()


def test_no_recourse_at_all_is_an_empty_set_and_not_an_error():
    w = world(0)
    model = Black(lambda X: np.where(X["sex"] == "Male", 1, -1))
    result = rs.summarize(model, w.X, w.actions, min_support=0.05)
    assert len(result) == 0
    assert result.value == result.bound == 0
    assert result.status is SelectionStatus.OPTIMAL
    assert result.measures().loc["accuracy", "in sample"] == 0
    assert "No rule is worth its price" in repr(result)
    assert "There are no rules" in result.explain(w.X[w.X["sex"] == "Female"].iloc[0]).reason
    assert (result.prescribe(w.X)["rule"] == 0).all()


def test_the_callers_things_are_left_alone():
    w = world(0)
    before, settings = w.X.copy(deep=True), w.actions.to_frame()
    result = summary(w)
    result.apply(w.X)
    pd.testing.assert_frame_equal(w.X, before)
    pd.testing.assert_frame_equal(w.actions.to_frame(), settings)


def test_a_column_that_only_describes_subgroups_is_not_shown_to_the_model():
    people = rs.datasets.lender(400)
    X = people.X.assign(region=["north", "south"] * 200)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    columns = []
    plain = model.score
    model.score = lambda X: columns.append(tuple(X)) or plain(X)
    A = rs.ActionSet(people.X)
    result = rs.summarize(model, X, A, subgroups=["region"], min_support=0.05, max_rules=3)
    assert {p.feature for rule in result.rules for p in rule.group} == {"region"}
    assert set(columns) == {tuple(people.X)}


def test_polars_tables_come_and_go_in_kind():
    pl = pytest.importorskip("polars")
    people = rs.datasets.lender(300)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    A = rs.ActionSet(people.X)
    table = pl.from_pandas(people.X)
    result = rs.summarize(model, table, A, min_support=0.05, max_rules=2, subgroups=[])
    assert isinstance(result.apply(table), pl.DataFrame)
    assert result.to_dict() == rs.summarize(model, people.X, A, min_support=0.05, max_rules=2, subgroups=[]).to_dict()


# --- views and determinism ---------------------------------------------------------------------------------


def test_the_document_is_plain_json_and_every_view_shows_its_numbers(fitted):
    _, result = fitted
    document = result.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(json.dumps(document))
    text, page = repr(result), result.to_html()
    for rule in result.rules:
        assert rule.action_text in text
        assert f"n {rule.n:,} ·" in text
    assert text.index("If sex = Female:") < text.index("If sex = Male:")
    assert "no other choice from the candidates within these limits has a higher value" in text
    assert "<script" not in page
    assert len(page) < 30_000
    assert result.to_frame()["n"].sum() == sum(rule.n for rule in result.rules)


def test_names_and_levels_are_escaped_in_html():
    w = world(0)
    X = w.X.replace({"sex": {"Male": "<b>Male"}})
    model = Black(lambda X: np.where(X["debts"] < 1, 1.0, -1.0))
    page = rs.summarize(model, X, action_set(X, ["sex"]), subgroups=["sex"], min_support=0.05).to_html()
    assert "<b>" not in page
    assert "&lt;b&gt;Male" in page


SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from summary_worlds import summary, world
for change in ({}, {"subgroups": None, "max_overlap": 0.05}, {"method": "local"}):
    print(json.dumps(summary(world(7, n=220), **change).to_dict()))
"""


def test_hash_seeds_and_thread_counts_change_nothing():
    assert len(printed_under_hash_seeds(SCRIPT, (("0", "1"), ("1", "2"), ("77", "4")))) == 1


def test_progress_and_small_batches_give_the_same_answer():
    w = world(0)
    calls = []
    small = summary(w, batch=50, progress=lambda done, total: calls.append((done, total)))
    assert len(calls) > 5
    assert calls[-1][0] <= calls[-1][1]
    assert calls == sorted(calls)
    document, other = small.to_dict(), summary(w).to_dict()
    rows = document["candidates"].pop("model_rows"), other["candidates"].pop("model_rows")
    assert rows[0] >= rows[1]
    assert document == other


# --- joint constraints -------------------------------------------------------------------------------------


def test_one_hot_groups_keep_exactly_one_level():
    X, model, actions = encoded_world()
    result = rs.summarize(model, X, actions, subgroups=[], max_rules=6, min_support=0.02, max_changes=2)
    assert any(move.feature.startswith("home") for rule in result.rules for move in rule.action)
    denied = X[~model.approves(X)]
    new = result.apply(denied)
    assert (new[["home_0", "home_1", "home_2"]].sum(axis=1) == 1).all()
    measures = result.measures(X)
    assert measures["in sample"].to_dict() == measures["held out"].to_dict()


def test_at_most_k_changes_holds_for_every_rule():
    X, model, actions = encoded_world()
    actions.add_constraint(rs.constraints.AtMost(1))
    result = rs.summarize(model, X, actions, subgroups=[], min_support=0.02)
    assert all(len(rule.action) == 1 for rule in result.rules)


def test_an_induced_change_reaches_the_model_and_has_no_price():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"years": rng.integers(0, 6, 200), "age": rng.integers(20, 60, 200)})
    model = Black(lambda X: X["age"] + 2 * X["years"] - 45)
    actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
    actions["age"].actionable = False
    actions.add_constraint(rs.constraints.Linkage("years", {"age": 1.0}))
    result = rs.summarize(model, X, actions, subgroups=[], min_support=0.02, max_rules=4)
    denied = X[~model.approves(X)]
    new = result.apply(denied)
    assert ((new["age"] - denied["age"]) == (new["years"] - denied["years"])).all()
    assert all(rule.cost == 1 for rule in result.rules)
    prescribed = (result.prescribe(denied)["rule"] > 0).to_numpy()
    assert (model.approves(new) & prescribed).mean() == pytest.approx(result.measures().loc["accuracy", "in sample"])
    measures = result.measures(X)
    assert measures["in sample"].to_dict() == measures["held out"].to_dict()


# --- the command line --------------------------------------------------------------------------------------


def test_the_command_prints_rules_and_their_measures(tmp_path):
    from click.testing import CliRunner

    from recourse.cli.main import main

    rs.datasets.lender(500).frame.to_csv(tmp_path / "loans.csv", index=False)
    base = ["summarize", str(tmp_path / "loans.csv"), "--target", "approved", "--fit", "logistic", "--immutable", "age"]
    base += ["--min-support", "0.05", "--max-rules", "3", "--max-changes", "2"]
    done = CliRunner().invoke(main, [*base, "--immutable", "gender", "--subgroup", "gender", "--hold-out", "0.3"])
    assert done.exit_code == 0, done.stderr
    assert "If gender = " in done.stdout
    assert "held out" in done.stdout
    data = CliRunner().invoke(
        main, [*base, "--everyone", "--move", "at_least", "--format", "json", "--cost", "feature"]
    )
    document = json.loads(data.stdout)
    assert document["groups"][0]["everyone"]
    assert document["cost"]["name"] == "feature"
    plain = json.loads(CliRunner().invoke(main, [*base, "--everyone", "--format", "json"]).stdout)
    assert plain["cost"]["name"] == "feature", "as from Python"
    page = CliRunner().invoke(main, [*base, "--everyone", "--format", "html"]).stdout
    assert page.startswith("<!")
    assert "What the rules achieve" in page
    table = CliRunner().invoke(main, [*base, "--format", "csv"]).stdout.splitlines()
    assert table[0].startswith("rule,group,condition,action")
    assert table[1].startswith("1,")
    narrow = CliRunner().invoke(main, [*base, "--format", "json", "--max-condition", "1", "--bins", "4"])
    rules = [rule for group in json.loads(narrow.stdout)["groups"] for rule in group["rules"]]
    assert rules
    assert all(len(rule["condition"]) == 1 for rule in rules)
    for extra, message in (
        (["--subgroup", "gendr"], "Did you mean 'gender'"),
        (["--subgroup", "gender"], "add --immutable gender"),
        (["--hold-out", "1e-9"], "leaves a part empty"),
        (["--everyone", "--subgroup", "gender"], "exclude each other"),
        (["--hold-out", "2"], "between 0 and 1"),
    ):
        bad = CliRunner().invoke(main, [*base, *extra])
        assert bad.exit_code == 2
        assert message in bad.stderr
