"""Who leaves and who arrives at the beginning of a round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.simulations.parts.people import People

if TYPE_CHECKING:
    pass

Source = Callable[[int, np.random.Generator], tuple[pd.DataFrame, Any]]


# -- who comes and goes ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closed:
    """Nobody comes, nobody goes."""

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        return people


@dataclass(frozen=True)
class ReplaceWinners:
    """People who moved and were approved leave, and newcomers arrive.

    everybody : who was approved leaves, also if they never had to move
    newcomers : how many arrive every round; by default as many as leave
    source : `source(n, rng)` returns a table and labels; by default newcomers are drawn, with replacement,
        from the population at the start
    """

    source: Source | None = None
    everybody: bool = False
    newcomers: int | None = None

    def __post_init__(self) -> None:
        if self.newcomers is not None and self.newcomers < 0:
            raise InputError(f"newcomers must be a number of people ≥ 0 or None, not {self.newcomers!r}.")

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        leave = approved if self.everybody else approved & (people.moves > 0)
        arriving = int(leave.sum()) if self.newcomers is None else self.newcomers
        return people.take(~leave).join(newcomers(arriving, start, self.source, t, rng))


@dataclass(frozen=True)
class Inflow:
    """A number of newcomers arrive every round, and nobody leaves."""

    people: int
    source: Source | None = None

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        return people.join(newcomers(self.people, start, self.source, t, rng))


@dataclass(frozen=True)
class Renewal:
    """Every round a share of the people leave, whoever they are, and as many newcomers arrive.

    share : above 0, at most 1; source : as for `ReplaceWinners`
    """

    share: float
    source: Source | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(f"share must be above 0 and at most 1, not {self.share!r}.")

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        leaving = rng.choice(len(people), round(self.share * len(people)), replace=False)
        stay = np.setdiff1d(np.arange(len(people)), leaving)
        return people.take(stay).join(newcomers(len(leaving), start, self.source, t, rng))


def newcomers(n: int, start: People, source: Source | None, t: int, rng: np.random.Generator) -> People:
    """Return n people who were not there before; the k-th newcomer of a round is the same in every arm."""
    ids = len(start) + t * 10**7 + np.arange(n)
    if source is None:
        drawn = start.take(rng.integers(len(start), size=n))
        return replace(drawn, ids=ids)
    X, y = source(n, rng)
    frame = pd.DataFrame(X, columns=start.X.columns).reset_index(drop=True)
    if len(frame) != n or len(y) != n:
        raise InputError(f"source({n}, rng) returned {len(frame)} rows and {len(y)} labels.")
    return replace(People.start(frame, np.asarray(y, dtype=start.y.dtype)), ids=ids)
