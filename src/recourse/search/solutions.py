"""What a search answers: an action, its cost, and how much was proven about it."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, FloatArray, IntArray, RowArray
from recourse.errors import InputError
from recourse.menus.menus import Menus

EQUAL = 1e-9
"""Two costs are the same proof if they differ by at most this, relative to the cost."""


class Status(enum.Enum):
    """What was proven about one person. The values are the sentences that users read."""

    OPTIMAL = "no cheaper action exists in the action set"
    FEASIBLE = "this action works; a cheaper one may exist, but none below the bound"
    INFEASIBLE = "proven: no action in the action set gives the desired prediction"
    UNKNOWN = "neither found nor ruled out"

    @property
    def label(self) -> str:
        """The status as one lower-case word, as tables and files show it."""
        return self.name.lower()


STATUSES = tuple(Status)
CODE = {status: np.int8(code) for code, status in enumerate(STATUSES)}
OPTIMAL, FEASIBLE, INFEASIBLE, UNKNOWN = (CODE[status] for status in STATUSES)

OUT_OF_TIME = "the budget ran out (the time limit passed, or the job was stopped)"
OUT_OF_QUESTIONS = "the budget ran out (the model was asked as often as max_questions allows)"
OUT_OF_WORK = "the search reached its own limit of work for one person"


@dataclass(eq=False, repr=False)
class Solutions:
    """The answers for n people, as arrays.

    Attributes
    ----------
    codes : int8[n]
        Positions in `STATUSES`; `status(i)` is the same as a `Status`.
    picks : int32[n, m]
        Which item of each of the m menus is chosen, 0 for staying as today; meaningful where an action was found.
    cost : float64[n]
        The action's cost; inf where there is proven to be no action, NaN where none was found in time.
    total : float64[n]
        The sum of prices. It equals `cost` unless the largest price counts.
    bound : float64[n]
        No action costs less than this; inf where there is proven to be none.
    out_of_questions : bool[n]
        Whose search ended because `max_questions` rows had been put to the model.
    interrupted : bool
        Whether Ctrl-C, the time limit or `Budget.cancel` cut the search short.
    menus, people
        The menus that were searched and the positions of the n people in them; None for answers that were put
        together by hand, which have no `rows()` and `changes()`.
    """

    codes: npt.NDArray[np.int8]
    picks: RowArray
    cost: FloatArray
    total: FloatArray
    bound: FloatArray
    out_of_questions: BoolArray
    interrupted: bool = False
    menus: Menus | None = None
    people: IntArray | None = None

    @classmethod
    def unknown(cls, people: int, blocks: int) -> Solutions:
        """Return answers that claim nothing: where every search starts.

        Parameters
        ----------
        people, blocks : int
            How many people there are, and how many menus each of them has.
        """
        return cls(
            np.full(people, UNKNOWN),
            np.zeros((people, blocks), dtype=np.int32),
            np.full(people, np.nan),
            np.full(people, np.nan),
            np.zeros(people),
            np.zeros(people, dtype=bool),
        )

    # -- reading answers ---------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        counts = Counter(self.codes.tolist())
        parts = [f"{counts[int(CODE[status])]:,} {status.label}" for status in STATUSES if counts[int(CODE[status])]]
        ended = "; interrupted" if self.interrupted else ""
        return f"Solutions({len(self):,} people: {', '.join(parts) or 'nobody'}{ended})"

    @property
    def found(self) -> BoolArray:
        """bool[n]: which people have an action."""
        found: BoolArray = (self.codes == OPTIMAL) | (self.codes == FEASIBLE)
        return found

    @property
    def gap(self) -> FloatArray:
        """float64[n]: cost − bound where an action was found, NaN elsewhere."""
        return np.where(self.found, self.cost - np.where(self.found, self.bound, 0.0), np.nan)

    def status(self, person: int) -> Status:
        """Return what was proven about one person.

        Parameters
        ----------
        person : int
            The person's position among the n people.
        """
        return STATUSES[int(self.codes[person])]

    def reason(self, person: int) -> str:
        """Return why no more was proven about one person; empty where the status is OPTIMAL or INFEASIBLE.

        Parameters
        ----------
        person : int
            The person's position among the n people.
        """
        if self.codes[person] in (OPTIMAL, INFEASIBLE):
            return ""
        if self.out_of_questions[person]:
            return OUT_OF_QUESTIONS
        return OUT_OF_TIME if self.interrupted else OUT_OF_WORK

    def rows(self) -> pd.DataFrame:
        """Return the raw rows that the actions lead to, one for everybody who has an action, with today's index.

        Raises
        ------
        InputError
            If the answers don't know their menus.

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 3]})
        >>> rule = rs.LinearModel({"overdue": -1.0}, intercept=1.5)
        >>> rs.find(rule, {"overdue": [3, 2]}, A).rows()["overdue"].tolist()
        [1, 1]
        """
        menus, people = self._origin()
        found = np.flatnonzero(self.found)
        rows = menus.points(people[found], self.picks[found])
        rows.index = menus.X.index[people[found]]
        return rows

    def changes(self) -> pd.DataFrame:
        """Return what people are to change: one line a change, with columns person, feature, today, new and price.

        `person` is the position among the n people. Changes that come along with others have price 0.

        Raises
        ------
        InputError
            If the answers don't know their menus.
        """
        menus, people = self._origin()
        found = np.flatnonzero(self.found)
        lines = menus.changes(people[found], self.picks[found])
        lines.insert(0, "person", found[lines.pop("action")])
        return lines

    def _origin(self) -> tuple[Menus, IntArray]:
        """The menus and whose they are."""
        if self.menus is None or self.people is None:
            raise InputError("these answers don't know their menus; ask menus.points(people, solutions.picks) instead.")
        return self.menus, self.people

    # -- writing answers: for searches -------------------------------------------------------------------------

    def _arrays(self) -> Iterator[npt.NDArray[Any]]:
        """All arrays with one entry a person."""
        yield from (self.codes, self.picks, self.cost, self.total, self.bound, self.out_of_questions)

    def put(self, people: Any, other: Solutions, take: Any = slice(None)) -> None:
        """Overwrite the answers of some people with answers from elsewhere.

        Parameters
        ----------
        people : index
            Whose answers are overwritten, as positions among the n people.
        other : Solutions
            Where the new answers come from.
        take : index
            Which of the other's answers, one for each of `people`; by default all.
        """
        for mine, theirs in zip(self._arrays(), other._arrays(), strict=True):
            mine[people] = theirs[take]

    def propose(self, person: int, picks: npt.ArrayLike, cost: float, total: float) -> None:
        """Write one person's action, without a claim that it is the cheapest.

        Parameters
        ----------
        person : int
            The person's position among the n people.
        picks : int[m]
            The action, as a position in each menu.
        cost, total : float
            What it costs, and the sum of its prices.
        """
        self.codes[person], self.picks[person] = FEASIBLE, picks
        self.cost[person], self.total[person] = cost, total

    def rule_out(self, people: IntArray) -> None:
        """Say of `people` that no action exists.

        Parameters
        ----------
        people : int[k]
            Positions among the n people.
        """
        self.codes[people] = INFEASIBLE
        self.picks[people] = 0
        self.cost[people] = self.total[people] = self.bound[people] = np.inf

    def withdraw(self, people: IntArray) -> None:
        """Take back the actions of `people`; what is known of their bounds stands.

        Parameters
        ----------
        people : int[k]
            Positions among the n people.
        """
        self.codes[people] = UNKNOWN
        self.picks[people] = 0
        self.cost[people] = self.total[people] = np.nan

    def prove(self, people: IntArray) -> None:
        """Say of the actions of `people` that none costs less.

        Parameters
        ----------
        people : int[k]
            Positions among the n people.
        """
        self.codes[people] = OPTIMAL
        self.bound[people] = self.cost[people]

    def close(self, people: IntArray) -> None:
        """Nothing is left to try for `people`: the action at hand is the cheapest, or there is none.

        Parameters
        ----------
        people : int[k]
            Positions among the n people.
        """
        found = self.found[people]
        self.rule_out(people[~found])
        self.prove(people[found])

    def compare_with_bounds(self, people: IntArray) -> None:
        """Call the actions of `people` OPTIMAL where their cost meets the bound, FEASIBLE otherwise.

        Parameters
        ----------
        people : int[k]
            Positions among the n people.
        """
        met = meets(self.cost[people], self.bound[people])
        self.codes[people] = FEASIBLE
        self.prove(people[met])

    def price(self, menus: Menus, people: IntArray) -> None:
        """Write what the actions found cost; no bound is left above that.

        Parameters
        ----------
        menus : Menus
            Where the prices are.
        people : int[n]
            Everybody's position in the menus.
        """
        found = np.flatnonzero(self.found)
        self.cost[found], self.total[found] = menus.cost(people[found], self.picks[found])
        self.bound[found] = np.minimum(self.bound[found], self.cost[found])


def meets(cost: FloatArray, bound: FloatArray) -> BoolArray:
    """Whether costs are no more than their lower bounds, but for rounding."""
    met: BoolArray = cost - bound <= EQUAL * cost
    return met
