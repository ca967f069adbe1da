"""Limits say what they can't be, and the nearest name."""

from __future__ import annotations

import copy

import pytest

import recourse as rs
from recourse.summaries import CandidateSpace, Limits


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Limits(max_ruls=3), "Limits: 'max_ruls' is not one of its settings. Did you mean 'max_rules'"),
        (lambda: CandidateSpace(bin=3), "CandidateSpace: 'bin' is not one of its settings. Did you mean 'bins'"),
        (lambda: Limits(max_rules=True), "max_rules must be a whole number"),
        (lambda: Limits(apart="yes"), "apart must be True or False"),
        (lambda: Limits(weights={"cover": -1}), "the weight cover must be a finite number ≥ 0"),
        (lambda: CandidateSpace(operators=[]), "operators must name at least one"),
        (lambda: CandidateSpace(batch=0), "batch must be a whole number ≥ 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, message):
    with pytest.raises(rs.InputError, match=message):
        make()


def test_options_are_stored_in_plain_form_and_copied_whole():
    space = CandidateSpace(operators=["<=", "="], moves="shift", bins=4.0)
    assert (space.operators, space.moves, space.bins) == (("=", "≤"), ("shift",), 4)
    assert copy.deepcopy(space) == space
    assert eval(repr(space)) == space
    assert copy.copy(Limits(max_rules=3)) == Limits(max_rules=3)
