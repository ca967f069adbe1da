"""Settings that are said by name: other names are refused, and copies are equal."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

import recourse as rs


@pytest.mark.parametrize(
    ("kind", "wrong", "nearest"),
    [(rs.Limits, "max_rule", "max_rules"), (rs.CandidateSpace, "min_suport", "min_support")],
)
def test_other_names_are_refused_with_the_nearest(kind, wrong, nearest):
    with pytest.raises(rs.InputError, match=f"{wrong}.*Did you mean '{nearest}'"):
        kind(**{wrong: 1})
    with pytest.raises(TypeError):
        kind(1)


@pytest.mark.parametrize("settings", [rs.Limits(max_rules=3, max_overlap=0), rs.CandidateSpace(moves=["shift", "to"])])
def test_settings_hold_checked_values_survive_copies_and_are_never_changed(settings):
    assert pickle.loads(pickle.dumps(settings)) == copy.deepcopy(settings) == dataclasses.replace(settings) == settings
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.time_limit = 3
    if isinstance(settings, rs.CandidateSpace):
        assert settings.moves == ("to", "shift"), "in the order in which they are listed"
