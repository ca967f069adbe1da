"""The priced menu: for every person and feature, the values that can be had and what each costs.

Menus are stored once for every distinct pair (feature, today's value) in flat arrays; a person is a
vector of row numbers. Searches read nothing else, so none of them can forget a constraint or a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.tables import Name

IntArray = npt.NDArray[np.int64]
RowArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Menu:
    """What one person may do about one feature: values and their prices, today's value first at price 0."""

    feature: Name
    values: npt.NDArray[Any]
    prices: FloatArray


@dataclass(frozen=True, eq=False)
class ActionGrid:
    """The priced menus of n people, as flat arrays; made by `ActionSet.grid`, read by every search.

    X : DataFrame, n rows
        The people as they are today, in the action set's columns.
    features : tuple of m names
        The features that somebody may change; all others stay as they are in `X`.
    rows : int32[n, m]
        The menu row of each person and feature. People who share today's value share the row.
    row_ptr : int64[R + 1]
        Row r holds the items ``row_ptr[r] … row_ptr[r + 1] − 1``; the first is today's value at price 0.
    codes : int32[items]
        Each item's value, as a position in its feature's domain.
    domains : m arrays
        The raw values of each feature that occur in any menu, in the dtype that the model will see.
    prices : float64[items]
        Prices ≥ 0. Zero-price moves are ordinary items: beyond the observed data percentiles are flat.
    combine : "sum" or "max"
        Whether prices add up, or the largest counts first and the sum breaks ties.
    max_changes : int or None
        At most so many features may change at once.
    """

    X: pd.DataFrame
    features: tuple[Name, ...]
    rows: RowArray
    row_ptr: IntArray
    codes: RowArray
    domains: tuple[npt.NDArray[Any], ...]
    prices: FloatArray
    combine: Literal["sum", "max"]
    max_changes: int | None = None

    def __len__(self) -> int:
        return len(self.X)

    @cached_property
    def row_feature(self) -> RowArray:
        """int32[R]: which feature each menu row belongs to."""
        owner = np.zeros(len(self.row_ptr) - 1, dtype=np.int32)
        for j in range(len(self.features)):
            owner[self.rows[:, j]] = j
        return owner

    @cached_property
    def item_row(self) -> RowArray:
        """int32[items]: which menu row each item belongs to."""
        return np.repeat(np.arange(len(self.row_ptr) - 1, dtype=np.int32), np.diff(self.row_ptr))

    def menu(self, person: int) -> list[Menu]:
        """Return one person's menus, feature by feature."""
        menus = []
        for j, name in enumerate(self.features):
            items = self._items(person, j)
            menus.append(Menu(name, self.domains[j][self.codes[items]], self.prices[items]))
        return menus

    def size(self, person: int) -> int:
        """Return how many actions one person has, doing nothing included (a Python int: it can be huge)."""
        size = 1
        for row in self.rows[person]:
            size *= int(self.row_ptr[row + 1] - self.row_ptr[row])
        return size

    def points(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> pd.DataFrame:
        """Return the raw rows that picks lead to: the only place where an action becomes a table row.

        people : k positions in `X`; picks : int[k, m], each the position of an item in its menu (0 = stay).
        """
        people, picks = np.asarray(people, dtype=np.int64), np.asarray(picks, dtype=np.int64)
        frame = self.X.take(people).reset_index(drop=True)
        if not len(people):
            return frame
        columns = {}
        for j, name in enumerate(self.features):
            moved = np.flatnonzero(picks[:, j])
            if len(moved):
                items = self.row_ptr[self.rows[people[moved], j]] + picks[moved, j]
                domain = self.domains[j]
                column = frame[name].to_numpy()
                column = column.astype(np.result_type(column.dtype, domain.dtype))
                column[moved] = domain[self.codes[items]]
                columns[name] = column
        for name, column in columns.items():
            frame[name] = column
        return frame

    def cost(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return each action's cost and the sum of its prices (the same thing unless `combine` is "max")."""
        people, picks = np.asarray(people, dtype=np.int64), np.asarray(picks, dtype=np.int64)
        paid = self.prices[self.row_ptr[self.rows[people]] + picks]
        total = paid.sum(axis=1) if paid.shape[1] else np.zeros(len(people))
        if self.combine == "sum":
            return total, total
        return paid.max(axis=1, initial=0.0), total

    def allows(self, person: int, picks: npt.ArrayLike) -> bool:
        """Whether one person may take this action: every pick on its menu, no more changes than allowed."""
        picks = np.asarray(picks)
        on_menu = all(0 <= pick < len(self._range(person, j)) for j, pick in enumerate(picks))
        return on_menu and (self.max_changes is None or int(np.count_nonzero(picks)) <= self.max_changes)

    def _range(self, person: int, j: int) -> range:
        row = self.rows[person, j]
        return range(int(self.row_ptr[row]), int(self.row_ptr[row + 1]))

    def _items(self, person: int, j: int) -> slice:
        items = self._range(person, j)
        return slice(items.start, items.stop)
