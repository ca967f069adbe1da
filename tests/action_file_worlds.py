"""A table with every kind of column, and what the tests of action files ask of it."""

from __future__ import annotations

import math
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

import recourse as rs
from recourse import constraints as joint
from recourse.actions.files.schema import schema

VALIDATOR = jsonschema.Draft202012Validator(schema())


def table() -> pd.DataFrame:
    """Every kind of column, with missing values and codes for them."""
    n = 12
    return pd.DataFrame(
        {
            "on": [0, 1] * 6,
            "off": [1, 0] * 6,
            "flag": [True, False, False] * 4,
            "overdue": [0, 1, 2, 3] * 3,
            "income": np.round(np.linspace(1.5, 9.25, n), 2),
            "gaps": [1.5, np.nan, 3.0, -9.0] * 3,
            "housing": ["rent", "own", "free"] * 4,
            "school": ["low", "mid", "high", "?"] * 3,
            "sex": ["f", "m"] * 6,
        }
    )


def written(tmp_path: Path, text: str, name: str = "actions.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(source, X, **options) -> list:
    with pytest.raises(rs.ActionFileError) as caught:
        rs.read_actions(source, X, **options)
    return caught.value.problems


WRONG = {
    # one feature, its settings: setting, message
    "unknown setting": ("overdue", {"directon": "up"}, "directon", "no setting of a feature. Did you mean 'direction'"),
    "older name": ("overdue", {"mutable": False}, "mutable", "it is called 'actionable'"),
    "cost": ("overdue", {"cost": 2}, "cost", "it is called 'weight'"),
    "not a truth": ("on", {"actionable": "yes"}, "actionable", 'must be true or false, not "yes"'),
    "not a number": ("on", {"weight": "2"}, "weight", 'must be a number of 0 or more, not "2"'),
    "negative": ("on", {"weight": -2}, "weight", "must be a number of 0 or more, not -2"),
    "negative price": ("gaps", {"from_missing": -1}, "from_missing", "must be a price of 0 or more"),
    "infinite": ("income", {"bounds": [0, math.inf]}, "bounds", r"must be \[lowest, highest\]"),
    "too large": ("income", {"bounds": [0, 10**400]}, "bounds", r"must be \[lowest, highest\]"),
    "three bounds": ("income", {"bounds": [0, 1, 2]}, "bounds", r"must be \[lowest, highest\]"),
    "one bound": ("income", {"bounds": 5}, "bounds", r"must be \[lowest, highest\]"),
    "misspelt percentile": ("income", {"bounds": {"percent": [1, 2]}}, "bounds", r"percentile = \[1, 99\]"),
    "percentile 101": ("income", {"bounds": {"percentile": [0, 101]}}, "bounds", r"percentile = \[1, 99\]"),
    "reversed": ("income", {"bounds": [5, 1]}, "bounds", "are reversed: 5 is above 1"),
    "reversed percentiles": ("income", {"bounds": {"percentile": [9, 1]}}, "bounds", "are reversed: 9 is above 1"),
    "a word and a number": ("income", {"bounds": ["a", 1]}, "bounds", "two numbers or two levels"),
    "words for a number": ("income", {"bounds": ["a", "b"]}, "bounds", 'because the feature is real, not "a"'),
    "fractions": ("overdue", {"bounds": [0.5, 2]}, "bounds", "must be whole numbers, because the feature is integer"),
    "no step": ("income", {"step": 0}, "step", "must be a number above 0"),
    "step of words": ("income", {"step": "1%"}, "step", "relative = 0.01"),
    "large share": ("income", {"step": {"relative": 2}}, "step", "a share of at most 1"),
    "fraction of an integer": ("overdue", {"step": 0.5}, "step", "must be a whole number"),
    "steps of words": ("housing", {"step": 1}, "step", "feature is categorical and moves from level to level"),
    "a million steps": ("income", {"step": 1e-9}, "step", "the limit is a million"),
    "unknown type": ("income", {"type": "number"}, "type", 'must be "boolean", "integer"'),
    "near type": ("income", {"type": "intger"}, "type", "Did you mean 'integer'"),
    "wrong type": ("income", {"type": "integer"}, "type", "can't be integer: the data contain"),
    "order of words": ("housing", {"type": "ordinal"}, "type", r'levels = \["free", "own", "rent", …\]'),
    "direction": ("income", {"direction": "upp"}, "direction", "Did you mean 'up'"),
    "direction 2": ("income", {"direction": 2}, "direction", 'must be "up", "down" or "any"'),
    "direction true": ("income", {"direction": True}, "direction", "not true"),
    "direction of words": ("housing", {"direction": "up"}, "direction", "categorical feature has no order"),
    "bounds of words": ("housing", {"bounds": ["free", "own"]}, "bounds", "categorical feature has no order"),
    "levels without type": ("school", {"levels": ["low"]}, "levels", 'need type = "ordinal"'),
    "levels of a number": ("income", {"type": "real", "levels": [2, 3]}, "levels", 'need type = "ordinal"'),
    "no levels": ("school", {"type": "ordinal", "levels": []}, "levels", "a list of different values"),
    "levels twice": ("school", {"type": "ordinal", "levels": ["low", "low"]}, "levels", "lists 'low' twice"),
    "strange levels": ("school", {"type": "ordinal", "levels": ["l", "m"]}, "levels", "none of the levels of 'school'"),
    "dates": ("school", {"missing": [pd.Timestamp(0)]}, "missing", "a list of different values"),
    "no label": ("on", {"label": 3}, "label", "must be words in quotes, not 3"),
    "group and feature": (
        "sex",
        {"group_only": True, "weight": 1},
        "weight",
        "no effect on a column that is group_only",
    ),
}


names = st.sampled_from(["on", "off", "overdue", "income", "gaps", "housing", "school", "sex", "no such"])


EXAMPLES = [
    joint.OneHot(["on", "off"]),
    joint.OneHot(["on", "off"], at_most=True),
    joint.GroupLimit(["on", "off", "flag"], 1, 2),
    joint.AtMost(2),
    joint.AtMost(1, ["income", "housing"]),
    joint.IfThen(("on", "=", 1), ("overdue", "<=", 2)),
    joint.IfThen(("housing", "in", ["rent", "own"]), ("income", ">", 2.5)),
    joint.OrdinalEncoding(["on", "off"], 1, at_most=True),
    joint.OrdinalEncoding(["on", "flag"], -1),
    joint.Thermometer(["on", "flag"], -1),
    joint.Linkage("overdue", {"income": 0.25, "gaps": -1}),
    joint.Sum({"overdue": 1, "income": -0.5}, ub=4),
    joint.Sum({"overdue": 1, "gaps": 1}, 0, 0, of_changes=True),
    joint.Reachability("housing", ["rent", "own"], [[1, 1], [0, 1]]),
    joint.Reachability(["on", "housing"], [(0, "rent"), (1, "own")], [[True, False], [True, True]]),
    joint.Switch("housing", "free", ["on", "overdue"]),
]


def content(actions: rs.ActionSet) -> tuple:
    """Everything an action set knows, to compare; levels have no steps, and without order no bounds."""
    stated = {f.name: f.stated() for f in actions}
    for said in stated.values():
        for setting in {"ordinal": ("step_type", "step_size")}.get(said["variable_type"], ()):
            del said[setting]
    ties = []
    for constraint in actions.constraints.values():
        known = dict(vars(constraint))
        if isinstance(constraint, joint.Reachability):
            known["_reachable"] = constraint.reachable.tolist()
        ties.append((type(constraint), known))
    return [(f.name, f.dtype, stated[f.name], f.target_values.tolist()) for f in actions], ties
