"""How long a job may take, how many questions it may ask, and how it is told to stop.

A `Budget` goes from a verb down to every search. Searches ask it between two steps whether to go on; what is
done by then is kept, and whoever was not reached is UNKNOWN.
"""

from __future__ import annotations

import math
import numbers
import threading
import time

from recourse.checks import whole_number
from recourse.errors import BudgetError, InputError


class Budget:
    """The limits of one job: seconds, questions to the model, and a way to stop it from another thread.

    Parameters
    ----------
    time_limit : float or None
        Seconds for the whole job, counted from when it starts; None for no limit.
    max_questions : int or None
        How many rows may be put to the model for one person while an action is looked for; None leaves it to
        each search. A person whose questions run out is FEASIBLE with a gap, or UNKNOWN, and never INFEASIBLE.

    Raises
    ------
    InputError
        If a limit is negative, not a number, or not a whole number of questions.

    Examples
    --------
    >>> budget = Budget(time_limit=60)
    >>> budget.exhausted
    False
    >>> budget.cancel()  # from any thread
    >>> budget.exhausted
    True
    """

    def __init__(self, time_limit: float | None = None, max_questions: int | None = None) -> None:
        self.time_limit = _seconds(time_limit)
        self.max_questions = whole_number("max_questions", max_questions, least=1, or_none=True)
        self._cancelled = threading.Event()
        self._deadline = math.inf
        self._started = False

    @classmethod
    def of(cls, budget: Budget | None, time_limit: float | None = None, max_questions: int | None = None) -> Budget:
        """Return the budget that a verb's arguments amount to, with its clock started.

        Parameters
        ----------
        budget : Budget or None
            The budget that the user passed; its clock goes on where it runs already. None makes a new one.
        time_limit : float or None
            Seconds for the whole job, where no budget was passed.
        max_questions : int or None
            How many rows may be put to the model for one person, where no budget was passed.

        Returns
        -------
        Budget
            The one passed, or a new one.

        Raises
        ------
        InputError
            If there is a budget and a limit beside it, `budget` is something else, or a limit means nothing.

        Examples
        --------
        >>> Budget.of(None, time_limit=60)
        Budget(time_limit=60.0, max_questions=None)
        """
        if budget is not None and (time_limit is not None or max_questions is not None):
            raise InputError("pass either budget= or time_limit= and max_questions=: a budget has both in it.")
        if budget is not None and not isinstance(budget, Budget):
            raise InputError(f"budget must be a Budget, as in budget=rs.Budget(time_limit=60), not {budget!r}.")
        return (cls(time_limit, max_questions) if budget is None else budget).start()

    def start(self) -> Budget:
        """Start the clock, unless it runs already; return the budget itself."""
        if not self._started:
            self._started = True
            if self.time_limit is not None:
                self._deadline = time.monotonic() + self.time_limit
        return self

    @property
    def deadline(self) -> float:
        """The `time.monotonic` value at which the time limit runs out; inf for none."""
        return self._deadline

    @property
    def remaining(self) -> float:
        """Seconds left, 0 if there are none or the job was cancelled; inf without a limit."""
        return 0.0 if self._cancelled.is_set() else max(0.0, self._deadline - time.monotonic())

    @property
    def exhausted(self) -> bool:
        """Whether to stop: the time limit has run out, or somebody cancelled the job."""
        return self._cancelled.is_set() or (self._deadline < math.inf and time.monotonic() >= self._deadline)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop the job at its next step, from any thread; what is done by then is kept."""
        self._cancelled.set()

    def part(self, seconds: float | None) -> Budget:
        """Return the budget of one step of the job: at most so many seconds of what is left, cancelled together.

        Parameters
        ----------
        seconds : float or None
            How long the step may take at most; it never gets more than the job has left. None for all of that.

        Returns
        -------
        Budget
            Its clock runs already, and `cancel` on either of the two stops both.

        Examples
        --------
        >>> job = Budget(time_limit=60)
        >>> step = job.part(5)
        >>> job.cancel()
        >>> step.exhausted
        True
        """
        part = Budget(seconds, self.max_questions).start()
        part._deadline = min(part._deadline, self._deadline)
        part._cancelled = self._cancelled
        return part

    def require(self, doing: str, advice: str = "") -> None:
        """Raise `BudgetError` if the budget is exhausted: for steps of which a part is of no use.

        Parameters
        ----------
        doing : str
            What was being done, as in "mining conditions": it follows "while" in the message.
        advice : str, optional
            A sentence that says what would work, at the end of the message.

        Raises
        ------
        BudgetError
            If the time limit has run out or the job was cancelled; the message says which of the two.
        """
        if self.exhausted:
            why = "the job was cancelled" if self.cancelled else f"the time limit of {self.time_limit:g} s ran out"
            raise BudgetError(f"{why} while {doing}; nothing was chosen yet. {advice}".rstrip())

    def __repr__(self) -> str:
        return f"Budget(time_limit={self.time_limit!r}, max_questions={self.max_questions!r})"


def _seconds(time_limit: float | None) -> float | None:
    """A time limit as a float, or an error that says what a limit is."""
    if time_limit is None:
        return None
    if isinstance(time_limit, bool) or not isinstance(time_limit, numbers.Real) or not time_limit >= 0:
        raise InputError(f"time_limit must be seconds ≥ 0 or None, not {time_limit!r}.")
    return float(time_limit)
