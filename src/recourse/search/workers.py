"""Threads that share out the people of one search, in slices of about 50 ms.

Between two slices a thread asks the budget, so that Ctrl-C, a time limit and `Budget.cancel` take effect soon
and what is done by then is kept. The calling thread works too, and alone reports progress.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from recourse.budget import Budget
from recourse.checks import whole_number
from recourse.progress import Advance

SLICE_SECONDS = 0.05
"""How long one slice should take."""

Step = Callable[[], int | None]
"""One slice of work. It returns how many people it finished, or None where nothing is left to take."""


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def number_of_threads(threads: int | None, *, compiled: bool) -> int:
    """How many threads to work on: those asked for, or one a processor; one where the interpreter takes turns."""
    wanted = processors() if threads is None else whole_number("threads", threads, least=1)
    return int(wanted) if compiled else 1


def next_size(size: int, seconds: float, most: int) -> int:
    """How large the next slice should be, after one of `size` took so many seconds: at most four times as large."""
    return int(min(max(size * SLICE_SECONDS / max(seconds, 1e-6), 1), 4 * size, most))


class Crew:
    """Threads at work on one search; `stopped` once the budget is exhausted, or Ctrl-C or an error ended it."""

    def __init__(self, budget: Budget, advance: Advance | None) -> None:
        self.budget, self.advance = budget, advance
        self.stopped = False
        self._done = 0
        self._told = 0
        self._lock = threading.Lock()

    def run(self, steps: Sequence[Step]) -> None:
        """Call each step again and again, each on a thread of its own, until all of them have nothing left.

        An error in one of them stops the others and is raised. Ctrl-C stops them, too: `stopped` says so.
        """
        with ThreadPoolExecutor(max(1, len(steps) - 1)) as pool:
            others = [pool.submit(self._work, step) for step in steps[1:]]
            try:
                self._work(steps[0], reports=True)
                for other in others:
                    other.result()
                if not self.stopped:
                    self._report()
            except KeyboardInterrupt:  # the others end their slices, and the pool waits for them
                self.stopped = True

    def going(self) -> bool:
        """Whether to go on: False once somebody or the budget says stop."""
        if not self.stopped and self.budget.exhausted:
            self.stopped = True
        return not self.stopped

    def _work(self, step: Step, *, reports: bool = False) -> None:
        try:
            while self.going():
                finished = step()
                if finished is None:
                    return
                with self._lock:
                    self._done += finished
                if reports:
                    self._report()
        except BaseException:
            self.stopped = True
            raise

    def _report(self) -> None:
        """Tell of the people who are done by now and were not told of yet."""
        with self._lock:
            more = self._done - self._told
            self._told = self._done
        if self.advance is not None and more:
            self.advance(more)
