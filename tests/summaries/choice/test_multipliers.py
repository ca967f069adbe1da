"""Bounds from multipliers hold for every set."""

from __future__ import annotations

import itertools
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recourse.budget import Budget
from recourse.summaries.choice import multipliers
from recourse.summaries.choice.multipliers import Multipliers
from summary_worlds import random_problem


@given(
    st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.1]), st.integers(1, 3), st.integers(1, 3), st.integers(1, 9)
)
@settings(max_examples=60, deadline=None)
def test_no_set_with_a_rule_is_worth_more_than_its_potential(seed, overlap, max_rules, max_groups, active):
    problem = random_problem(seed, overlap=overlap, max_rules=max_rules, max_groups=max_groups)
    shared, kind = problem.shared()
    pricing = Multipliers(shared, np.arange(min(active, shared.rules)), start=0, more=1)
    allowed = [
        chosen
        for k in range(1, max_rules + 1)
        for chosen in map(np.array, itertools.combinations(range(problem.rules), k))
        if problem.allows(chosen)
    ]
    done = False
    while not done:
        with mock.patch.object(multipliers, "FEW", -1):
            done = pricing.step(Budget())
        for chosen in allowed:
            assert problem.value(chosen) <= pricing.bound + 1e-6
            assert (problem.value(chosen) <= pricing.potential[kind[chosen]] + 1e-6).all()
