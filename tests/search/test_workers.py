"""Threads that share out people: they end with the budget, with an error, and with nothing left to take."""

from __future__ import annotations

import signal
import threading

import pytest

from recourse.budget import Budget
from recourse.errors import InputError
from recourse.search import workers
from recourse.search.workers import SLICE_SECONDS, Crew, next_size, number_of_threads


def slices(*finished, before=lambda: None):
    """A step that finishes so many people each time it is called, and has nothing left after that."""
    left = iter(finished)

    def step():
        before()
        return next(left, None)

    return step


def test_progress_adds_up_to_everybody_whoever_finished_them():
    told = []
    crew = Crew(Budget.of(None), told.append)
    crew.run([slices(3, 4, 0, 5), slices(10, 20), slices()])
    assert sum(told) == 42
    assert all(told), "nobody is told of no progress"
    assert not crew.stopped


def test_only_the_calling_thread_reports():
    who = set()
    other_is_done, other = threading.Event(), slices(1, 1)

    def late():
        finished = other()
        if finished is None:
            other_is_done.set()
        return finished

    crew = Crew(Budget.of(None), lambda more: who.add(threading.current_thread()))
    crew.run([slices(1, before=lambda: other_is_done.wait(5)), late])
    assert who == {threading.current_thread()}


def test_a_cancelled_budget_ends_all_threads_between_two_slices():
    budget, done = Budget.of(None), []

    def endless(name):
        def step():
            done.append(name)
            if len(done) >= 20:
                budget.cancel()
            return 1

        return step

    crew = Crew(budget, None)
    crew.run([endless("one"), endless("two")])
    assert crew.stopped
    assert 20 <= len(done) <= 21, "each thread finishes the slice it is in"


def test_no_time_is_no_slice():
    crew = Crew(Budget.of(None, 0), pytest.fail)
    crew.run([lambda: pytest.fail("it was called")])
    assert crew.stopped


def test_an_error_in_any_thread_stops_the_others_and_is_raised():
    failed = threading.Event()

    def fails():
        failed.set()
        raise ZeroDivisionError("in a thread")

    for steps in ([fails, lambda: 1], [lambda: 1, fails]):
        crew = Crew(Budget.of(None), None)
        with pytest.raises(ZeroDivisionError, match="in a thread"):
            crew.run(steps)
        assert failed.is_set()
        assert crew.stopped


def test_ctrl_c_stops_and_keeps_what_is_done():
    told = []
    calls = iter(range(100))

    def interrupted():
        if next(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return 1

    crew = Crew(Budget.of(None), told.append)
    crew.run([interrupted])
    assert crew.stopped
    assert sum(told) == 2


def test_slices_are_sized_by_the_time_that_the_last_one_took():
    assert next_size(100, SLICE_SECONDS, 10**6) == 100
    assert next_size(100, 2 * SLICE_SECONDS, 10**6) == 50
    assert next_size(100, SLICE_SECONDS / 100, 10**6) == 400, "at most four times as large"
    assert next_size(100, 0.0, 250) == 250, "and no larger than what is allowed"
    assert next_size(1, 1000.0, 10**6) == 1, "and never empty"


def test_only_compiled_searches_run_on_several_threads(monkeypatch):
    monkeypatch.setattr(workers, "processors", lambda: 6)
    assert number_of_threads(None, compiled=True) == 6
    assert number_of_threads(3, compiled=True) == 3
    assert number_of_threads(3, compiled=False) == 1
    with pytest.raises(InputError, match="threads"):
        number_of_threads(0, compiled=True)
