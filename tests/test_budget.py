"""Budgets: what ends a job, and the arguments that are none."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest

import recourse as rs
from recourse.budget import Budget
from recourse.errors import InputError


def test_without_limits_a_budget_is_never_exhausted():
    budget = Budget.of(None)
    assert not budget.exhausted
    assert budget.remaining == budget.deadline == math.inf


def test_time_runs_from_the_start_and_not_from_the_making():
    budget = Budget(0.05)
    time.sleep(0.06)
    assert not budget.exhausted, "nobody has started yet"
    assert Budget.of(budget) is budget
    assert 0 < budget.remaining <= 0.05
    deadline = budget.deadline
    assert budget.start().deadline == deadline, "a clock that runs is not set back"
    time.sleep(0.06)
    assert budget.exhausted
    assert budget.remaining == 0


def test_no_time_at_all_is_exhausted_at_once():
    assert Budget.of(None, 0).exhausted


def test_any_thread_can_cancel():
    budget = Budget.of(None, 600)
    thread = threading.Thread(target=budget.cancel)
    thread.start()
    thread.join()
    assert budget.cancelled
    assert budget.exhausted
    assert budget.remaining == 0


def test_what_a_verb_was_given_becomes_one_budget():
    budget = Budget.of(None, 60, 5)
    assert (budget.time_limit, budget.max_questions) == (60.0, 5)
    assert repr(budget) == "Budget(time_limit=60.0, max_questions=5)"
    for limits in ({"time_limit": 1}, {"max_questions": 1}):
        with pytest.raises(InputError, match="pass either budget= or"):
            Budget.of(Budget(), **limits)


@pytest.mark.parametrize("wrong", [60, "60", Budget])
def test_what_is_no_budget_is_refused_in_words(wrong):
    with pytest.raises(InputError, match=r"budget must be a Budget, as in budget=rs.Budget"):
        Budget.of(wrong)


@pytest.mark.parametrize("wrong", [-1, "60", True, np.nan, [60]])
def test_a_time_limit_is_seconds(wrong):
    with pytest.raises(InputError, match="time_limit must be seconds ≥ 0 or None"):
        rs.Budget(time_limit=wrong)


@pytest.mark.parametrize("wrong", [0, 1.5, "10", True])
def test_questions_are_counted_in_whole_numbers(wrong):
    with pytest.raises(InputError, match="max_questions must be a whole number ≥ 1 or None"):
        rs.Budget(max_questions=wrong)
