"""Drafts of action files: true to the table, and nothing declared that data cannot tell."""

from __future__ import annotations

import numpy as np

import recourse as rs
from action_file_worlds import written


def test_a_draft_reads_back_as_the_target_values_that_were_inferred(X, tmp_path):
    X = X.assign(nothing=np.nan, constant=3, many=[f"w{i}" for i in range(12)])
    path = written(tmp_path, rs.draft_actions(X))
    said = rs.read_actions(path, X)
    assert said.notes == ()
    inferred = rs.ActionSet(X)
    assert [f.variable_type for f in said.actions] == [f.variable_type for f in inferred]
    for feature in inferred:
        assert said.actions[feature.name].target_values.tolist() == feature.target_values.tolist()
    assert said.actions["nothing"].actionable is False


def test_a_draft_tells_what_is_missing_and_declares_no_block(X, tmp_path):
    X = X.rename(columns={"on": "home_own", "off": "home_rent"}).assign(sea_a=[0, 1, 0, 0] * 3, sea_b=0)
    text = rs.draft_actions(X)
    assert "[features.gaps] # 3 values from -9 to 3; missing in 3 of 12 rows" in text
    assert "if '?' means missing: missing = [\"?\"], and no level" in text
    assert "exactly one of them is on" in text
    assert "at most one of them is on" in text
    path = written(tmp_path, text)
    assert rs.read_actions(path, X).actions.constraints == {}
    block = "\n".join(line.removeprefix("# ") if line.startswith(("# [[", "# kind", "# feat", "# at_")) else line
                      for line in text.splitlines())  # fmt: skip
    ties = rs.read_actions(written(tmp_path, block), X).actions.constraints
    assert [(tie.features, tie.lb) for tie in ties.values()] == [
        (("home_own", "home_rent"), 1),
        (("sea_a", "sea_b"), 0),
    ]
