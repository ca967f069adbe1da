"""Who is drawn to get recourse in a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from recourse import checks
from recourse.arrays import IntArray
from recourse.identity import Settings
from recourse.simulations.parts.part import PartKind


@runtime_checkable
class DrawsPeople(Protocol):
    """What a round asks of a selector."""

    @property
    def together(self) -> bool:
        """Whether all arms draw the same people, from those whom every arm denies."""

    def draw(self, pool: IntArray, rng: np.random.Generator) -> IntArray:
        """Return the ids drawn from the pool."""


@dataclass(frozen=True)
class Selector(Settings):
    """Draw a share of those whom the model denies.

    Parameters
    ----------
    share : float
        The share of the pool that is drawn each round, above 0 and at most 1, rounded to people.
    together : bool
        True: draw from the people whom *every* arm's model denies, the same in all arms, so that arms differ by what
        happens to people and not by whom it happens to. The pool then shrinks with its unluckiest arm; every round
        logs its size. False: each arm draws from its own pool.
    at_least : int
        Draw so many while the pool lasts, also where the share rounds to 0.
    capacity : int or None
        Never draw more than this.

    Raises
    ------
    InputError
        If a setting is outside its range.

    Examples
    --------
    >>> Selector(share=0.5).draw(np.arange(4), np.random.default_rng(0)).tolist()
    [2, 3]
    """

    share: float = 0.05
    together: bool = True
    at_least: int = 1
    capacity: int | None = None

    def __post_init__(self) -> None:
        checks.share("share", self.share, zero=False)
        checks.true_or_false("together", self.together)
        checks.whole_number("at_least", self.at_least, least=0)
        checks.whole_number("capacity", self.capacity, least=1, or_none=True)

    def draw(self, pool: IntArray, rng: np.random.Generator) -> IntArray:
        """Return who is drawn.

        Parameters
        ----------
        pool : int64[n]
            The ids of those who are denied and have no recommendation yet.
        rng : numpy.random.Generator
            The round's own; the same in all arms where `together`.

        Returns
        -------
        int64[m]
            Ids, ascending; none if the pool is empty.
        """
        count = max(round(self.share * len(pool)), self.at_least)
        count = min(count, len(pool), self.capacity or len(pool))
        return np.sort(rng.choice(pool, count, replace=False)) if count else pool[:0]


SELECTOR = PartKind(
    word="selector",
    protocol=DrawsPeople,
    needs="`together` and a method draw(pool, rng)",
    named={"together": Selector(), "apart": Selector(together=False)},
    example="Selector(share=0.05)",
)
