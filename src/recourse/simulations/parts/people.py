"""The people of a simulation: features, labels and numbers that stay theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import IntArray


@dataclass(frozen=True, eq=False)
class People:
    """A population at one moment: the table (groups included), labels, and who is who.

    ids : int64[n], the same for the same person in every arm
    moves : int64[n], how often each has moved; last : int64[n], the round of the last move, 0 if none
    """

    X: pd.DataFrame
    y: npt.NDArray[Any]
    ids: IntArray
    moves: IntArray
    last: IntArray

    @classmethod
    def start(cls, X: pd.DataFrame, y: npt.NDArray[Any]) -> People:
        """Nobody has moved yet."""
        n = len(X)
        return cls(X, y, np.arange(n), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64))

    def take(self, rows: Any) -> People:
        """Return some of them."""
        return People(
            self.X.iloc[rows].reset_index(drop=True), self.y[rows], self.ids[rows], self.moves[rows], self.last[rows]
        )

    def join(self, others: People) -> People:
        """Return both populations as one."""
        pairs = ((self.y, others.y), (self.ids, others.ids), (self.moves, others.moves), (self.last, others.last))
        return People(pd.concat([self.X, others.X], ignore_index=True), *(np.concatenate(pair) for pair in pairs))

    def __len__(self) -> int:
        return len(self.ids)
