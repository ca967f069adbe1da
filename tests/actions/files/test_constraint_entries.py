"""The constraints of an action file: what can be said, and what is wrong with it."""

from __future__ import annotations

import pytest

from action_file_worlds import EXAMPLES, problems
from recourse import constraints as joint
from recourse.actions.files.schema import KINDS, entry_of


def test_every_kind_of_constraint_of_the_package_can_be_said_but_code():
    kinds = {cls for cls in vars(joint).values() if isinstance(cls, type) and issubclass(cls, joint.Constraint)}
    sayable = {type(constraint) for constraint in EXAMPLES}
    assert kinds - sayable == {joint.Constraint, joint.Predicate}
    assert {entry_of(constraint)["kind"] for constraint in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "must say its kind. Choose from"),
        ({"kind": 3}, "3 is no kind of constraint"),
        ({"kind": "onehot"}, "Did you mean 'one_hot'"),
        ({"kind": "one_hot"}, "features: is missing; it must be a list of two or more"),
        ({"kind": "one_hot", "features": ["on"]}, "must be a list of two or more"),
        ({"kind": "one_hot", "features": ["on", "on"]}, "lists 'on' twice"),
        ({"kind": "one_hot", "features": ["on", "of"]}, "no column 'of'. Did you mean 'off'"),
        ({"kind": "one_hot", "features": ["on", "overdue"]}, "is for 0/1 features, and 'overdue' holds others"),
        ({"kind": "one_hot", "features": ["on", "sex"]}, "'sex' is group_only"),
        ({"kind": "one_hot", "features": ["on", "off"], "atmost": True}, "Did you mean 'at_most'"),
        ({"kind": "group_limit", "features": ["on", "off"], "lb": 2, "ub": 1}, "0 ≤ lb ≤ ub"),
        ({"kind": "at_most", "k": -1}, "k: must be a whole number of 0 or more"),
        ({"kind": "at_most", "k": 1.5}, "k: must be a whole number"),
        ({"kind": "if_then", "if": ["on", "=", 0]}, "then: is missing"),
        ({"kind": "if_then", "if": ["on", "~", 0], "then": ["off", "=", 0]}, "with one of = != <"),
        ({"kind": "if_then", "if": ["on", "in", 0], "then": ["off", "=", 0]}, "a list of values after 'in'"),
        ({"kind": "if_then", "if": ["housing", "<", "own"], "then": ["off", "=", 0]}, "'housing' holds words"),
        ({"kind": "if_then", "if": ["on", "<", "own"], "then": ["off", "=", 0]}, 'compared with "own"'),
        ({"kind": "if_then", "if": ["on", "=", "no"], "then": ["off", "=", 0]}, "'on' is a number and can't be"),
        ({"kind": "ordinal_encoding", "features": ["on", "off"], "direction": "u"}, 'must be "up", "down"'),
        ({"kind": "thermometer", "features": ["on", "housing"]}, "is for 0/1 features"),
        ({"kind": "linkage", "source": "housing", "targets": {"on": 1}}, "is for numbers, and 'housing' holds"),
        ({"kind": "linkage", "source": "overdue", "targets": {"overdue": 1}}, "different feature names"),
        ({"kind": "linkage", "source": "overdue", "targets": {}}, "must be a table of numbers by feature"),
        ({"kind": "sum", "coefficients": {"on": 1}, "lb": 3, "ub": 1}, "a sum needs lb ≤ ub"),
        ({"kind": "sum", "coefficients": {"on": "1"}}, "must be a table of numbers by feature"),
        ({"kind": "switch", "switch": "on", "value": 1, "targets": ["on"]}, "different feature names"),
        ({"kind": "reachability", "features": ["on"], "states": [0, 1], "reachable": [[1, 1]]}, "need a 2 × 2 matrix"),
        ({"kind": "reachability", "features": ["on"], "states": [0, 1], "reachable": [[1], [1, 1]]}, "in length"),
        ({"kind": "reachability", "features": ["on"], "states": [0, 0], "reachable": [[1, 1]] * 2}, "no state twice"),
        ({"kind": "reachability", "features": ["on"], "states": [0, 1], "reachable": [[1, 2]] * 2}, "one row of 0s"),
        ("one_hot", 'must be a table of settings, not "one_hot"'),
    ],
)
def test_a_wrong_constraint_is_located_and_says_what_would_work(X, entry, message):
    good = {"kind": "one_hot", "features": ["on", "off"]}
    found = problems({"features": {"sex": {"group_only": True}}, "constraints": [good, entry]}, X)
    assert any(message in str(problem) for problem in found), found
    assert all(problem.place[:2] == ("constraints", 1) for problem in found)
    assert str(found[0]).startswith("constraint 2")
