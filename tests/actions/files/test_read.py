"""Reading action files: what they say holds, and nothing else changes."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import recourse as rs
from action_file_worlds import content, names, problems, table, written
from recourse.actions.files.schema import KINDS, schema


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


def test_json_says_the_same_as_toml(X, tmp_path):
    document = {"$schema": "actions.schema.json", "version": 1, "features": {"on": {"actionable": False}}}
    path = written(tmp_path, "\ufeff" + json.dumps(document), "actions.json")
    assert rs.read_actions(path, X).actions["on"].actionable is False


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


def test_a_file_with_problems_changes_nothing_and_the_table_is_never_changed(X):
    before = X.copy()
    document = {"features": {"on": {"actionable": False, "weight": -1}}}
    said = json.dumps(document)
    problems(document, X)
    assert json.dumps(document) == said
    pd.testing.assert_frame_equal(X, before)


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
