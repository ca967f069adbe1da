"""Joint constraints: no action of any search violates one, and no action that satisfies all is left out."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import recourse as rs
from constraint_worlds import JOB, action_set, population, reachable_points
from recourse.actions import constraints as c
from recourse.search import any_model, brute_force

relaxed = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


# kind → (constraint, the same condition in plain Python over today's and the new row, both mappings)
KINDS = {
    "one-hot": (
        lambda: c.OneHot(["rents", "owns", "free"]),
        lambda old, new: new["rents"] + new["owns"] + new["free"] == 1,
    ),
    "one-hot, a level dropped": (
        lambda: c.OneHot(["rents", "owns"], at_most=True),
        lambda old, new: new["rents"] + new["owns"] <= 1,
    ),
    "group limit": (
        lambda: c.GroupLimit(["rents", "owns", "saved_100"], 1, 2),
        lambda old, new: 1 <= new["rents"] + new["owns"] + new["saved_100"] <= 2,
    ),
    "at most k of some": (
        lambda: c.AtMost(1, ["years", "job", "saved_100"]),
        lambda old, new: sum(old[f] != new[f] for f in ("years", "job", "saved_100")) <= 1,
    ),
    "if-then": (
        lambda: c.IfThen(("job", "=", "senior"), ("years", ">=", 3)),
        lambda old, new: new["job"] != "senior" or new["years"] >= 3,
    ),
    "thermometer": (
        lambda: c.Thermometer(["saved_100", "saved_500"], direction=1),
        lambda old, new: (
            new["saved_500"] <= new["saved_100"]
            and new["saved_100"] + new["saved_500"] >= old["saved_100"] + old["saved_500"]
        ),
    ),
    "ordinal encoding": (
        lambda: c.OrdinalEncoding(["rents", "free", "owns"], direction=-1),
        lambda old, new: (
            new["rents"] + new["owns"] + new["free"] == 1
            and new["rents"] + 2 * new["free"] + 3 * new["owns"] <= old["rents"] + 2 * old["free"] + 3 * old["owns"]
        ),
    ),
    "sum": (lambda: c.Sum({"years": 1, "age": -1}, ub=-1), lambda old, new: new["years"] - new["age"] <= -1),
    "sum of changes": (
        lambda: c.Sum({"age": 1, "years": -1}, 0, 0, of_changes=True),
        lambda old, new: new["age"] - old["age"] == new["years"] - old["years"],
    ),
    "reachability": (
        lambda: c.Reachability("job", JOB, [[1, 1, 0], [0, 1, 1], [0, 0, 1]]),
        lambda old, new: 0 <= JOB.index(new["job"]) - JOB.index(old["job"]) <= 1,
    ),
    "joint reachability": (
        lambda: c.Reachability(["job", "owns"], [(j, o) for j in JOB for o in (0, 1)], np.triu(np.ones((6, 6)))),
        lambda old, new: 2 * JOB.index(new["job"]) + new["owns"] >= 2 * JOB.index(old["job"]) + old["owns"],
    ),
    "switch": (
        lambda: c.Switch("owns", 1, ["years", "saved_500"]),
        lambda old, new: (
            not (new["owns"] == 1 and (new["years"] != old["years"] or new["saved_500"] != old["saved_500"]))
        ),
    ),
    "predicate": (
        lambda: c.Predicate(lambda today, new: (new["years"] * new["owns"] <= 2).to_numpy(), ["years", "owns"]),
        lambda old, new: new["years"] * new["owns"] <= 2,
    ),
}


def expected_points(actions: rs.ActionSet, person: pd.Series, rules) -> set[tuple]:
    """Every row that a person can reach, by the definitions: menus, then the rules wherever they bind."""
    names = list(person.index)
    person_menus = [actions[name].feasible_values(person[name]).tolist() for name in names]
    points = set()
    for values in itertools.product(*person_menus):
        new = dict(zip(names, values, strict=True))
        if all(all(new[f] == person[f] for f in features) or rule(person, new) for features, rule in rules):
            points.add(values)
    return points


def model_of(X: pd.DataFrame, seed: int) -> rs.Model:
    """An additive model over numbers and words."""
    rng = np.random.default_rng(seed)
    weights = dict(zip(X.columns, rng.normal(size=X.shape[1]), strict=True))
    job = dict(zip(JOB, rng.normal(size=3), strict=True))

    class Points(rs.LinearModel):
        """Points for words as well as for numbers."""

        def score(self, rows):
            return super().score(rows.assign(job=rows["job"].map(job).astype(float)))

        def additive(self, menus):
            coded = [
                tuple(
                    np.array([job[v] for v in domain]) if name == "job" else domain
                    for name, domain in zip(names, domains, strict=True)
                )
                for names, domains in zip(menus.blocks, menus.domains, strict=True)
            ]
            fields = {field: getattr(menus, field) for field in menus.__dataclass_fields__}
            X = menus.X.assign(job=menus.X["job"].map(job).astype(float))
            statement = super().additive(rs.Menus(**{**fields, "domains": tuple(coded), "X": X}))
            return type(statement)(self.score(menus.X), statement.gains, statement.strict, statement.tolerance)

    return Points({**weights, "job": 1.0}, intercept=-float(rng.uniform(0, 2)))


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "wide"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_grid_allows_exactly_what_the_condition_allows(kind, folded, monkeypatch):
    if not folded:
        monkeypatch.setattr("recourse.menus.folding.MOST_STATES", 1)
    make, rule = KINDS[kind]
    for seed in range(4):
        X = population(seed)
        actions = action_set(X, np.random.default_rng(seed))
        constraint = make()
        actions.add_constraint(constraint)
        menus = actions.menus(X.iloc[:6])
        assert bool(menus.wide) is not folded or not any(f in menus.features for f in constraint.features)
        for person in range(3):
            row = X.iloc[person]
            assert reachable_points(menus, person) == expected_points(actions, row, [(constraint.features, rule)])


@pytest.mark.parametrize("cost", ["total", "max", "local"])
@relaxed
@given(
    seed=st.integers(0, 10_000),
    kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3, unique=True),
    states=st.sampled_from([1, 30, 4096]),
    max_changes=st.sampled_from([None, None, 1, 2]),
)
def test_every_search_finds_what_brute_force_finds(cost, seed, kinds, states, max_changes, monkeypatch):
    monkeypatch.setattr("recourse.menus.folding.MOST_STATES", states)
    X = population(seed)
    actions = action_set(X, np.random.default_rng(seed))
    for kind in kinds:
        actions.add_constraint(KINDS[kind][0]())
    model = model_of(X, seed)
    denied = X[~model.approves(X)].iloc[:4]
    menus = actions.menus(denied, cost, max_changes=max_changes)
    expected = brute_force.solve(model, menus)
    for answers in (rs.search.solve(model, menus), any_model.solve(model, menus)):
        np.testing.assert_array_equal(answers.codes, expected.codes)
        np.testing.assert_allclose(answers.cost, expected.cost, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(answers.total, expected.total, rtol=1e-9, atol=1e-9)
        found = np.flatnonzero(answers.found)
        assert menus.allows(found, answers.picks[found]).all()


@relaxed
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(sorted(KINDS)),
    states=st.sampled_from([1, 4096]),
    distinct=st.sampled_from(["minimal", "subsets", "exclusive"]),
)
def test_items_are_distinct_by_feature_also_where_features_share_a_menu(seed, kind, states, distinct, monkeypatch):
    monkeypatch.setattr("recourse.menus.folding.MOST_STATES", states)
    X = population(seed)
    actions = action_set(X, np.random.default_rng(seed))
    actions.add_constraint(KINDS[kind][0]())
    model = model_of(X, seed)
    denied = X[~model.approves(X)].iloc[:2]
    menus = actions.menus(denied)
    ranks = rs.search.solve_items(model, menus, total_items=4, distinct=distinct)
    for person in range(len(denied)):
        earlier: list[set[int]] = []
        for rank in ranks:
            if not rank.found[person]:
                break
            changed = set(np.flatnonzero(menus.feature_changes([person], rank.picks[[person]])[0]))
            for before in earlier:
                assert {
                    "minimal": not before <= changed,
                    "subsets": before != changed,
                    "exclusive": not before & changed,
                }[distinct]
            earlier.append(changed)


def test_in_one_largest_price_the_smallest_sum_wins_also_with_joint_menus():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: [0, 1, 2, 3] for name in "abc"})
    for seed in range(60):
        prices = {name: np.concatenate([[0], rng.random(3)]) for name in "abc"}
        prices["a"] = np.array([0, 0.9, 0.95, 0.97])
        cost = rs.FunctionCost(lambda f, x, v, p=prices: p[f.name][np.asarray(v, dtype=int)], combine="max")
        actions = rs.ActionSet(X, default_bounds=(0, 3))
        actions.add_constraint(c.Sum({"b": 1, "c": 1}, ub=5))
        weights = rng.random(3)
        model = rs.LinearModel(dict(zip("abc", weights, strict=True)), -float(rng.uniform(0.5, 3) * weights.sum()))
        menus = actions.menus(X.iloc[:1], cost)
        expected, answer = brute_force.solve(model, menus), any_model.solve(model, menus)
        assert answer.codes[0] == expected.codes[0], seed
        np.testing.assert_allclose([answer.cost, answer.total], [expected.cost, expected.total])


def test_somebody_who_violates_a_constraint_today_can_still_change_other_features():
    X = population(0)
    X.loc[0, ["rents", "owns", "free"]] = [1, 1, 0]
    for states in (1, 4096):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("recourse.menus.folding.MOST_STATES", states)
            actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
            actions.add_constraint(c.OneHot(["rents", "owns", "free"]))
            model = rs.LinearModel({"years": 1.0, "owns": 0.25}, intercept=-3.75 - 0.25)
            answer = rs.search.solve(model, actions.menus(X.iloc[[0]]))
            after = actions.menus(X.iloc[[0]]).points([0], answer.picks)
            assert after["years"].iloc[0] == 4
            assert after[["rents", "owns", "free"]].to_numpy().tolist() == [[1, 1, 0]]
    assert "1 of 60 people do not satisfy it today" in " ".join(actions.validate(X))


def test_a_zero_coefficient_matters_when_a_constraint_needs_the_feature():
    X = population(1)
    actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
    actions.add_constraint(c.OneHot(["rents", "owns", "free"]))
    model = rs.LinearModel({"owns": 1.0, "rents": 0.0, "free": 0.0}, intercept=-0.5)
    renter = X[X["rents"] == 1].iloc[[0]]
    menus = actions.menus(renter)
    answer = rs.search.solve(model, menus)
    after = menus.points([0], answer.picks)
    assert after[["rents", "owns", "free"]].to_numpy().tolist() == [[0, 1, 0]]
