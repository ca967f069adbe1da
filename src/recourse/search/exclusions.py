"""What a person's next action may not be: how a second action is asked for that differs from the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import IntArray


@dataclass
class Exclusions:
    """What one person's next action may not be, in positions of features (`Menus.features`) and items.

    Parameters
    ----------
    subsets : list of sets of features
        An action may not change exactly these.
    supersets : list of sets of features
        An action may not change all of these, with or without others.
    frozen : set of features
        These may not change.
    picks : list of tuples of int
        Actions that may not recur, as one position in each menu; −1 stands for any item of that menu.
    """

    subsets: list[frozenset[int]] = field(default_factory=list)
    supersets: list[frozenset[int]] = field(default_factory=list)
    frozen: frozenset[int] = frozenset()
    picks: list[tuple[int, ...]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything is excluded."""
        return bool(self.subsets or self.supersets or self.frozen or self.picks)

    def allow(self, picks: npt.ArrayLike, changed: npt.ArrayLike) -> bool:
        """Return whether an action is none of the excluded ones.

        Parameters
        ----------
        picks : int[m]
            The action: a position in each menu.
        changed : bool[features]
            Which features it changes.
        """
        features = frozenset(np.flatnonzero(changed).tolist())
        return not (
            features in self.subsets
            or features & self.frozen
            or any(subset <= features for subset in self.supersets)
            or any(_is_one_of(pattern, np.asarray(picks)) for pattern in self.picks)
        )

    def without(self, picks: npt.ArrayLike, matters: npt.ArrayLike) -> Exclusions:
        """Return the same exclusions and one more action that may not recur.

        Parameters
        ----------
        picks : int[m]
            The action.
        matters : bool[m]
            In which menus another item makes it a different action.
        """
        one = tuple(int(pick) for pick in np.where(matters, picks, -1))
        return Exclusions(self.subsets, self.supersets, self.frozen, [*self.picks, one])


def _is_one_of(pattern: tuple[int, ...], picks: npt.NDArray[Any]) -> bool:
    """Whether an action fits a pattern, in which −1 stands for any item."""
    wanted = np.array(pattern)
    return bool(((wanted == picks) | (wanted < 0)).all())


def exclusions_of(exclusions: Sequence[Exclusions] | None, people: IntArray) -> list[Exclusions]:
    """The exclusions of each of `people`: those given, in their order, or empty ones."""
    return [Exclusions() for _ in people] if exclusions is None else list(exclusions)
