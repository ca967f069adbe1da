"""What is wrong with an action file is said all at once, line by line."""

from __future__ import annotations

import pickle

import pytest

import recourse as rs
from action_file_worlds import problems, written


def test_all_problems_come_at_once_with_their_lines(X, tmp_path):
    path = written(
        tmp_path,
        """\
# a comment
version = 1

[features.overdue]
bounds = [
    3,   # [x]
    1,
]
directon = "up"

[features."housin"]

[[constraints]]
kind = "one_hot"
features = ["on", "off"]

[[constraints]]
kind = "linkage"
source = "overdue"
[constraints.targets]
incme = 1

[defaults]
step = "big"
""",
    )
    found = problems(path, X)
    assert [(problem.line, problem.place) for problem in found] == [
        (5, ("features", "overdue", "bounds")),
        (9, ("features", "overdue", "directon")),
        (11, ("features", "housin")),
        (20, ("constraints", 1, "targets")),
        (24, ("defaults", "step")),
    ]
    with pytest.raises(rs.InputError) as caught:
        rs.read_actions(path, X)
    lines = str(caught.value).splitlines()
    assert lines[0] == "actions.toml has 5 problems:"
    assert lines[1] == "  line 5, feature 'overdue', bounds: are reversed: 3 is above 1."
    assert pickle.loads(pickle.dumps(caught.value)).problems == found


def test_one_problem_is_one_line(X):
    with pytest.raises(rs.ActionFileError, match=r"^the action file: feature 'on', weight: must be .*\.$"):
        rs.read_actions({"features": {"on": {"weight": -1}}}, X)
