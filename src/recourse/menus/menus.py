"""The priced menu: for every person, the values that can be had and what each costs.

Features that constrain each other closely share one menu of joint states; all others have a menu of their
own. Menus are stored once for every distinct combination of today's values, in flat arrays; a person is a
vector of row numbers. Searches read nothing else, so none of them can forget a constraint or a price.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.constraints.constraint import Constraint, same_values
from recourse.arrays import BoolArray, FloatArray, IntArray, RowArray
from recourse.tables import Name


@dataclass(frozen=True, eq=False)
class Menu:
    """What one person may do about one block of features: states and their prices, today's first at price 0.

    Attributes
    ----------
    features : tuple of names
        The block's features, usually one.
    values : tuple of arrays
        For each feature its raw values, item by item.
    prices : float64[items]
        What each state costs.
    changes : int64[items]
        How many of the features each state changes.
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

    It binds only whoever changes one of its features.

    Attributes
    ----------
    coefficients : float64[items]
        What each item adds.
    low, high : float64[n]
        The limits, one a person.
    today : float64[n]
        The sum for staying.
    still : bool[items]
        Whether an item leaves the condition's features as they are today.
    blocks : tuple of int
        The blocks with its features.
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

    Attributes
    ----------
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
    parts : m times None or float64[the block's items, its features]
        For each block of several features, the price of each feature's part.
    combine : {"sum", "max"}
        Whether prices add up, or the largest counts first and the sum breaks ties.
    max_changes : int or None
        At most so many features may change at once.
    wide : tuple of Constraint
        Conditions over several blocks: an action must also satisfy these.
    linear : tuple of LinearRow
        Those of them that are linear, once more, for searches that need rows.
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
        """Return the block of a feature and its position within the block.

        Parameters
        ----------
        feature : int
            A position in `features`.

        Returns
        -------
        tuple of int
            (block, position within it).

        Raises
        ------
        IndexError
            If there are fewer features.
        """
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
        """Return where the items that people pick stand in the flat arrays.

        Parameters
        ----------
        people : int[k]
            Positions in `X`.
        picks : int[k, m]
            For each of them and each block the position of an item in their own menu; 0 is today's.

        Returns
        -------
        int64[k, m]
            Positions in `prices`, `codes` and the other arrays with one entry an item.
        """
        first = self.row_ptr[self.rows[np.asarray(people, dtype=np.int64)]]
        items: IntArray = first + np.asarray(picks)
        return items

    def menu(self, person: int) -> list[Menu]:
        """Return one person's menus, block by block.

        Parameters
        ----------
        person : int
            A position in `X`.

        Returns
        -------
        list of Menu
            In the order of `blocks`. Features that are in none of them can't be changed by this person.

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 2]})
        >>> menu = A.menus({"overdue": [1]}).menu(0)[0]
        >>> menu.values[0].tolist(), menu.prices.round(2).tolist()
        ([1, 0, 2], [0.0, 0.2, 0.4])
        """
        found = []
        for j, names in enumerate(self.blocks):
            row = self.rows[person, j]
            items = slice(int(self.row_ptr[row]), int(self.row_ptr[row + 1]))
            values = tuple(domain[self.codes[items]] for domain in self.domains[j])
            found.append(Menu(names, values, self.prices[items], self.n_changed[items]))
        return found

    def size(self, person: int) -> int:
        """Return how many actions the menus hold for a person, doing nothing included.

        Parameters
        ----------
        person : int
            A position in `X`.

        Returns
        -------
        int
            The product of the lengths of the person's menus, however large; `max_changes` and conditions
            over several blocks are not counted off.
        """
        size = 1
        for row in self.rows[person]:
            size *= int(self.row_ptr[row + 1] - self.row_ptr[row])
        return size

    def points(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> pd.DataFrame:
        """Return the rows that people's picks lead to, in raw values and the table's dtypes.

        Parameters
        ----------
        people : int[k]
            Positions in `X`, in any order and as often as wanted.
        picks : int[k, m]
            For each of them and each block the position of an item in their own menu; 0 is today's.

        Returns
        -------
        DataFrame
            k rows with the columns of `X`, numbered from 0. Whether they are allowed is not asked (`allows`).
        """
        people, picks = np.asarray(people, dtype=np.int64), np.asarray(picks, dtype=np.int64)
        values: dict[Name, tuple[IntArray, npt.NDArray[Any]]] = {}
        if len(people):
            for j, names in enumerate(self.blocks):
                moved = np.flatnonzero(picks[:, j])
                items = self.row_ptr[self.rows[people[moved], j]] + picks[moved, j]
                states = self.codes[items]
                for name, domain in zip(names, self.domains[j], strict=True):
                    values[name] = moved, domain[states]
        return self.rows_with(people, values)

    def rows_with(
        self, people: npt.ArrayLike, values: Mapping[Name, tuple[IntArray, npt.NDArray[Any]]]
    ) -> pd.DataFrame:
        """Return people's rows with other values in some places.

        Parameters
        ----------
        people : int[k]
            Positions in `X`.
        values : mapping
            For each feature that changes, in which of the k rows (int64[c]) and to which values (array[c]).

        Returns
        -------
        DataFrame
            k rows with the columns of `X`, numbered from 0; untouched values are today's to the last bit.
        """
        frame = self.X.take(np.asarray(people, dtype=np.int64)).reset_index(drop=True)
        for name, (where, new) in values.items():
            if len(where):
                frame[name] = tables.replaced(frame[name], where, new)
        return frame

    def cost(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return what actions cost, and the sum of their prices.

        Parameters
        ----------
        people : int[k]
            Positions in `X`.
        picks : int[k, m]
            For each of them and each block the position of an item in their own menu; 0 is today's.

        Returns
        -------
        tuple of float64[k]
            The cost, and the sum, which breaks ties: the same array unless `combine` is "max", where the cost
            is the largest price.
        """
        items = self.items(people, picks)
        total = self.prices[items].sum(axis=1) if items.shape[1] else np.zeros(len(items))
        if self.combine == "sum":
            return total, total
        return self.peaks[items].max(axis=1, initial=0.0), total

    def feature_changes(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> BoolArray:
        """Return which features each action changes; induced changes don't count.

        Parameters
        ----------
        people : int[k]
            Positions in `X`.
        picks : int[k, m]
            For each of them and each block the position of an item in their own menu; 0 is today's.

        Returns
        -------
        bool[k, f]
            One column for each of `features`.
        """
        masks = self.changed[self.items(people, picks)]
        columns = []
        for j, names in enumerate(self.blocks):
            for bit in range(len(names)):
                columns.append((masks[:, j] >> np.uint64(bit)) & np.uint64(1) == 1)
        return np.stack(columns, axis=1) if columns else np.zeros((len(masks), 0), dtype=bool)

    def changes(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> pd.DataFrame:
        """Return what actions change, one line a changed feature.

        Parameters
        ----------
        people : int[k]
            Positions in `X`.
        picks : int[k, m]
            For each of them and each block the position of an item in their own menu; 0 is today's.

        Returns
        -------
        DataFrame
            ``action`` (0 … k − 1), ``feature``, ``today`` and ``new`` (plain Python values) and ``price``, by
            action and then in the order of the columns of `X`. Induced changes are listed too, at price 0.

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 2], "age": [30, 40, 50, 60]})
        >>> A["age"].actionable = False
        >>> A.menus({"overdue": [1, 2], "age": [30, 50]}).changes([0, 1], [[1], [0]])
           action  feature today new  price
        0       0  overdue     1   0    0.2
        """
        picks = np.asarray(picks)
        items = self.items(people, picks)

        # who changes what, feature by feature
        lines: list[_Changes] = []
        for j, names in enumerate(self.blocks):
            who = np.flatnonzero(picks[:, j])
            for position in range(len(names)):
                lines.append(self._changes_of(j, position, who, items[who, j]))
        action = joined([line.action for line in lines], np.int64)
        feature = joined([line.feature for line in lines], np.int64)

        # and then person by person
        order = np.lexsort((feature, action))
        names_ = np.empty(len(self.X.columns), dtype=object)
        names_[:] = list(self.X.columns)
        columns = {
            "action": action[order],
            "feature": names_[feature[order]],
            "today": joined([line.today for line in lines], object)[order],
            "new": joined([line.new for line in lines], object)[order],
            "price": joined([line.price for line in lines], np.float64)[order],
        }
        return pd.DataFrame({key: pd.Series(value, dtype=value.dtype) for key, value in columns.items()})

    def _changes_of(self, block: int, position: int, who: npt.NDArray[np.int64], items: IntArray) -> _Changes:
        """Where one feature of a block differs from today, of the actions `who`, which pick these of its items."""
        domain = self.domains[block][position]
        first = self.row_ptr[self.item_row[items]]
        today, new = domain[self.codes[first]], domain[self.codes[items]]
        moved = np.flatnonzero(~same_values(today, new))

        # the price of a state is the feature's own, or has a part for each of the block's features
        parts = self.parts[block]
        price = self.prices[items] if parts is None else parts[items - self.block_items[block].start, position]
        column = self._position[self.blocks[block][position]]
        return _Changes(
            action=who[moved],
            feature=np.full(len(moved), column),
            today=_objects(today[moved]),
            new=_objects(new[moved]),
            price=price[moved],
        )

    @cached_property
    def _position(self) -> dict[Name, int]:
        return {name: k for k, name in enumerate(self.X.columns)}

    def allows(self, people: npt.ArrayLike, picks: npt.ArrayLike) -> BoolArray:
        """Return whether people may take actions: on the menu, few enough changes, every constraint kept.

        Parameters
        ----------
        people : int[k]
            Positions in `X`.
        picks : int[k, m]
            For each of them and each block the position of an item in their own menu; 0 is today's. One that is
            not on the menu is no error but not allowed.

        Returns
        -------
        bool[k]
        """
        people, picks = np.asarray(people, dtype=np.int64), np.asarray(picks, dtype=np.int64)

        # on the menu
        lengths = np.diff(self.row_ptr)[self.rows[people]]
        allowed = ((picks >= 0) & (picks < lengths)).all(axis=1)

        # few enough changes
        good = np.flatnonzero(allowed)
        if self.max_changes is not None:
            changes = self.n_changed[self.items(people[good], picks[good])].sum(axis=1)
            allowed[good] = changes <= self.max_changes

        # the constraints that no menu holds
        good = np.flatnonzero(allowed)
        if self.wide and len(good):
            today = self.X.take(people[good]).reset_index(drop=True)
            new = self.points(people[good], picks[good])
            changed = None
            if any(constraint.counts_choices for constraint in self.wide):
                changed = dict(zip(self.features, self.feature_changes(people[good], picks[good]).T, strict=True))
            for constraint in self.wide:
                allowed[good] &= constraint.holds(today, new, changed)
        return allowed


class _Changes(NamedTuple):
    """What actions change of one feature: action, column of the table, value today, new value, price."""

    action: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    today: npt.NDArray[Any]
    new: npt.NDArray[Any]
    price: FloatArray


def joined(arrays: Sequence[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    """Return arrays end to end; an empty one if there are none."""
    return np.concatenate([np.empty(0, dtype=dtype), *arrays]).astype(dtype, copy=False)


def _objects(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Plain Python values in an object array."""
    plain = np.empty(len(values), dtype=object)
    plain[:] = values.tolist()
    return plain
