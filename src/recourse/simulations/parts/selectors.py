"""Who is drawn to get recourse in a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recourse.arrays import IntArray
from recourse.errors import InputError

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Selector:
    """Draw a share of those whom the model denies.

    share : of the pool, rounded
    together : draw from the people whom *every* arm's model denies, the same in all arms, so that arms differ
        by what happens to people and not by whom it happens to. The pool then shrinks with its unluckiest
        arm; every round logs its size. False: each arm draws from its own pool
    at_least : draw so many while the pool lasts, also where the share rounds to 0
    capacity : never more than this
    """

    share: float = 0.05
    together: bool = True
    at_least: int = 1
    capacity: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(f"share must be above 0 and at most 1, not {self.share!r}.")
        if self.at_least < 0 or (self.capacity is not None and self.capacity < 1):
            raise InputError("at_least must be ≥ 0 and capacity ≥ 1 (or None).")

    def draw(self, pool: IntArray, rng: np.random.Generator) -> IntArray:
        """Return the ids drawn, ascending."""
        count = max(round(self.share * len(pool)), self.at_least)
        count = min(count, len(pool), self.capacity or len(pool))
        return np.sort(rng.choice(pool, count, replace=False)) if count else pool[:0]


def how_many(k: float, n: int) -> int:
    """Return k people, or that share of n, rounded: at least one and at most n."""
    return min(max(round(k * n) if k < 1 else int(k), 1), n)
