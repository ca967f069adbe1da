"""What is written reads back as an equal action set."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recourse as rs
from action_file_worlds import EXAMPLES, VALIDATOR, content, table
from recourse import constraints as joint
from recourse.actions.files.schema import entry_of


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


def test_a_constraint_of_the_users_own_is_code_and_not_what_it_is_made_of():
    class Budget(joint.Sum):
        """A sum with more to it."""

    with pytest.raises(rs.InputError, match="it is code"):
        entry_of(Budget({"overdue": 1.0}, ub=3))
    with pytest.raises(rs.InputError, match="it is code"):
        entry_of(joint.Predicate(lambda today, new: [True], ["overdue"]))
