"""The settings of a feature in an action file: what they mean, and what is wrong with them."""

from __future__ import annotations

import re

import pytest

import recourse as rs
from action_file_worlds import WRONG, problems


@pytest.mark.parametrize("direction", ["up", "down", "any", 1, -1, 0])
def test_a_direction_is_a_word_or_a_sign(X, direction):
    A = rs.read_actions({"features": {"overdue": {"direction": direction}}}, X).actions
    assert A["overdue"].step_direction == {"up": 1, "down": -1, "any": 0}.get(direction, direction)


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
