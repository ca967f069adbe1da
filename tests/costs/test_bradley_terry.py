"""Feature costs: what answers to "which is harder to change?" say, how surely, and which answers are missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import recourse as rs
from recourse.costs.bradley_terry import bradley_terry, missing_comparisons, simulated_experts

FEATURES = ["age", "debts", "income", "job"]


def wins_of(seed, k=4, most=9):
    rng = np.random.default_rng(seed)
    wins = rng.integers(0, most, (k, k)).astype(float)
    np.fill_diagonal(wins, 0)
    return wins


def log_posterior(beta, wins, shape, rate):
    theta = np.exp(beta)
    total = theta[:, None] + theta[None, :]
    likelihood = (wins * (np.log(theta)[:, None] - np.log(total))).sum()
    return likelihood + ((shape - 1) * beta - rate * theta).sum()


@given(st.integers(0, 10**6), st.floats(1.1, 5), st.floats(0.2, 3))
@settings(max_examples=40, deadline=None)
def test_the_estimate_is_where_the_posterior_is_largest(seed, shape, rate):
    wins = wins_of(seed)
    theta = bradley_terry(wins, shape=shape, rate=rate)
    best = optimize.minimize(lambda beta: -log_posterior(beta, wins, shape, rate), np.zeros(4), tol=1e-12)
    assert np.log(theta) == pytest.approx(best.x, abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_maximum_likelihood_is_that_of_another_library(seed):
    choix = pytest.importorskip("choix")
    wins = wins_of(seed) + 1 - np.eye(4)
    data = [(i, j) for i in range(4) for j in range(4) for _ in range(int(wins[i, j]))]
    other = choix.mm_pairwise(4, data, max_iter=100_000, tol=1e-12)
    ours = np.log(bradley_terry(wins))
    assert ours - ours.mean() == pytest.approx(other - other.mean(), abs=1e-5)


def test_many_answers_recover_the_costs_they_came_from():
    rng = np.random.default_rng(0)
    true = np.array([0.3, 0.8, 1.2, 1.7])
    n = 4000
    answers = [
        (FEATURES[i], FEATURES[j], int(rng.binomial(n, true[i] / (true[i] + true[j]))), n)
        for i in range(4)
        for j in range(i)
    ]
    costs = rs.BradleyTerryCost.from_comparisons(answers, features=FEATURES)
    assert costs.theta == pytest.approx(true, rel=0.06)
    table = costs.to_frame(confidence=0.999).set_index("feature")
    assert ((table["low"] < true) & (true < table["high"])).all()
    few = rs.BradleyTerryCost.from_comparisons([(i, j, w / 100, k / 100) for i, j, w, k in answers], features=FEATURES)
    assert (few.standard_error > 5 * costs.standard_error).all()


def test_the_anchor_fixes_the_scale_that_answers_leave_open():
    answers = [("job", "debts"), ("debts", "income"), ("job", "income")]
    mean = rs.BradleyTerryCost.from_comparisons(answers)
    named = rs.BradleyTerryCost.from_comparisons(answers, anchor="income")
    assert mean.theta.mean() == pytest.approx(1)
    assert named.weights["income"] == 1
    assert named.standard_error[named.features.index("income")] == 0
    assert named.theta / named.theta[0] == pytest.approx(mean.theta / mean.theta[0])
    assert "'income' = 1" in repr(named)


def test_pairs_counts_ties_and_several_experts_are_the_same_answers():
    pairs = rs.BradleyTerryCost.from_comparisons([("a", "b"), ("a", "b"), ("b", "a"), ("b", "c")])
    counts = rs.BradleyTerryCost.from_comparisons([("a", "b", 2, 3), ("b", "c", 1, 1)])
    experts = rs.BradleyTerryCost.from_comparisons({"ann": [("a", "b"), ("b", "c")], "bo": [("a", "b", 1, 2)]})
    assert pairs.theta == pytest.approx(counts.theta)
    assert experts.theta == pytest.approx(counts.theta)
    tie = rs.BradleyTerryCost.from_comparisons([("a", "b", 0.5, 1)])
    assert tie.theta == pytest.approx([1, 1])


def test_answers_in_a_circle_are_possible_and_pointed_out():
    circle = rs.BradleyTerryCost.from_comparisons([("a", "b"), ("b", "c"), ("c", "a")])
    assert circle.theta == pytest.approx([1, 1, 1])
    odd = rs.BradleyTerryCost.from_comparisons([("a", "b", 9, 10), ("b", "c", 9, 10), ("c", "a", 6, 10)])
    assert [(i, j) for i, j, _, _ in odd.contradictions] == [("c", "a")]
    assert rs.BradleyTerryCost.from_comparisons([("a", "b", 9, 10)]).contradictions == []


def test_the_prior_gives_an_estimate_where_likelihood_has_none():
    one_way = [("a", "b"), ("b", "c")]
    costs = rs.BradleyTerryCost.from_comparisons(one_way)
    assert costs.theta[0] > costs.theta[1] > costs.theta[2] > 0
    with pytest.raises(rs.InputError, match="all go one way.*also compare 'c' with 'a'"):
        rs.BradleyTerryCost.from_comparisons(one_way, prior=None)


@given(st.integers(2, 7), st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_missing_comparisons_named_connect_everything(k, pairs, both_ways):
    wins = np.zeros((k, k))
    for i, j in pairs:
        if i != j and max(i, j) < k:
            wins[i, j] += 1
    missing = missing_comparisons(wins, list(range(k)), both_ways=both_ways)
    for i, j in missing:
        wins[i, j] += 1
    assert missing_comparisons(wins, list(range(k)), both_ways=both_ways) == []
    if both_ways:
        theta = bradley_terry(wins)
        assert np.isfinite(theta).all()
        assert (theta > 0).all()
    else:
        parts_before = len(missing) + 1
        assert parts_before <= k


def test_unconnected_features_are_named():
    with pytest.raises(rs.InputError, match="no common scale: also compare 'a' with 'c'"):
        rs.BradleyTerryCost.from_comparisons([("a", "b"), ("c", "d")])
    with pytest.raises(rs.InputError, match="also compare 'a' with 'c'"):
        rs.BradleyTerryCost.from_comparisons([("a", "b")], features=["a", "b", "c"])


@pytest.mark.parametrize(
    ("comparisons", "settings_", "message"),
    [
        ([], {}, "there are no comparisons"),
        ([("a",)], {}, r"\(harder, easier\) or \(i, j, wins, n\)"),
        ([("a", "b", 3, 2)], {}, "0 ≤ wins ≤ n"),
        ([("a", "b", "x", 2)], {}, "two numbers"),
        ([("a", "a")], {}, "with itself"),
        ([("incme", "debts")], {"features": FEATURES}, "Did you mean 'income'"),
        ([("a", "b")], {"anchor": "z"}, "no feature that was compared"),
        ([("a", "b")], {"prior": (1.0, 1.0)}, "shape > 1"),
    ],
)
def test_comparisons_that_mean_nothing_are_refused(comparisons, settings_, message):
    with pytest.raises(rs.InputError, match=message):
        rs.BradleyTerryCost.from_comparisons(comparisons, **settings_)


def test_the_cost_prices_audits_flipsets_and_summaries():
    people = rs.datasets.lender(300)
    from sklearn.linear_model import LogisticRegression

    clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    actions = rs.ActionSet(people.X)
    actions[["gender", "age"]].actionable = False
    names = [name for name in people.X if actions[name].actionable]
    costs = rs.BradleyTerryCost.from_comparisons(simulated_experts(names, experts=20, random_state=0))
    audit = rs.audit(clf, people.X, actions, cost=costs)
    spent = audit.to_frame()["cost"].dropna()
    spent = spent[np.isfinite(spent)]
    sums = {0.0}
    for price in costs.theta:
        sums |= {total + price for total in sums}
    assert all(min(abs(value - total) for total in sums) < 1e-6 for value in spent)
    rules = rs.summarize(clf, people.X, actions, subgroups=["gender"], cost=costs, min_support=0.05, max_rules=3)
    for rule in rules.rules:
        assert rule.cost == pytest.approx(sum(costs.weights[move.feature] for move in rule.action), abs=1e-5)


def test_a_feature_costs_nothing_at_rest_and_its_price_wherever_it_goes():
    actions = rs.ActionSet({"job": ["clerk", "driver", "clerk"], "debts": [0, 1, 5]})
    cost = rs.FeatureCost({"job": 3.0}, default=0.5)
    assert cost.prices(actions["job"], "clerk", np.array(["clerk", "driver"], dtype=object)).tolist() == [0, 3]
    assert cost.prices(actions["debts"], 5, np.array([0, 5])).tolist() == [0.5, 0]
    with pytest.raises(rs.InputError, match="default must be"):
        rs.FeatureCost(default=-1)


def test_simulated_experts_are_the_same_for_the_same_seed():
    assert simulated_experts(FEATURES, experts=5, random_state=3) == simulated_experts(
        FEATURES, experts=5, random_state=3
    )
    assert len(simulated_experts(FEATURES)) == 6
    with pytest.raises(rs.InputError, match="experts must be a whole number"):
        simulated_experts(FEATURES, experts=0)


def test_comparisons_come_as_tables_too():
    pairs = [("job", "debts"), ("debts", "savings"), ("job", "savings")]
    as_list = rs.BradleyTerryCost.from_comparisons(pairs)
    for table in (pd.DataFrame(pairs, columns=["harder", "easier"]), np.array(pairs)):
        assert rs.BradleyTerryCost.from_comparisons(table).weights == as_list.weights
    counted = pd.DataFrame([(*pair, 3, 4) for pair in pairs], columns=["i", "j", "wins", "n"])
    again = rs.BradleyTerryCost.from_comparisons(counted).weights
    assert again == rs.BradleyTerryCost.from_comparisons([(*pair, 3, 4) for pair in pairs]).weights


def test_an_action_set_names_the_features_that_need_a_price():
    A = rs.ActionSet({"age": [20, 30], "job": [0, 1], "debts": [0, 3]})
    A["age"].actionable = False
    assert set(rs.BradleyTerryCost.from_comparisons([("job", "debts")], features=A).weights) == {"job", "debts"}
    with pytest.raises(rs.InputError, match="also compare 'job' with 'age'"):
        rs.BradleyTerryCost.from_comparisons([("job", "debts")], features=["job", "debts", "age"])


def test_a_perfect_circle_is_pointed_out():
    circle = rs.BradleyTerryCost.from_comparisons([("a", "b"), ("b", "c"), ("c", "a")])
    assert [pair[:2] for pair in circle.contradictions] == [("a", "b"), ("b", "c"), ("c", "a")]
    assert rs.BradleyTerryCost.from_comparisons([("a", "b"), ("b", "c"), ("a", "c")]).contradictions == []


@pytest.mark.parametrize(
    ("comparisons", "settings_", "message"),
    [
        (None, {}, "comparisons are a list"),
        (["ab", "bc"], {}, "not 'ab'"),
        (("job", "debts"), {}, "not 'job'"),
        ({"ann": "job"}, {}, "comparisons are a list"),
        ([("a", "b")], {"features": "ab"}, "features is a list of names"),
        ([("a", "b")], {"prior": 2}, "prior must be"),
        ([("a", "b")], {"default": "x"}, "default must be a finite number"),
    ],
)
def test_what_is_no_comparison_is_refused_with_an_example(comparisons, settings_, message):
    with pytest.raises(rs.InputError, match=message):
        rs.BradleyTerryCost.from_comparisons(comparisons, **settings_)


def test_a_class_is_no_cost():
    with pytest.raises(rs.InputError, match=r"make one of it: TotalCost\(\)"):
        rs.costs.as_cost(rs.TotalCost)
