"""Small made-up lenders for the tests of summaries, and what rules mean, written a second time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

import recourse as rs
from recourse.models import Model
from recourse.summaries import CandidateSpace, Limits
from recourse.summaries.choice.problem import ChoiceProblem
from recourse.summaries.evidence.moves import Shift

LIMIT_NAMES = {one.name for one in fields(Limits)} - {"time_limit"}
SPACE_NAMES = {one.name for one in fields(CandidateSpace)}

JOBS = ("clerk", "driver", "manager", "?")


class Black(Model):
    """A black box that counts the rows it is asked about."""

    name, desired, rule, feature_names = "black box", 1, "score ≥ 0", None

    def __init__(self, score):
        self.score, self.asked = score, 0

    def approves(self, X):
        self.asked += len(X)
        return np.asarray(self.score(X) >= 0, dtype=bool)


def action_set(X, frozen=(), **settings):
    actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"), missing=["?"])
    for name in frozen:
        actions[name].actionable = False
    for name, said in settings.items():
        for setting, value in said.items():
            setattr(actions[name], setting, value)
    return actions


@dataclass
class World:
    X: pd.DataFrame
    model: Black
    actions: rs.ActionSet

    @property
    def denied(self):
        return self.X[~self.model.approves(self.X)].reset_index(drop=True)


def world(seed=0, n=160, frozen=("sex",), **settings):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "sex": rng.choice(["Female", "Male"], n),
            "job": rng.choice(JOBS, n, p=[0.4, 0.3, 0.2, 0.1]),
            "debts": rng.integers(0, 6, n),
            "income": np.round(rng.gamma(3.0, 10.0, n), 1),
        }
    )
    w = rng.normal(size=4)

    def score(X):
        return (
            w[0] * (X["sex"] == "Male")
            + (X["job"] == "manager") * (1 + abs(w[1]))
            - 0.5 * X["debts"].astype(float)
            + 0.04 * X["income"].astype(float)
            - 0.6
            + 0.3 * w[3] * (X["debts"] == 2)
        ).to_numpy()

    return World(X, Black(score), action_set(X, frozen, **settings))


def summary(w, **changes):
    settings: dict[str, Any] = {"subgroups": ["sex"], "min_support": 0.03, "bins": 5, "max_rules": 4} | changes
    return summarize(w.model, w.X, w.actions, **settings)


def summarize(model, X, actions, **settings):
    """`rs.summarize`, with each setting in the options object where it belongs."""
    limits, space, direct = {}, {}, {}
    for name, value in settings.items():
        place = limits if name in LIMIT_NAMES else space if name in SPACE_NAMES else direct
        place[name] = value
    return rs.summarize(model, X, actions, limits=Limits(**limits), space=CandidateSpace(**space), **direct)


def true_of(predicate, value):
    """The plain meaning of a predicate, written a second time."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return False
    if predicate.operator == "in":
        low, high = predicate.value
        return (low is None or low <= value) and (high is None or value < high)
    tests = {"=": value == predicate.value, "≠": value != predicate.value and value not in predicate.missing}
    if predicate.operator in tests:
        return tests[predicate.operator]
    return value <= predicate.value if predicate.operator == "≤" else value >= predicate.value


def moved(w, move, value):
    """Where a move leads, from the action set's values alone; None where it isn't allowed."""
    feature = w.actions[move.feature]
    values = feature.target_values.tolist()
    if isinstance(move, Shift):
        far = [v for v in values if (v >= value + move.amount if move.amount > 0 else v <= value + move.amount)]
        if not far:
            return None
        new = min(far) if move.amount > 0 else max(far)
    elif true_of(move.goal, value):
        return value
    else:
        reach = [v for v in values if true_of(move.goal, v)]
        if not reach:
            return None
        new = min(reach, key=lambda v: (abs(v - value), v)) if not isinstance(value, str) else reach[0]
    direction = feature.step_direction
    if value == "?" or (direction and (new - value) * direction < 0):
        return None
    return new


def after(w, rule, person):
    """A person's row after a rule, or None where that isn't possible."""
    new = dict(person)
    for move in rule.action:
        new[move.feature] = moved(w, move, person[move.feature])
        if new[move.feature] is None:
            return None
    return new


def encoded_world(n=200):
    rng = np.random.default_rng(0)
    home = rng.integers(0, 3, n)
    X = pd.DataFrame({f"home_{k}": (home == k).astype(int) for k in range(3)} | {"debts": rng.integers(0, 5, n)})
    model = Black(lambda X: 2.0 * X["home_2"] + 1.0 * X["home_1"] - 0.5 * X["debts"] - 0.8)
    actions = rs.ActionSet(X)
    actions.add_constraint(rs.constraints.OneHot(["home_0", "home_1", "home_2"]))
    return X, model, actions


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
