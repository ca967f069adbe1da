"""Greedy choice, local search, and what submodularity proves about them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recourse.summaries import SelectionStatus
from recourse.summaries.choice.greedy import anytime_bound, greedy, local_search
from recourse.summaries.choice.problem import ChoiceProblem
from recourse.summaries.choice.select import select
from summary_worlds import exhaustive, random_problem


@given(st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.2]), st.sampled_from(["local", "greedy"]))
@settings(max_examples=80, deadline=None)
def test_the_other_ways_keep_to_the_limits_and_their_bound_holds(seed, overlap, method):
    problem = random_problem(seed, overlap=overlap)
    found = select(problem, method=method)
    best = exhaustive(problem)
    assert problem.allows(found.chosen)
    assert found.value <= best + 1e-6 <= found.bound + 2e-6
    if found.status is SelectionStatus.OPTIMAL:
        assert found.value == pytest.approx(best, abs=1e-6)


@given(st.integers(0, 10**6), st.sets(st.integers(0, 8), max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_anytime_bound_holds_from_any_set(seed, chosen):
    problem = random_problem(seed)
    assert anytime_bound(problem, np.array(sorted(chosen), dtype=np.int64)) >= exhaustive(problem) - 1e-9


def test_local_search_leaves_what_greedy_is_stuck_in():
    # one wide rule first, then two that cover everything better: greedy keeps the wide one
    cover = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]], dtype=float)
    problem = ChoiceProblem(
        sparse.csr_matrix(cover), np.ones(6), np.ones(6), np.array([0.1, 0.2, 0.2]), np.zeros(3, int), 2, 1
    )
    assert problem.value(greedy(problem)) < problem.value(local_search(problem)) == pytest.approx(5.6)
