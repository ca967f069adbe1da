"""Linked features: every verb makes the same rows of the same choices, and conditions bind whoever moves a feature.

Each test compares with the definition, written out in plain Python: a choice of values, then what it brings
along, feature after feature along the chain.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.actions import constraints as c
from recourse.generators import Descent, Generic
from recourse.menus.apply import apply
from recourse.menus.projection import Reach
from recourse.models.network_classifier import NetworkClassifier
from recourse.simulations import Behaviour
from summary_worlds import Black

CHAINS = {
    "a alone can be chosen": ["b", "c"],
    "the middle can be chosen too": ["c"],
    "all can be chosen": [],
}


def world(frozen, *, backwards=True):
    """People with a chain a → b → c, listed against its direction unless said otherwise, and an unlinked d."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 3, 80) for name in "cdba"})
    A = rs.ActionSet(X, default_bounds=(0, 2))
    for name in frozen:
        A[name].actionable = False
    links = [c.Linkage("a", {"b": 1.0, "d": 0.0}), c.Linkage("b", {"c": 2.0})]
    for link in reversed(links) if backwards else links:
        A.add_constraint(link)
    return X, A


def carried(today, chosen):
    """The definition: a moves b by 1 a unit, and b, by whatever it moved, c by 2 a unit."""
    b = chosen["b"] + (chosen["a"] - today["a"])
    return {"a": chosen["a"], "b": b, "c": chosen["c"] + 2 * (b - today["b"]), "d": chosen["d"]}


def expected_points(A, person, admits=lambda today, new: True):
    """Every row that somebody can reach, by the definition."""
    today, names = person.to_dict(), list(person.index)
    points = set()
    for values in itertools.product(*[A[name].feasible_values(today[name]).tolist() for name in names]):
        new = carried(today, dict(zip(names, values, strict=True)))
        stays = all(new[name] == today[name] for name in names)
        if stays or admits(today, new):
            points.add(tuple(new[name] for name in names))
    return points


def reachable_points(menus, person):
    sizes = [len(menu.prices) for menu in menus.menu(person)]
    picks = np.array(list(itertools.product(*map(range, sizes))))
    people = np.full(len(picks), person)
    allowed = menus.allows(people, picks)
    return set(menus.points(people[allowed], picks[allowed]).itertuples(index=False, name=None))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("frozen", CHAINS.values(), ids=CHAINS)
def test_the_menus_hold_what_the_definition_says(frozen, backwards):
    X, A = world(frozen, backwards=backwards)
    menus = A.menus(X)
    for person in range(6):
        assert reachable_points(menus, person) == expected_points(A, X.iloc[person])


@pytest.mark.parametrize("frozen", CHAINS.values(), ids=CHAINS)
def test_apply_makes_the_rows_that_the_definition_says(frozen):
    X, A = world(frozen)
    rng = np.random.default_rng(1)
    movable = [name for name in X.columns if name not in frozen]
    chosen = {name: rng.integers(0, 3, len(X)) for name in movable}
    new = apply(A, X, chosen)
    expected = pd.DataFrame([carried(old, {**old, **pick}) for old, pick in zip(
        X.to_dict("records"), pd.DataFrame(chosen).to_dict("records"), strict=True)])[list(X.columns)]  # fmt: skip
    pd.testing.assert_frame_equal(new, expected)


CONDITIONS = {
    "linear": (lambda: c.Sum({"c": 1, "d": 1}, ub=5), lambda today, new: new["c"] + new["d"] <= 5),
    "predicate": (
        lambda: c.Predicate(lambda today, new: new["c"] * (1 + new["d"]) <= 8, ["c", "d"]),
        lambda today, new: new["c"] * (1 + new["d"]) <= 8,
    ),
    "of what only moves along": (lambda: c.Sum({"c": 1}, ub=5), lambda today, new: new["c"] <= 5),
    "reachability": (
        lambda: c.Reachability("c", range(10), [[int(b - a in (0, 2)) for b in range(10)] for a in range(10)]),
        lambda today, new: new["c"] - today["c"] in (0, 2),
    ),
    "if then": (lambda: c.IfThen(("c", ">", 3), ("d", "=", 1)), lambda today, new: new["c"] <= 3 or new["d"] == 1),
    "switch": (
        lambda: c.Switch("d", 1, ["c"]),
        lambda today, new: not (new["d"] == 1 and new["c"] != today["c"]),
    ),
}


@pytest.mark.parametrize("size", ["folded", "wide"])
@pytest.mark.parametrize("kind", CONDITIONS)
@pytest.mark.parametrize("frozen", [["b", "c"], ["c"]], ids=list(CHAINS)[:2])
def test_a_condition_binds_whoever_moves_the_feature(kind, frozen, size, monkeypatch):
    if size == "wide":  # so few joint states that the chain itself is folded, and no condition with it
        monkeypatch.setattr("recourse.menus.folding.MOST_STATES", 9 if frozen == ["c"] else 3)
    X, A = world(frozen, backwards=False)
    A.remove_constraint(1)
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    make, admits = CONDITIONS[kind]

    def binds(today, new):
        read = ("c",) if kind in ("of what only moves along", "reachability") else ("c", "d")
        return all(new[name] == today[name] for name in read) or admits(today, new)

    A.add_constraint(make())
    menus = A.menus(X)
    for person in range(6):
        assert reachable_points(menus, person) == expected_points(A, X.iloc[person], binds)
        alone = A.menus(X.iloc[[person]])
        assert reachable_points(alone, 0) == reachable_points(menus, person)
    model = rs.LinearModel({"c": 1.0, "d": 1.5}, intercept=-5.75)
    answers = rs.search.solve(model, menus)
    for person in range(len(X)):
        points = expected_points(A, X.iloc[person], binds)
        possible = any(point[0] + 1.5 * point[1] >= 5.75 for point in points)
        assert answers.found[person] == possible, person


def test_a_condition_on_what_only_a_linkage_moves_keeps_people_below_it():
    X = pd.DataFrame({"years": [0, 5, 10, 20], "age": [60, 40, 30, 64]})
    A = rs.ActionSet(X, default_bounds=(0, 20))
    A["years"].step_size, A["years"].step_type = 1, "absolute"
    A["age"].actionable = False
    A.add_constraint(c.Linkage("years", {"age": 1.0}))
    A.add_constraint(c.Sum({"age": 1}, ub=65))
    model = rs.LinearModel({"age": 1.0}, intercept=-65.5)
    assert not rs.search.solve(model, A.menus(X)).found.any()
    assert not rs.audit(model, X, A).overall["feasible"]
    lower = rs.audit(rs.LinearModel({"age": 1.0}, intercept=-64.5), X, A)
    assert lower.people["feasible"].tolist() == [True, False, False, False]


@pytest.mark.parametrize("states", [4_096, 3])
def test_at_most_counts_the_features_that_a_person_chose(states, monkeypatch):
    monkeypatch.setattr("recourse.menus.folding.MOST_STATES", states)
    X = pd.DataFrame({"a": [0, 1, 2], "b": [0, 1, 2], "d": [0, 1, 2]})
    A = rs.ActionSet(X, default_bounds=(0, 2))
    A["b"].actionable = False
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    A.add_constraint(c.AtMost(1, ["a", "b", "d"]))
    menus = A.menus(X)
    assert reachable_points(menus, 0) == {(0, 0, 0), (1, 1, 0), (2, 2, 0), (0, 0, 1), (0, 0, 2)}
    model = rs.LinearModel({"a": 1.0, "b": 1.0}, intercept=-3.5)
    assert rs.search.solve(model, menus).found.tolist() == [True, True, True]
    search = Reach(A, X)
    assert search.settle(np.array([[2.0, 0.0, 0.0]]), np.array([0])).tolist() == [[2.0, 2.0, 0.0]]


@pytest.mark.parametrize("frozen", CHAINS.values(), ids=CHAINS)
def test_an_audit_and_a_flipset_say_what_moved_along(frozen):
    X, A = world(frozen)
    model = rs.LinearModel({"c": 1.0, "b": 0.25}, intercept=-5.5)
    changes = rs.audit(model, X, A).changes
    assert len(changes)
    for row, lines in changes.groupby("row"):
        today = X.iloc[row].to_dict()
        new = {**today, **dict(zip(lines["feature"], lines["new"], strict=True))}
        paid = {name for name, price in zip(lines["feature"], lines["price"], strict=True) if price > 0}
        if "b" not in paid and "c" not in paid:
            assert new == carried(today, {**today, "a": new["a"], "d": new["d"]})
        assert new["c"] - today["c"] >= 2 * (new["b"] - today["b"]) or "c" in paid
    row = changes["row"].iloc[0]
    best = rs.flipset(model, X.iloc[row], A).items[0]
    said = {change.feature: change.new for change in best.changes}
    assert said == dict(changes[changes["row"] == row][["feature", "new"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("frozen", list(CHAINS.values())[:2], ids=list(CHAINS)[:2])
def test_rules_of_a_summary_move_the_whole_chain(frozen):
    X, A = world(frozen)
    model = Black(lambda X: X["c"] + 0.25 * X["b"] - 4)
    result = rs.summarize(model, X, A, subgroups=[], min_support=0.02, max_rules=4)
    denied = X[~model.approves(X)]
    new = result.apply(denied)
    assert (new["a"] != denied["a"]).any()
    pd.testing.assert_series_equal(new["c"] - denied["c"], 2 * (new["b"] - denied["b"]), check_names=False)
    if "b" in frozen:
        pd.testing.assert_series_equal(new["b"] - denied["b"], new["a"] - denied["a"], check_names=False)
    assert new.dtypes.equals(denied.dtypes), "integers stay integers"
    prescribed = (result.prescribe(denied)["rule"] > 0).to_numpy()
    assert (model.approves(new) & prescribed).mean() == pytest.approx(result.measures().loc["accuracy", "in sample"])


def test_rules_of_a_summary_keep_conditions_on_what_moves_along():
    X, A = world(["b", "c"])
    model = Black(lambda X: X["c"] - 4)
    A.add_constraint(c.Sum({"c": 1}, ub=5))
    result = rs.summarize(model, X, A, subgroups=[], min_support=0.02, max_rules=4)
    new = result.apply(X[~model.approves(X)])
    assert new["c"].max() <= 5
    assert new["c"].max() > 3


@pytest.mark.parametrize("frozen", CHAINS.values(), ids=CHAINS)
def test_somebody_who_goes_half_the_way_moves_the_chain_once(frozen):
    X = pd.DataFrame({name: [0.0, 0.0, 4.0] for name in "abcd"})
    A = rs.ActionSet(X, default_bounds=(0, 40), default_step_type="absolute")
    A.step_size = 1
    for name in frozen:
        A[name].actionable = False
    A.add_constraint(c.Linkage("b", {"c": 2.0}))
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    today = X.head(2)
    new = apply(A, today, {"a": np.array([4.0, 2.0])})
    assert new.to_numpy().tolist() == [[4, 4, 8, 0], [2, 2, 4, 0]]
    rows, _ = Behaviour(effort=0.5).act(today, new, A, np.random.default_rng(0))
    assert rows.to_numpy().tolist() == [[2, 2, 4, 0], [1, 1, 2, 0]]
    rows, _ = Behaviour(noise=0.1).act(today, new, A, np.random.default_rng(0))
    moved = rows["a"].to_numpy()
    if "b" in frozen:
        np.testing.assert_array_equal(rows["b"], moved)
        np.testing.assert_array_equal(rows["c"], 2 * moved)


def test_somebody_who_goes_half_the_way_of_two_choices_moves_by_both():
    X = pd.DataFrame({name: [0.0, 0.0, 4.0] for name in "abc"})
    A = rs.ActionSet(X, default_bounds=(0, 40))
    A.add_constraint(c.Linkage("b", {"c": 2.0}))
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    new = apply(A, X.head(1), {"a": np.array([4.0]), "b": np.array([2.0])})
    assert new.to_numpy().tolist() == [[4, 6, 12]]
    rows, _ = Behaviour(effort=0.5).act(X.head(1), new, A, np.random.default_rng(0))
    assert rows.to_numpy().tolist() == [[2, 3, 6]]


def test_generators_settle_on_the_rows_that_the_definition_says():
    X, A = world(["b", "c"])
    reach = Reach(A, X)
    rng = np.random.default_rng(2)
    wanted = reach.today + 0
    wanted[:, list(X.columns).index("a")] = rng.integers(0, 3, len(X))
    rows = reach.rows(reach.settle(wanted))
    expected = [tuple(carried(old, {**old, "a": a})[n] for n in X.columns) for old, a in zip(
        X.to_dict("records"), wanted[:, list(X.columns).index("a")], strict=True)]  # fmt: skip
    assert list(rows.itertuples(index=False, name=None)) == expected


def test_counterfactuals_of_a_generator_keep_the_chain():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 20, 200) for name in "cba"})
    clf = NetworkClassifier((), random_state=0).fit(X, (X["c"] > 10).astype(int))
    A = rs.ActionSet(X, default_bounds=(0, 60))
    A[["b", "c"]].actionable = False
    A.add_constraint(c.Linkage("b", {"c": 1.0}))
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    people = X[clf.predict(X) == 0].head(30)
    out = Generic(max_steps=100, optimiser=Descent(0.05)).generate(clf, people, A)
    for name in "bc":
        np.testing.assert_array_equal(out.X[name] - people[name], out.X["a"] - people["a"])


@pytest.mark.parametrize("code", [np.nan, -9.0])
def test_a_missing_target_stays_missing(code):
    X = pd.DataFrame({"a": [0.0, 1, 2, 3], "b": [1.0, 2, code, 3], "c": [0.0, 1, 2, 3]})
    A = rs.ActionSet(X, default_bounds=(0, 3), missing={"b": [-9]})
    A[["b", "c"]].actionable = False
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    A.add_constraint(c.Linkage("b", {"c": 1.0}))
    new = apply(A, X, {"a": X["a"].to_numpy() + 1})
    np.testing.assert_array_equal(new["b"], [2, 3, code, 4])
    np.testing.assert_array_equal(new["c"], [1, 2, 2, 4])
    person = [tuple(map(float, point)) for point in reachable_points(A.menus(X), 2)]
    assert {point[0] for point in person} == {0, 1, 2, 3}
    assert all(np.isnan(point[1]) if np.isnan(code) else point[1] == code for point in person)
    assert {point[2] for point in person} == {2}
    reach = Reach(A, X)
    settled = reach.rows(reach.settle(reach.today + np.array([1.0, 0, 0])))
    np.testing.assert_array_equal(settled["b"], [2, 3, code, 3])


def test_leaving_missing_has_no_distance_and_so_is_refused_where_it_would_move_others():
    X = pd.DataFrame({"a": [0.0, 1, np.nan, 2.0] * 20, "b": [0.0, 1, 0, 2] * 20})
    A = rs.ActionSet(X, default_bounds=(0, 2))
    A["b"].actionable = False
    A["a"].from_missing = 0.5
    A.add_constraint(c.Linkage("a", {"b": 1.0}))
    model = Black(lambda X: X["b"] + X["a"].fillna(0) - 2)
    model.accepts = lambda X: True
    result = rs.summarize(model, X, A, subgroups=[], min_support=0.02)
    new = result.apply(X)
    assert new["a"][X["a"].isna()].isna().all()
    assert not new["b"].isna().any()


@pytest.mark.parametrize(
    "links",
    [
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a")],
    ],
)
def test_a_circle_of_linkages_is_refused_when_it_is_closed(links):
    A = rs.ActionSet({"a": [0, 1, 2], "b": [0, 1, 2], "c": [0, 1, 2]})
    for source, target in links[:-1]:
        A.add_constraint(c.Linkage(source, {target: 1.0}))
    source, target = links[-1]
    with pytest.raises(rs.InputError, match="in a circle"):
        A.add_constraint(c.Linkage(source, {target: 1.0}))
    assert len(A.constraints) == len(links) - 1
    A.menus({"a": [0], "b": [0], "c": [0]})


def test_a_linkage_onto_levels_is_refused_in_words():
    A = rs.ActionSet({"a": [0, 1, 2], "job": ["none", "trained", "none"]})
    A.add_constraint(c.Linkage("a", {"job": 1.0}))
    with pytest.raises(rs.InputError, match="a linkage moves numbers, but 'job' is categorical"):
        A.menus({"a": [0], "job": ["none"]})


LIMITS = {
    "one change at most": lambda: c.AtMost(1),
    "one of two at most": lambda: c.AtMost(1, ["years", "age"]),
    "one of the chosen at most": lambda: c.AtMost(1, ["years", "income"]),
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("size", ["folded", "wide"])
def test_a_limit_counts_what_was_chosen_and_not_what_moved_along(limit, size, monkeypatch):
    if size == "wide":
        monkeypatch.setattr("recourse.menus.folding.MOST_STATES", 7)
    X = pd.DataFrame({"years": [0, 2, 5], "age": [30, 40, 50], "income": [1, 2, 3]})
    A = rs.ActionSet(X, default_bounds=(0, 5))
    for name in ("years", "income"):
        A[name].step_size, A[name].step_type = 1, "absolute"
    A["age"].actionable = False
    A.add_constraint(c.Linkage("years", {"age": 1.0}))
    A.add_constraint(LIMITS[limit]())
    model = rs.LinearModel({"age": 1.0, "income": 1.0}, intercept=-44.5)
    audit = rs.audit(model, X, A).people
    menus = A.menus(X)
    answers = rs.search.solve(model, menus)
    for person in range(len(X)):
        today = X.iloc[person]
        counted = limit != "one of two at most"
        points = {
            (y, today["age"] + y - today["years"], i)
            for y in range(6)
            for i in range(6)
            if not (counted and y != today["years"] and i != today["income"])
        }
        assert reachable_points(menus, person) == points
        possible = any(age + income > 44.5 for _, age, income in points)
        assert answers.found[person] == possible
        alone = rs.audit(model, X.iloc[[person]], A).people
        for column in ("status", "cost"):
            pd.testing.assert_series_equal(alone[column], audit[column].iloc[[person]], check_dtype=False)
    found = np.flatnonzero(answers.found)
    assert menus.allows(found, answers.picks[found]).all()
