"""The priced menu: for every person, the values that can be had and what each costs.

Features that constrain each other closely share one menu of joint states; all others have a menu of their
own. Menus are stored once for every distinct combination of today's values, in flat arrays; a person is a
vector of row numbers. Searches read nothing else, so none of them can forget a constraint or a price.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.constraints.constraint import Constraint
from recourse.arrays import BoolArray, FloatArray, IntArray, RowArray
from recourse.tables import Name


@dataclass(frozen=True, eq=False)
class Menu:
    """What one person may do about one block of features: states and their prices, today's first at price 0.

    features : the block's features, usually one
    values : one array of raw values a feature, item by item
    prices : float64[items]; changes : how many of the features each item changes
    """

    features: tuple[Name, ...]
    values: tuple[npt.NDArray[Any], ...]
    prices: FloatArray
    changes: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return f"Menu of {', '.join(map(str, self.features))}: {len(self.prices):,} states, today's first"


@dataclass(frozen=True, eq=False)
class LinearRow:
    """One linear condition on an action: low ≤ Σ_i coefficients[i] ≤ high over the items picked.

    coefficients : float64[items]; low, high : float64[n], one a person; today : float64[n], the sum for
    staying; still : bool[items], whether an item leaves the condition's features as they are today. It
    binds only whoever picks an item that does not, in one of the blocks in `blocks`.
    """

    coefficients: FloatArray
    low: FloatArray
    high: FloatArray
    today: FloatArray
    still: BoolArray
    blocks: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Menus:
    """The priced menus of n people, as flat arrays; made by `ActionSet.menus`, read by every search.

    X : DataFrame, n rows
        The people as they are today, in the action set's columns.
    blocks : m tuples of names
        The features that share a menu: one each, or several that are tied together by a constraint.
        Features in no block stay as they are in `X`.
    rows : int32[n, m]
        The menu row of each person and block. People with the same values today share the row.
    row_ptr : int64[R + 1]
        Row r holds the items ``row_ptr[r] … row_ptr[r + 1] − 1``; the first is today's state at price 0.
        Rows are numbered block by block.
    codes : int32[items]
        Each item's state, as a position in its block's domain.
    domains : m tuples of arrays
        For each block and each of its features, the raw values of the states, in the dtype that the
        model will see.
    prices : float64[items]
        Prices ≥ 0, summed over the block's features. Zero-price moves are ordinary items: beyond the
        observed data percentiles are flat.
    peaks : float64[items]
        The largest single price in each item; the same array as `prices` where every block is one feature.
    changed : uint64[items]
        Which of the block's features an item changes: bit b stands for the block's b-th feature. Induced
        changes don't count.
    parts : for each block of several features, float64[its items, its features]: the price of each part
    combine : "sum" or "max"
        Whether prices add up, or the largest counts first and the sum breaks ties.
    max_changes : int or None
        At most so many features may change at once.
    wide : constraints over several blocks
        An action must also satisfy these: linear ones are in `linear` too, for searches that need rows.
    """

    X: pd.DataFrame
    blocks: tuple[tuple[Name, ...], ...]
    rows: RowArray
    row_ptr: IntArray
    codes: RowArray
    domains: tuple[tuple[npt.NDArray[Any], ...], ...]
    prices: FloatArray
    peaks: FloatArray
    changed: npt.NDArray[np.uint64]
    parts: tuple[FloatArray | None, ...]
    combine: Literal["sum", "max"]
    max_changes: int | None = None
    wide: tuple[Constraint, ...] = ()
    linear: tuple[LinearRow, ...] = ()

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        sizes = [self.size(person) for person in range(min(len(self), 1_000))]
        each = f"{min(sizes):,} to {max(sizes):,}" if sizes else "no"
        some = " (of the first 1,000)" if len(self) > 1_000 else ""
        blocks = ", ".join("+".join(map(str, names)) for names in self.blocks)
        return f"Menus of {len(self):,} people: {each} actions a person{some}, over {blocks or 'no feature'}"

    @cached_property
    def features(self) -> tuple[Name, ...]:
        """All features in blocks, block by block: the order of `feature_changes`."""
        return tuple(name for block in self.blocks for name in block)

    def place(self, feature: int) -> tuple[int, int]:
        """Return the block and the position within it of the feature at this position in `features`."""
        for j, names in enumerate(self.blocks):
            if feature < len(names):
                return j, feature
            feature -= len(names)
        raise IndexError(feature)

    @property
    def single(self) -> bool:
        """Whether every block is one feature."""
        return len(self.features) == len(self.blocks)

    @property
    def has_rows(self) -> bool:
        """Whether `linear` says all that `wide` says."""
        return all(constraint.linear() is not None for constraint in self.wide)

    @cached_property
    def row_block(self) -> RowArray:
        """int32[R]: which block each menu row belongs to."""
        owner = np.zeros(len(self.row_ptr) - 1, dtype=np.int32)
        for j in range(len(self.blocks)):
            owner[self.rows[:, j]] = j
        return owner

    @cached_property
    def item_row(self) -> RowArray:
        """int32[items]: which menu row each item belongs to."""
        return np.repeat(np.arange(len(self.row_ptr) - 1, dtype=np.int32), np.diff(self.row_ptr))

    @cached_property
    def block_items(self) -> tuple[slice, ...]:
        """The items of each block."""
        ends = np.searchsorted(self.row_block, np.arange(len(self.blocks) + 1))
        return tuple(slice(int(self.row_ptr[a]), int(self.row_ptr[b])) for a, b in itertools.pairwise(ends))

    @cached_property
    def n_changed(self) -> npt.NDArray[np.int64]:
        """int64[items]: how many features each item changes."""
        return np.bitwise_count(self.changed).astype(np.int64)

    def items(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> IntArray:
        """Return the flat positions of picks: int64[k, m]."""
        items: IntArray = self.row_ptr[self.rows[np.asarray(people, dtype=np.int64)]] + np.asarray(picks)
        return items

    def menu(self, person: int) -> list[Menu]:
        """Return one person's menus, block by block."""
        found = []
        for j, names in enumerate(self.blocks):
            row = self.rows[person, j]
            items = slice(int(self.row_ptr[row]), int(self.row_ptr[row + 1]))
            values = tuple(domain[self.codes[items]] for domain in self.domains[j])
            found.append(Menu(names, values, self.prices[items], self.n_changed[items]))
        return found

    def size(self, person: int) -> int:
        """Return how many actions the menus hold for a person, doing nothing included (a Python int)."""
        size = 1
        for row in self.rows[person]:
            size *= int(self.row_ptr[row + 1] - self.row_ptr[row])
        return size

    def points(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> pd.DataFrame:
        """Return the raw rows that picks lead to: the only place where an action becomes a table row.

        people : k positions in `X`; picks : int[k, m], each the position of an item in its menu (0 = stay).
        """
        people, picks = np.asarray(people, dtype=np.int64), np.asarray(picks, dtype=np.int64)
        values: dict[Name, tuple[IntArray, npt.NDArray[Any]]] = {}
        for j, names in enumerate(self.blocks if len(people) else ()):
            moved = np.flatnonzero(picks[:, j])
            states = self.codes[self.row_ptr[self.rows[people[moved], j]] + picks[moved, j]]
            values.update({name: (moved, domain[states]) for name, domain in zip(names, self.domains[j], strict=True)})
        return self.rows_with(people, values)

    def rows_with(
        self, people: npt.ArrayLike, values: Mapping[Name, tuple[IntArray, npt.NDArray[Any]]]
    ) -> pd.DataFrame:
        """Return the raw rows of k people with other values in some: for a feature, in which rows and which."""
        frame = self.X.take(np.asarray(people, dtype=np.int64)).reset_index(drop=True)
        for name, (where, new) in values.items():
            if len(where):
                frame[name] = tables.replaced(frame[name], where, new)
        return frame

    def cost(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return each action's cost and the sum of its prices (the same thing unless `combine` is "max")."""
        items = self.items(people, picks)
        total = self.prices[items].sum(axis=1) if items.shape[1] else np.zeros(len(items))
        if self.combine == "sum":
            return total, total
        return self.peaks[items].max(axis=1, initial=0.0), total

    def feature_changes(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> BoolArray:
        """Return which of `features` each action changes: bool[k, len(features)]."""
        masks = self.changed[self.items(people, picks)]
        columns = [
            (masks[:, j] >> np.uint64(bit)) & np.uint64(1) == 1
            for j, names in enumerate(self.blocks)
            for bit in range(len(names))
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((len(masks), 0), dtype=bool)

    def changes(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> pd.DataFrame:
        """Return what actions change, one line a feature: action (0 … k − 1), feature, today, new, price.

        Induced changes are listed too, at price 0. Values are plain Python values.
        """
        items = self.items(people, picks)
        lines: list[tuple[npt.NDArray[Any], ...]] = []
        for j, names in enumerate(self.blocks):
            who = np.flatnonzero(np.asarray(picks)[:, j])
            item = items[who, j]
            stay = self.row_ptr[self.item_row[item]]
            parts, offset = self.parts[j], self.block_items[j].start
            for b, (name, domain) in enumerate(zip(names, self.domains[j], strict=True)):
                today, new = domain[self.codes[stay]], domain[self.codes[item]]
                moved = np.flatnonzero(~np.asarray((today == new) | (pd.isna(today) & pd.isna(new)), dtype=bool))
                price = self.prices[item] if parts is None else parts[item - offset, b]
                lines.append((who[moved], np.full(len(moved), self._position[name]), _objects(today[moved]),
                              _objects(new[moved]), price[moved]))  # fmt: skip
        action, feature, today, new, price = (
            np.concatenate([line[k] for line in lines]) if lines else np.empty(0) for k in range(5)
        )
        order = np.lexsort((feature, action))
        names_ = np.empty(len(self.X.columns), dtype=object)
        names_[:] = list(self.X.columns)
        columns = {
            "action": action[order].astype(np.int64),
            "feature": names_[feature[order].astype(np.int64)],
            "today": today[order].astype(object),
            "new": new[order].astype(object),
            "price": price[order].astype(np.float64),
        }
        return pd.DataFrame({key: pd.Series(value, dtype=value.dtype) for key, value in columns.items()})

    @cached_property
    def _position(self) -> dict[Name, int]:
        return {name: k for k, name in enumerate(self.X.columns)}

    def allows(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> BoolArray:
        """Return whether each person may take each action: on the menu, few enough changes, every constraint kept."""
        people, picks = np.asarray(people, dtype=np.int64), np.asarray(picks, dtype=np.int64)
        lengths = np.diff(self.row_ptr)[self.rows[people]]
        allowed = ((picks >= 0) & (picks < lengths)).all(axis=1)
        good = np.flatnonzero(allowed)
        if self.max_changes is not None:
            changes = self.n_changed[self.items(people[good], picks[good])].sum(axis=1)
            allowed[good] = changes <= self.max_changes
        good = np.flatnonzero(allowed)
        if self.wide and len(good):
            today, new = self.X.take(people[good]).reset_index(drop=True), self.points(people[good], picks[good])
            changed = None
            if any(constraint.counts_choices for constraint in self.wide):
                changed = dict(zip(self.features, self.feature_changes(people[good], picks[good]).T, strict=True))
            for constraint in self.wide:
                allowed[good] &= constraint.holds(today, new, changed)
        return allowed


def _objects(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Plain Python values in an object array."""
    plain = np.empty(len(values), dtype=object)
    plain[:] = values.tolist()
    return plain
