"""The one way in which searches ask the model: conditions first, each row counted."""

from __future__ import annotations

import numpy as np
import pandas as pd

import recourse as rs
from recourse.menus import folding
from recourse.search.exclusions import Exclusions
from recourse.search.questions import Questions, drop_free_changes
from recourse.search.solutions import FEASIBLE, UNKNOWN


class Counting(rs.Model):
    """Approves from a sum of 3 on, and keeps the rows that it was asked about."""

    name, desired, rule, feature_names = "counting", 1, "a + b ≥ 3", ["a", "b"]

    def __init__(self):
        self.asked = []

    def approves(self, X):
        self.asked += X[["a", "b"]].to_numpy().tolist()
        return (X["a"] + X["b"] >= 3).to_numpy()


X = pd.DataFrame({"a": [0, 1, 2, 3], "b": [0, 1, 2, 3]})


def question(people=None, exclusions=None, budget=None, A=None, cost="total"):
    """Questions about the first two people, who are at (0, 0) and (1, 1)."""
    menus = (rs.ActionSet(X) if A is None else A).menus(X.iloc[:2], cost)
    return Questions(Counting(), menus, people, exclusions, budget)


def pick(asked, which, a, b):
    """The picks that lead the people at these positions to values of a and b."""
    menus = asked.menus
    picks = []
    for i in which:
        values = [menus.menu(asked.people[i])[j].values[0].tolist() for j in range(2)]
        picks.append([values[0].index(a), values[1].index(b)])
    return np.array(picks, dtype=np.int32)


def test_each_row_that_is_put_to_the_model_counts_for_its_person():
    asked = question(budget=rs.Budget(max_questions=3))
    which = np.array([0, 0, 1])
    picks = np.concatenate([pick(asked, [0], 2, 1), pick(asked, [0], 2, 0), pick(asked, [1], 1, 3)])
    assert asked.approves(which, picks).tolist() == [True, False, True]
    assert asked.model.asked == [[2, 1], [2, 0], [1, 3]]
    assert asked.asked.tolist() == [2, 1]
    assert asked.left(np.array([0, 1])).tolist() == [1, 2]
    asked.approves(np.array([0]), picks[:1])
    assert asked.may_ask(np.array([0, 1])).tolist() == [False, True]
    assert not len(asked.approves(np.zeros(0, dtype=int), picks[:0]))
    assert len(asked.model.asked) == 4


def test_positions_are_those_among_the_people_of_the_search():
    asked = question(people=[1])
    asked.approves(np.array([0]), pick(asked, [0], 2, 1))
    assert asked.model.asked == [[2, 1]], "person 1 is at (1, 1)"
    assert len(asked) == len(asked.unknown()) == 1


def test_excluded_actions_are_not_allowed_and_the_model_is_not_asked():
    asked = question(exclusions=[Exclusions(supersets=[frozenset({0, 1})]), Exclusions(frozen=frozenset({0}))])
    which = np.array([0, 0, 1, 1])
    picks = np.concatenate(
        [pick(asked, [0], 1, 2), pick(asked, [0], 3, 0), pick(asked, [1], 2, 1), pick(asked, [1], 1, 3)]
    )
    assert asked.allowed(which, picks).tolist() == [False, True, False, True]
    assert asked.model.asked == []


def test_actions_that_break_a_condition_across_menus_are_never_put_to_the_model(monkeypatch):
    monkeypatch.setattr(folding, "MOST_STATES", 1)
    A = rs.ActionSet(X)
    A.add_constraint(rs.constraints.Sum({"a": 1, "b": 1}, ub=4))
    asked = question(A=A)
    assert asked.menus.wide
    which = np.array([0, 0, 1])
    picks = np.concatenate([pick(asked, [0], 3, 3), pick(asked, [0], 2, 2), pick(asked, [1], 0, 1)])
    assert asked.works(which, picks).tolist() == [False, True, False]
    assert asked.model.asked == [[2, 2], [0, 1]]
    assert asked.allowed(which, picks).tolist() == [False, True, True]


def test_free_changes_that_the_model_does_not_need_are_undone():
    free = rs.FunctionCost(lambda feature, x, values: np.where(feature.name == "b", 0.0, np.abs(values - x) * 1.0))
    asked = question(people=[0], cost=free)
    out = asked.unknown()
    out.propose(0, pick(asked, [0], 3, 2)[0], 3.0, 3.0)
    drop_free_changes(asked, out)
    assert asked.menus.points([0], out.picks).to_numpy().tolist() == [[3, 0]]
    needed = asked.unknown()
    needed.propose(0, pick(asked, [0], 2, 2)[0], 2.0, 2.0)
    drop_free_changes(asked, needed)
    assert asked.menus.points([0], needed.picks).to_numpy().tolist() == [[2, 2]], "without it the model denies"


def test_free_changes_stay_where_no_question_is_left():
    free = rs.FunctionCost(lambda feature, x, values: np.zeros(len(values)))
    asked = question(people=[0], budget=rs.Budget(max_questions=1), cost=free)
    out = asked.unknown()
    out.propose(0, pick(asked, [0], 3, 3)[0], 0.0, 0.0)
    drop_free_changes(asked, out)
    assert len(asked.model.asked) == 1
    assert asked.menus.points([0], out.picks).to_numpy().tolist() == [[0, 3]]
    assert out.codes.tolist() == [FEASIBLE]
    assert question().unknown().codes.tolist() == [UNKNOWN, UNKNOWN]
