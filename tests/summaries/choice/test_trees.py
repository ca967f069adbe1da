"""No tree is worth more than the one grown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recourse.budget import Budget
from recourse.summaries.choice.trees import Growth, grow_tree


def random_growth(seed, *, cells=10, splits=4, actions=4, precision=0.0):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 9, cells).astype(float)
    correct = np.floor(rng.random((actions, cells)) * (people + 1)).clip(0, people)
    spent = np.round(correct * rng.random((actions, cells)) * 3, 2)
    forbidden = rng.random((actions, cells)) < 0.05
    touches = rng.random((actions, splits)) < 0.2
    true = rng.random((cells, splits)) < 0.5
    return Growth(
        people, true, correct, spent, forbidden, touches, float(rng.choice([0.0, 0.1, 0.4])), int(rng.integers(1, 8)),
        lambda correct, n: correct >= precision * n - 1e-9,
    )  # fmt: skip


def naive(growth, depth, cells=None, path=()):
    """The best value of a tree, by trying everything."""
    cells = np.arange(len(growth.people)) if cells is None else cells
    n = growth.people[cells].sum()
    best = 0.0
    for a in range(len(growth.correct)):
        correct, spent = growth.correct[a, cells].sum(), growth.spent[a, cells].sum()
        allowed = not growth.forbidden[a, cells].any() and not growth.touches[a, list(path)].any()
        if allowed and correct and growth.precise(correct, n):
            best = max(best, correct - growth.fcost_weight * spent)
    for p in range(growth.true.shape[1] if depth else 0):
        yes, no = cells[growth.true[cells, p]], cells[~growth.true[cells, p]]
        if min(growth.people[yes].sum(), growth.people[no].sum()) >= growth.least:
            best = max(best, sum(naive(growth, depth - 1, side, (*path, p)) for side in (yes, no)))
    return best


@given(st.integers(0, 10**6), st.integers(1, 3), st.sampled_from([0.0, 0.6]))
@settings(max_examples=60, deadline=None)
def test_no_tree_is_worth_more_than_the_one_grown(seed, depth, precision):
    growth = random_growth(seed, precision=precision)
    found = grow_tree(growth, depth)
    assert found.value == pytest.approx(naive(growth, depth), abs=1e-5)
    assert found.bound == found.value


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_out_of_time_the_tree_in_hand_and_a_true_bound_come_back(seed):
    growth = random_growth(seed)
    hurried = grow_tree(growth, 3, Budget(1e-9))
    best = naive(growth, 3)
    assert hurried.value - 1e-6 <= best <= hurried.bound + 1e-6
