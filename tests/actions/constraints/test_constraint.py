"""What holds for constraints of every kind."""

from __future__ import annotations

import numpy as np
import pytest

import recourse as rs
from constraint_worlds import population
from recourse.actions import constraints as c


def test_constraints_are_listed_copied_and_never_shared():
    actions = rs.ActionSet(population(1))
    number = actions.add_constraint(c.OneHot(["rents", "owns", "free"]))
    twin = actions.copy()
    twin.remove_constraint(number)
    assert list(actions.constraints) == [number]
    assert "OneHot(rents, owns, free" in repr(actions)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: c.OneHot("rents"), "a list of at least 1 different"),
        (lambda: c.OneHot(["a", "a"]), "different feature names"),
        (lambda: c.GroupLimit(["a", "b"], 2, 1), "0 ≤ lb ≤ ub"),
        (lambda: c.AtMost(-1), "whole number"),
        (lambda: c.IfThen(("a", "~", 1), ("b", "=", 1)), "must be .feature, operator, value."),
        (lambda: c.Thermometer(["a"]), "at least 2"),
        (lambda: c.Thermometer(["a", "b"], direction=2), "direction must be"),
        (lambda: c.Sum({"a": 1}, 2, 1), "lb ≤ ub"),
        (lambda: c.Reachability("a", [1, 2], [[1]]), "need a 2 × 2 matrix"),
        (lambda: c.Reachability("a", [1, 1], np.eye(2)), "no state twice"),
        (lambda: c.Predicate(3, ["a"]), "needs a function"),
    ],
)
def test_a_constraint_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(rs.InputError, match=message):
        make()


def test_a_constraint_on_an_unknown_feature_is_refused_with_the_nearest_name():
    with pytest.raises(rs.InputError, match="'rent' is not a feature. Did you mean 'rents'"):
        rs.ActionSet(population(0)).add_constraint(c.OneHot(["rent", "owns"]))
    with pytest.raises(rs.InputError, match="one of recourse.constraints"):
        rs.ActionSet(population(0)).add_constraint("one-hot")


@pytest.mark.parametrize("constraint", [c.OneHot(["job", "rents"]), c.Sum({"age": 1, "job": 1}, 0, 9)])
def test_a_constraint_on_words_is_an_error_that_names_it(constraint):
    X = population(0)
    A = rs.ActionSet(X)
    A.add_constraint(constraint)
    for use in (A.validate, A.menus):
        with pytest.raises(rs.InputError, match=f"{type(constraint).__name__} needs numbers, but column 'job' holds"):
            use(X)
