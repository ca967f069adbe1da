"""Action files: what they say holds, what is wrong with them is said all at once, and they read back as written."""

from __future__ import annotations

import json
import math
import pickle
import re
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import recourse as rs
from recourse import constraints as joint
from recourse.actions.files.schema import KINDS, Document, entry_of, schema

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "src" / "recourse" / "actions" / "files" / "actions.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(schema())
GUIDE = (ROOT / "docs" / "action_files.md").read_text(encoding="utf-8")


@pytest.fixture
def X():
    return table()


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


# -- what it says holds -------------------------------------------------------------------------------


def test_settings_override_what_was_inferred_and_the_rest_stays(X, tmp_path):
    path = written(
        tmp_path,
        """
        [features.overdue]
        direction = "down"
        bounds = [0, 2]
        weight = 2
        label = "Months overdue"
        unit = "months"
        [features.income]
        step = 0.5
        bounds = { percentile = [0, 100] }
        [features.gaps]
        missing = [-9]
        from_missing = 0.25
        [features.school]
        type = "ordinal"
        levels = ["low", "mid", "high"]
        direction = 1
        missing = ["?"]
        bounds = ["mid", "high"]
        [features.sex]
        group_only = true
        """,
    )
    said = rs.read_actions(path, X)
    A = said.actions
    assert A["overdue"].feasible_values(3).tolist() == [3, 0, 1, 2]
    assert (A["overdue"].label, A["overdue"].unit) == ("Months overdue", "months")
    assert A["income"].bounds == (1.5, 9.25)
    assert A["income"].step == 0.5
    assert A["gaps"].from_missing == 0.25
    assert A["gaps"].observed.values.tolist() == [1.5, 3]
    assert A["school"].feasible_values("low").tolist() == ["low", "mid", "high"]
    assert A["school"].feasible_values("high").tolist() == ["high"]
    assert "sex" not in A
    assert (said.weights, said.group_only) == ({"overdue": 2.0}, ("sex",))
    assert "says nothing about 'on', 'off', 'flag', 'housing'" in said.notes[0]
    assert A["on"].stated() == rs.ActionSet(X)["on"].stated()


def test_defaults_hold_for_features_that_say_nothing_else(X):
    defaults = {"actionable": False, "bounds": [0, 3], "step": {"relative": 0.5}, "missing": ["?", -9]}
    features = {"overdue": {"actionable": True, "step": 1}, "school": {"missing": []}}
    A = rs.read_actions({"defaults": defaults, "features": features}, X).actions
    assert [feature.name for feature in A if feature.actionable] == ["overdue"]
    assert A["income"].target_values.tolist() == [0, 1.5, 3]
    assert A["overdue"].target_values.tolist() == [0, 1, 2, 3]
    assert A["gaps"].missing == ("?", -9)
    assert "?" in A["school"].levels
    observed = rs.read_actions({"defaults": {"grid": "observed"}}, X).actions
    assert set(observed["income"].target_values) < set(X["income"])


@pytest.mark.parametrize("direction", ["up", "down", "any", 1, -1, 0])
def test_a_direction_is_a_word_or_a_sign(X, direction):
    A = rs.read_actions({"features": {"overdue": {"direction": direction}}}, X).actions
    assert A["overdue"].step_direction == {"up": 1, "down": -1, "any": 0}.get(direction, direction)


def test_json_says_the_same_as_toml(X, tmp_path):
    document = {"$schema": "actions.schema.json", "version": 1, "features": {"on": {"actionable": False}}}
    path = written(tmp_path, "\ufeff" + json.dumps(document), "actions.json")
    assert rs.read_actions(path, X).actions["on"].actionable is False


def test_every_kind_of_constraint_of_the_package_can_be_said_but_code():
    kinds = {cls for cls in vars(joint).values() if isinstance(cls, type) and issubclass(cls, joint.Constraint)}
    sayable = {type(constraint) for constraint in EXAMPLES}
    assert kinds - sayable == {joint.Constraint, joint.Predicate}
    assert {entry_of(constraint)["kind"] for constraint in EXAMPLES} == set(KINDS)


def test_integer_column_names_are_found_by_their_text():
    X = pd.DataFrame({7: [1, 2, 5], 0: [0.5, 1.5, 2.5]})
    A = rs.read_actions({"features": {"7": {"bounds": [1, 3]}}}, X).actions
    assert A[7].bounds == (1, 3)
    assert A.to_dict()["features"]["7"]["bounds"] == [1, 3]
    with pytest.raises(rs.InputError, match="same name once names are written as text"):
        rs.read_actions({}, X.assign(**{"7": 0}))


def test_a_column_left_out_on_purpose_may_be_spoken_of(X):
    document = {"features": {"sex": {"group_only": True}, "on": {"actionable": False}}}
    said = rs.read_actions(document, X.drop(columns=["sex", "on"]), ignore=["sex", "on"])
    assert said.group_only == ()
    assert "on" not in said.actions
    document["constraints"] = [{"kind": "one_hot", "features": ["on", "off"]}]
    (problem,) = problems(document, X.drop(columns="on"), ignore=["on"])
    assert "'on' is left out of the features here" in problem.message


def test_what_is_in_no_row_is_noted_with_the_nearest(X):
    document = {
        "features": {"housing": {"type": "categorical", "levels": ["rent", "owm"]}},
        "constraints": [{"kind": "switch", "switch": "housing", "value": "fre", "targets": ["on"]}],
    }
    notes = "\n".join(rs.read_actions(document, X).notes)
    assert "'housing', levels: \"owm\" is in no row. Did you mean 'own'?" in notes
    assert "'housing', constraint 1: \"fre\" is in no row. Did you mean 'free'?" in notes


# -- what is wrong with it ----------------------------------------------------------------------------

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


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_located_and_says_what_would_work(X, case):
    feature, entry, setting, message = WRONG[case]
    (problem,) = problems({"features": {feature: entry}}, X)
    assert (problem.feature, problem.setting) == (feature, setting)
    assert re.search(message, problem.message), problem.message
    assert problem.given == entry[setting] or case == "a million steps"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"bounds": ["low", "hihg"]}, "\"hihg\" is none of its levels. Did you mean 'high'"),
        ({"bounds": ["high", "low"]}, 'are reversed: "high" comes after "low"'),
        ({"bounds": {"percentile": [1, 99]}}, "two of its levels, not percentiles"),
        ({"step": 1}, "feature is ordinal and moves from level to level"),
    ],
)
def test_an_ordinal_feature_moves_between_its_levels_only(X, entry, message):
    levels = {"type": "ordinal", "levels": ["low", "mid", "high"]}
    (problem,) = problems({"features": {"school": levels | entry}}, X)
    assert message in problem.message


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


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"featrues": {}}, "featrues: is no part of an action file. Did you mean 'features'"),
        ({"overdue": {"bounds": [0, 1]}}, r"belong under \[features.overdue\]"),
        ({"version": 2}, "version: must be 1, not 2"),
        ({"version": True}, "version: must be 1, not true"),
        ({"features": []}, r"features: must be a table, not \[\]"),
        ({"features": {"on": False}}, "feature 'on': must be a table of settings, not false"),
        ({"constraints": {"kind": "sum"}}, r"write \[\[constraints\]\] above each"),
        ({"defaults": 3}, "defaults: must be a table, not 3"),
        ({"defaults": {"grid": "step"}}, "defaults, grid: must be .*Did you mean 'steps'"),
        ({"defaults": {"direction": "up"}}, "defaults, direction: is no setting of the defaults"),
        ({"defaults": {"step": 0.5}}, "0.5 is no whole number, but 'on' is boolean"),
        ({"defaults": {"bounds": [0, 0.5]}}, "bounds must be whole numbers"),
        ({"features": {"overdu": {}}}, "feature 'overdu': the table has no such column. Did you mean 'overdue'"),
    ],
)
def test_a_wrong_section_is_located_and_says_what_would_work(X, document, message):
    assert re.search(message, str(problems(document, X)[0]))


def test_a_file_that_leaves_no_feature_is_refused(X):
    (problem,) = problems({"features": {"sex": {"group_only": True}}}, X[["sex"]])
    assert "no column is left" in problem.message


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


def test_a_file_with_problems_changes_nothing_and_the_table_is_never_changed(X):
    before = X.copy()
    document = {"features": {"on": {"actionable": False, "weight": -1}}}
    said = json.dumps(document)
    problems(document, X)
    assert json.dumps(document) == said
    pd.testing.assert_frame_equal(X, before)


names = st.sampled_from(["on", "off", "overdue", "income", "gaps", "housing", "school", "sex", "no such"])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 9),
    st.integers(),
    st.floats(),
    names,
    st.sampled_from(["rent", "low", "up"]),
)
values = st.recursive(scalars, lambda x: st.lists(x, max_size=3) | st.dictionaries(names, x, max_size=2), max_leaves=6)
FEATURE_SETTINGS = sorted(schema()["$defs"]["Feature"]["properties"])
ENTRY_SETTINGS = sorted(
    {name for d in schema()["$defs"].values() for name in d["properties"] if "kind" in d["properties"]}
)
TYPES = ["boolean", "integer", "real", "ordinal", "categorical"]


@st.composite
def documents(draw) -> dict:
    """Documents with the right words in the wrong places."""
    typed = st.dictionaries(st.sampled_from(FEATURE_SETTINGS), values, max_size=3)
    features = draw(st.dictionaries(names, typed, max_size=3))
    for entry in features.values():
        entry |= draw(st.sampled_from([{}, *({"type": kind} for kind in TYPES)]))
    entries = draw(st.lists(st.dictionaries(st.sampled_from(ENTRY_SETTINGS), values, max_size=4), max_size=2))
    for entry in entries:
        entry["kind"] = draw(st.sampled_from(sorted(KINDS)))
    defaults = draw(st.dictionaries(st.sampled_from(["bounds", "step", "missing", "grid"]), values, max_size=2))
    return {"features": features, "constraints": entries, "defaults": defaults}


@settings(max_examples=300, deadline=None)
@given(documents())
def test_whatever_a_document_says_it_is_read_or_refused(document):
    try:
        said = rs.read_actions(document, table())
    except rs.ActionFileError:
        event("refused")
        return
    event("read")
    again = rs.read_actions(said.actions.to_dict(), table()[said.actions.names])
    assert content(again.actions) == content(said.actions)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("actions.toml", b"", "is empty; `recourse init`"),
        ("actions.toml", b"  \n", "is empty"),
        ("actions.json", b"", "is empty"),
        ("actions.toml", b"\xff\xfe[\x00", "is not text in UTF-8: byte 0 is 0xff"),
        ("actions.toml", b"\x80\x04K\x01.", "is not text in UTF-8"),
        ("actions.toml", b"a\x00b = 1", "is not TOML: .* line 1"),
        ("actions.toml", b"[features.a]\nbounds = [1, 2", r"is not TOML: Unclosed array .*"),
        ("actions.toml", b"version = 1\nversion = 1", r"is not TOML: "),
        ("actions.json", b"{", "is not JSON: .* line 1"),
        ("actions.json", b"[]", r"must be a JSON object with features, not \[\]"),
        ("actions.json", b'{"version": NaN}', "is not JSON: NaN is no JSON number"),
        ("actions.json", b'{"features": {"a": {}, "a": {}}}', "is not JSON: the key 'a' occurs twice"),
        ("actions.json", b"[" * 100_000, "nested too deeply"),
        ("actions.yaml", b"features: {}", "TOML or JSON, not YAML, which turns the levels"),
        ("actions.txt", b"version = 1", "must end in .toml or .json"),
    ],
)
def test_what_is_no_action_file_is_refused_in_a_sentence(X, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(rs.InputError, match=message):
        rs.read_actions(tmp_path / name, X)


def test_a_file_that_can_not_be_opened_says_why(X, tmp_path):
    with pytest.raises(rs.InputError, match=r"can't read .*nothing\.toml: No such file"):
        rs.read_actions(tmp_path / "nothing.toml", X)
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(rs.InputError, match="can't read .*: Is a directory"):
        rs.read_actions(tmp_path / "folder.toml", X)


def test_a_very_long_value_costs_no_time_to_locate(X, tmp_path):
    levels = "\n".join(f'"level {i}",' for i in range(20_000))
    path = written(tmp_path, f"[features.overdue]\nbounds = [3, 1]\n[features.housing]\nlevels = [\n{levels}\n]\n")
    assert [problem.line for problem in problems(path, X)] == [2, 3]


# -- writing ------------------------------------------------------------------------------------------

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


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6))


@st.composite
def action_sets(draw) -> rs.ActionSet:
    """Action sets with random settings and constraints over the table."""
    default = draw(st.sampled_from([(1, 99, "percentile"), (0, 100, "percentile"), (0, 5)]))
    missing = draw(st.sampled_from([(), ("?", -9), {"school": ["?"], "gaps": [-9]}]))
    A = rs.ActionSet(
        table(), default_bounds=default, grid=draw(st.sampled_from(["steps", "observed"])), missing=missing
    )
    for feature in A:
        feature.actionable = draw(st.booleans())
        feature.label = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
        feature.unit = draw(st.sampled_from(["", "€", 'a "b"\n']))
        feature.from_missing = draw(st.none() | st.floats(0, 5))
        if feature.ordered:
            feature.step_direction = draw(st.sampled_from([-1, 0, 1]))
    for name in ("overdue", "income", "gaps"):
        feature = A[name]
        kind = draw(st.sampled_from(["default", "percentile", "absolute"]))
        whole = name == "overdue"
        if kind == "percentile":
            feature.bounds = (*sorted((draw(st.floats(0, 100)), draw(st.floats(0, 100)))), "percentile")
        if kind == "absolute":
            one = st.integers(-5, 20) if whole else st.floats(-5, 20)
            feature.bounds = tuple(sorted((draw(one), draw(one))))
        if draw(st.booleans()):
            feature.step_type = "absolute"
            feature.step_size = draw(st.integers(1, 5) if whole else st.floats(0.01, 5))
        elif draw(st.booleans()):
            feature.step_size = draw(st.floats(0.001, 1))
    if draw(st.booleans()):
        A["school"].levels = draw(st.permutations(["low", "mid", "high"]))
        A["school"].variable_type = "ordinal"
        A["school"].step_direction = draw(st.sampled_from([-1, 0, 1]))
        if draw(st.booleans()):
            levels = A["school"].levels
            A["school"].bounds = (levels[0], levels[draw(st.integers(0, 2))])
    if draw(st.booleans()):
        A["overdue"].bounds = (0, 3)
        A["overdue"].variable_type = draw(st.sampled_from(["ordinal", "real", "integer"]))
    for constraint in draw(st.lists(st.sampled_from(EXAMPLES), max_size=4)):
        A.add_constraint(constraint)
    return A


@settings(max_examples=60, deadline=None)
@given(action_sets(), st.dictionaries(st.sampled_from(["on", "income"]), st.floats(0, 10)))
def test_what_is_written_reads_back_as_an_equal_set(tmp_path_factory, A, weights):
    X = table().assign(region="north")
    folder = tmp_path_factory.getbasetemp()
    for name, text in (
        ("a.toml", A.to_toml(weights=weights, group_only=["region"])),
        ("a.json", json.dumps(A.to_dict(weights=weights, group_only=["region"]), allow_nan=False)),
    ):
        (folder / name).write_text(text, encoding="utf-8", newline="")
        said = rs.read_actions(folder / name, X)
        assert content(said.actions) == content(A)
        assert (said.weights, said.group_only) == (weights, ("region",))
        assert said.notes == ()
        VALIDATOR.validate(json.loads(json.dumps(A.to_dict())))


@pytest.mark.parametrize("constraint", EXAMPLES, ids=repr)
def test_every_constraint_reads_back_and_admits_the_same(X, constraint):
    A = rs.ActionSet(X)
    A.add_constraint(constraint)
    again = rs.read_actions(A.to_dict(), X).actions
    assert content(again) == content(A)
    new = X.sample(frac=1, random_state=0).reset_index(drop=True)
    assert again.constraints[1].admits(X, new).tolist() == constraint.admits(X, new).tolist()


@pytest.mark.parametrize("name", ["a b", "a.b", 'a"b', "a\nb", "ä", "", "#", "[x]", "7", "version"])
def test_a_column_may_be_called_anything(name, tmp_path):
    X = pd.DataFrame({name: [1, 2, 3], "other": [1.5, 2.5, 3.5]})
    A = rs.ActionSet(X)
    A[name].bounds = (1, 2)
    A.add_constraint(joint.Sum({name: 1, "other": 1}, 0, 4))
    path = tmp_path / "a.toml"
    path.write_text(A.to_toml(), encoding="utf-8", newline="")
    assert content(rs.read_actions(path, X).actions) == content(A)
    path.write_text(rs.draft_actions(X), encoding="utf-8", newline="")
    assert rs.read_actions(path, X).actions.names == [name, "other"]


def test_what_a_file_can_not_say_is_refused_when_it_is_written(X):
    A = rs.ActionSet(X)
    number = A.add_constraint(joint.Predicate(lambda today, new: new["on"] == 0, ["on"]))
    with pytest.raises(rs.InputError, match="can't be written to an action file: it is code"):
        A.to_toml()
    A.remove_constraint(number)
    with pytest.raises(rs.InputError, match="weights: 'onn' is not a feature. Did you mean 'on'"):
        A.to_dict(weights={"onn": 1})
    with pytest.raises(rs.InputError, match="'on' is a feature of the action set"):
        A.to_dict(group_only=["on"])
    A["housing"].step_direction = 1
    with pytest.raises(rs.InputError, match="can't give a direction to 'housing': it is categorical"):
        A.to_dict()
    with pytest.raises(rs.InputError, match="same name once names are written as text"):
        rs.ActionSet(pd.DataFrame({"7": [1, 2], 7: [1, 2]})).to_dict()


def test_missing_codes_can_be_said_feature_by_feature(X):
    A = rs.ActionSet(X, missing={"school": ["?"]})
    assert "?" not in A["school"].levels
    assert A["gaps"].missing == ()
    with pytest.raises(rs.InputError, match="missing: X has no column 'scool'. Did you mean 'school'"):
        rs.ActionSet(X, missing={"scool": ["?"]})


# -- the draft ----------------------------------------------------------------------------------------


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


# -- schema and guide ---------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_models():
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(schema())), (
        "write json.dumps(recourse.actions.files.schema.schema(), indent=2, ensure_ascii=False) to actions.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(published)


def test_the_schema_says_no_where_reading_does():
    for case in ("unknown setting", "not a truth", "three bounds", "no step", "unknown type", "direction", "no label"):
        feature, entry, _, _ = WRONG[case]
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({"features": {feature: entry}})
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"constraints": [{"kind": "onehot"}]})


def test_every_setting_of_a_file_has_a_description():
    for definition in [schema(), *schema()["$defs"].values()]:
        assert definition["description"]
        for name, field in definition["properties"].items():
            assert "description" in field or name in ("kind", "percentile", "relative"), name


def test_the_guide_runs_and_names_every_setting_and_kind(tmp_path, monkeypatch):
    (toml,) = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    rng = np.random.default_rng(0)
    n = 60
    loans = pd.DataFrame(
        {
            "age": rng.integers(20, 60, n), "years_at_job": rng.integers(0, 5, n), "sex": rng.choice(["f", "m"], n),
            "income": np.where(rng.random(n) < 0.2, -9, rng.integers(800, 9000, n)),
            "education": rng.choice(["school", "college", "degree", "?"], n), "housing": rng.choice(["rent", "own"], n),
            "purpose_car": [1, 0, 0] * 20, "purpose_home": [0, 1, 0] * 20, "approved": [0, 1] * 30,
        }
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    written(tmp_path, toml)
    session = {"loans": loans}
    exec(compile(code, "action_files.md", "exec"), session)
    said = session["said"]
    assert said.weights == {"income": 2.0}
    assert said.group_only == ("sex",)
    assert len(said.actions.constraints) == toml.count("[[constraints]]")
    assert len(said.actions.menus(loans.head(5), session["cost"])) == 5
    names = {field.alias or name for entry in KINDS.values() for name, field in entry.model_fields.items()}
    names |= {name for part in ("Feature", "Defaults") for name in schema()["$defs"][part]["properties"]}
    assert not [name for name in (names - {"kind"}) | set(KINDS) if f"`{name}`" not in GUIDE and name != "grid"]
    assert set(Document.model_fields) == {"schema_", "version", "defaults", "features", "constraints"}


def test_a_constraint_of_the_users_own_is_code_and_not_what_it_is_made_of():
    class Budget(joint.Sum):
        """A sum with more to it."""

    with pytest.raises(rs.InputError, match="it is code"):
        entry_of(Budget({"overdue": 1.0}, ub=3))
    with pytest.raises(rs.InputError, match="it is code"):
        entry_of(joint.Predicate(lambda today, new: [True], ["overdue"]))
