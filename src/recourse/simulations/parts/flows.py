"""Who leaves and who arrives at the beginning of a round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recourse import checks
from recourse.arrays import BoolArray
from recourse.errors import InputError
from recourse.identity import Settings
from recourse.simulations.parts.part import PartKind
from recourse.simulations.parts.people import People

Source = Callable[[int, np.random.Generator], tuple[pd.DataFrame, Any]]


@runtime_checkable
class PassesRounds(Protocol):
    """What a round asks of a flow."""

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t; the same object where nobody comes or goes."""


class Flow(Settings):
    """Base of the flows of this library: who stays, and how many newcomers arrive for those who leave."""

    source: Source | None = None

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins a round.

        Parameters
        ----------
        people : People
            The population at the end of the last round.
        start : People
            The population before the first round: by default newcomers are drawn from it.
        approved : bool[n]
            Who of `people` was approved at the end of the last round.
        t : int
            The round that begins, from 1.
        rng : numpy.random.Generator
            The same in every arm, so that all get the same newcomers.

        Returns
        -------
        People
            Those who stayed, then the newcomers, with ids of their own. The very same object if nobody comes or goes.
        """
        stay = self._staying(people, approved, rng)
        arriving = self._arriving(int((~stay).sum()))
        return people.take(stay).join(newcomers(arriving, start, self.source, t, rng))

    def _staying(self, people: People, approved: BoolArray, rng: Any) -> BoolArray:
        """Return who stays."""
        return np.ones(len(people), dtype=bool)

    def _arriving(self, left: int) -> int:
        """Return how many arrive when so many have left."""
        return left


@dataclass(frozen=True)
class Closed(Settings):
    """Nobody comes, nobody goes."""

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population as it is.

        Parameters
        ----------
        people : People
            The population at the end of the last round.
        start, approved, t, rng : object
            Not used.

        Returns
        -------
        People
            The same object.
        """
        return people


@dataclass(frozen=True)
class ReplaceWinners(Flow):
    """People who moved and were approved leave, and newcomers arrive.

    Parameters
    ----------
    source : callable or None
        ``source(n, rng)`` returns a table of n people and their labels. None: newcomers are drawn, with replacement,
        from the population at the start.
    everybody : bool
        Whoever was approved leaves, also who never had to move.
    newcomers : int or None
        How many arrive every round; None for as many as leave.

    Raises
    ------
    InputError
        If a setting is of the wrong kind.
    """

    source: Source | None = None
    everybody: bool = False
    newcomers: int | None = None

    def __post_init__(self) -> None:
        check_source(self.source)
        checks.true_or_false("everybody", self.everybody)
        checks.whole_number("newcomers", self.newcomers, least=0, or_none=True)

    def _staying(self, people: People, approved: BoolArray, rng: Any) -> BoolArray:
        return ~(approved if self.everybody else approved & (people.moves > 0))

    def _arriving(self, left: int) -> int:
        return left if self.newcomers is None else self.newcomers


@dataclass(frozen=True)
class Inflow(Flow):
    """A number of newcomers arrive every round, and nobody leaves.

    Parameters
    ----------
    people : int
        How many arrive.
    source : callable or None
        As for `ReplaceWinners`.

    Raises
    ------
    InputError
        If a setting is of the wrong kind.
    """

    people: int
    source: Source | None = None

    def __post_init__(self) -> None:
        checks.whole_number("people", self.people, least=0)
        check_source(self.source)

    def _arriving(self, left: int) -> int:
        return self.people


@dataclass(frozen=True)
class Renewal(Flow):
    """Every round a share of the people leave, whoever they are, and as many newcomers arrive.

    Parameters
    ----------
    share : float
        The share that leaves, above 0 and at most 1.
    source : callable or None
        As for `ReplaceWinners`.

    Raises
    ------
    InputError
        If a setting is outside its range.
    """

    share: float
    source: Source | None = None

    def __post_init__(self) -> None:
        checks.share("share", self.share, zero=False)
        check_source(self.source)

    def _staying(self, people: People, approved: BoolArray, rng: Any) -> BoolArray:
        leaving = rng.choice(len(people), round(self.share * len(people)), replace=False)
        stay = np.ones(len(people), dtype=bool)
        stay[leaving] = False
        return stay


def check_source(source: Any) -> None:
    """Raise `InputError` unless this is None or a function."""
    if source is not None:
        checks.function_of("source", source, "It takes (n, rng) and returns a table of n people and their labels.")


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


FLOW = PartKind(
    word="flow",
    protocol=PassesRounds,
    needs="a method pass_round(people, start, approved, t, rng)",
    named={"closed": Closed(), "replace_winners": ReplaceWinners()},
    example="Renewal(0.5)",
)
