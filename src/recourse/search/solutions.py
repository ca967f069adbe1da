"""What a search answers: an action, its cost, and how much was proven about it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from recourse.menus.menus import Menus

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
RowArray = npt.NDArray[np.int32]


class Status(enum.Enum):
    """What was proven about one person. The values are the sentences that users read."""

    OPTIMAL = "no cheaper action exists in the action set"
    FEASIBLE = "this action works; a cheaper one may exist, but none below the bound"
    INFEASIBLE = "proven: no action in the action set gives the desired prediction"
    UNKNOWN = "the budget ran out before an action was found or ruled out"

    @property
    def label(self) -> str:
        """The status as one lower-case word, as tables and files show it."""
        return self.name.lower()


STATUSES = tuple(Status)
CODE = {status: np.int8(code) for code, status in enumerate(STATUSES)}
OPTIMAL, FEASIBLE, INFEASIBLE, UNKNOWN = (CODE[status] for status in STATUSES)


@dataclass(eq=False)
class Solutions:
    """The answers for n people, as arrays.

    codes : int8[n], positions in `STATUSES`
    picks : int32[n, m], one menu position a feature, 0 = stay; meaningful where an action was found
    cost : float64[n]; inf where there is no recourse, NaN where nothing was found in time
    total : float64[n], the sum of prices (equals `cost` unless the largest price counts)
    bound : float64[n], no action costs less than this; inf where proven infeasible
    interrupted : whether Ctrl-C or the time limit cut the search short
    """

    codes: npt.NDArray[np.int8]
    picks: RowArray
    cost: FloatArray
    total: FloatArray
    bound: FloatArray
    interrupted: bool = False

    @classmethod
    def unknown(cls, people: int, features: int) -> Solutions:
        """Return n answers that claim nothing: where every search starts."""
        return cls(
            np.full(people, UNKNOWN),
            np.zeros((people, features), dtype=np.int32),
            np.full(people, np.nan),
            np.full(people, np.nan),
            np.zeros(people),
        )

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """Which people have an action."""
        found: npt.NDArray[np.bool_] = (self.codes == OPTIMAL) | (self.codes == FEASIBLE)
        return found

    @property
    def gap(self) -> FloatArray:
        """float64[n]: cost − bound where an action was found, NaN elsewhere."""
        return np.where(self.found, self.cost - np.where(self.found, self.bound, 0.0), np.nan)

    def status(self, person: int) -> Status:
        """Return one person's status."""
        return STATUSES[int(self.codes[person])]

    def rule_out(self, people: IntArray) -> None:
        """Say of `people` that no action exists."""
        self.codes[people] = INFEASIBLE
        self.picks[people] = 0
        self.cost[people] = self.total[people] = self.bound[people] = np.inf

    def withdraw(self, people: IntArray) -> None:
        """Take back the actions of `people`; what is known of their bounds stands."""
        self.codes[people] = UNKNOWN
        self.picks[people] = 0
        self.cost[people] = self.total[people] = np.nan

    def put(self, people: Any, other: Solutions, take: Any = slice(None)) -> None:
        """Overwrite the answers of `people` with those at `take` in `other`."""
        for mine, theirs in (
            (self.codes, other.codes),
            (self.picks, other.picks),
            (self.cost, other.cost),
            (self.total, other.total),
            (self.bound, other.bound),
        ):
            mine[people] = theirs[take]


@dataclass
class Exclusions:
    """What one person's next action may not be, in positions of features (`Menus.features`) and items.

    subsets : sets of features; an action may not change exactly these
    supersets : sets of features; an action may not change all of these (and perhaps more)
    frozen : features that may not change
    picks : actions that may not recur, as menu positions; −1 stands for any item of that block
    """

    subsets: list[frozenset[int]] = field(default_factory=list)
    supersets: list[frozenset[int]] = field(default_factory=list)
    frozen: frozenset[int] = frozenset()
    picks: list[tuple[int, ...]] = field(default_factory=list)

    def allow(self, picks: npt.ArrayLike, changed: npt.ArrayLike) -> bool:
        """Whether an action, with a flag for each feature that it changes, is none of the excluded ones."""
        features = frozenset(np.flatnonzero(changed).tolist())
        return not (
            features in self.subsets
            or features & self.frozen
            or any(subset <= features for subset in self.supersets)
            or any(_matches(one, np.asarray(picks)) for one in self.picks)
        )

    def without(self, picks: npt.ArrayLike, matters: npt.ArrayLike) -> Exclusions:
        """Return the same exclusions and one more action that may not recur, in the blocks that matter."""
        one = tuple(int(pick) for pick in np.where(matters, picks, -1))
        return Exclusions(self.subsets, self.supersets, self.frozen, [*self.picks, one])


def _matches(one: tuple[int, ...], picks: npt.NDArray[Any]) -> bool:
    pattern = np.array(one)
    return bool(((pattern == picks) | (pattern < 0)).all())


def exclude(exclusions: Sequence[Exclusions] | None, people: IntArray) -> list[Exclusions]:
    """Return a list with the exclusions of each of `people`: those given, in their order, or empty ones."""
    return [Exclusions() for _ in people] if exclusions is None else list(exclusions)


def proposal(menus: Menus, person: int, picks: npt.ArrayLike) -> tuple[float, float]:
    """Return the cost and the sum of prices of one person's action."""
    cost, total = menus.cost([person], np.asarray(picks)[None])
    return float(cost[0]), float(total[0])
