"""The exact choice is that of exhaustive search and of a general solver."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from recourse.budget import Budget
from recourse.summaries import SelectionStatus
from recourse.summaries.choice import exact, multipliers
from recourse.summaries.choice.select import select
from summary_worlds import exhaustive, random_problem


@given(st.integers(0, 10**6), st.sampled_from([None, 0.0, 0.1, 0.4]), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=120, deadline=None)
def test_the_exact_choice_is_that_of_exhaustive_search(seed, overlap, max_rules, max_groups):
    problem = random_problem(seed, overlap=overlap, max_rules=max_rules, max_groups=max_groups)
    best = exhaustive(problem)
    found = select(problem)
    assert problem.allows(found.chosen)
    assert found.value == pytest.approx(problem.value(found.chosen))
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.status is SelectionStatus.OPTIMAL
    warm = select(problem, start=np.arange(problem.rules))
    assert warm.value == pytest.approx(best, abs=1e-6)


def by_milp(problem):
    """The best value, from the textbook program in a general solver."""
    rules, cells = problem.cover.shape
    inside, groups = problem.cover.toarray(), np.unique(problem.group)
    n = rules + 2 * cells + len(groups)  # rules chosen, cells covered, cells covered twice, subgroups used
    z, y, v, u = np.split(np.eye(n), [rules, rules + cells, rules + 2 * cells])
    rows = [y - inside.T @ z, inside.T @ z - rules * v, z.sum(axis=0), u.sum(axis=0)]
    rows.append(z - (problem.group[:, None] == groups) @ u)
    most = [np.zeros(cells), np.ones(cells), problem.max_rules, problem.max_groups, np.zeros(rules)]
    if problem.max_overlap is not None:
        rows.append(problem.people @ v)
        most.append(problem.max_overlap)
    value = problem.weight @ y - problem.price @ z
    limits = LinearConstraint(np.vstack(rows), -np.inf, np.hstack(most))
    found = milp(-value, integrality=np.ones(n), bounds=(0, 1), constraints=limits, options={"mip_rel_gap": 0.0})
    assert found.status == 0
    return -found.fun


@pytest.mark.parametrize(("overlap", "rules"), [(None, 50), (0.0, 50), pytest.param(0.2, 12, marks=pytest.mark.slow)])
@given(seed=st.integers(0, 10**6), max_rules=st.integers(2, 8), max_groups=st.sampled_from([2, 4, 99]))
@settings(max_examples=12, deadline=None)
def test_the_exact_choice_is_that_of_a_general_solver(overlap, rules, seed, max_rules, max_groups):
    problem = random_problem(
        seed, rules=rules, cells=30, groups=8, overlap=overlap, max_rules=max_rules, max_groups=max_groups
    )
    best = by_milp(problem)
    # as it is, and as in a problem so large that only some rules are looked at first, and more of them later
    for first, few in ((exact.FIRST, multipliers.FEW), (3, 0)):
        with mock.patch.object(exact, "FIRST", first), mock.patch.object(multipliers, "FEW", few):
            found = select(problem, budget=Budget(60), start=np.arange(2))
        assert problem.allows(found.chosen)
        assert found.value == pytest.approx(best, abs=1e-5)
        assert found.status is SelectionStatus.OPTIMAL


def test_out_of_time_the_best_set_in_hand_and_a_true_bound_come_back():
    problem = random_problem(5, rules=60, cells=200, max_rules=8, max_groups=3)
    hurried, best = select(problem, budget=Budget(1e-9)), select(problem)
    assert hurried.value <= best.value <= hurried.bound + 1e-6
    assert best.status is SelectionStatus.OPTIMAL
