"""Menus as trees see them, and as the compiled kernel wants them: of each menu, the cheapest item of every cell.

Trees see of a value only which *cell* it lies in: where it lies among a column's thresholds, or which category it
is. So a menu collapses to the cheapest item of each cell, which loses nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray, IntArray, RowArray
from recourse.menus.menus import Menus
from recourse.models.statements.trees import TreeEnsemble
from recourse.search.exclusions import Exclusions

FIRST_ROOM = 64
"""Room for so many open boxes at first; it grows as a person needs more."""

_NUMERIC_SETS = 2
"""The kind of tests that ask whether a cell is in a set; see `TreeEnsemble`."""

_WORD = 63
"""How many items one word of a bit set holds."""


def detail_for(menus: Menus, excluded: Exclusions) -> str:
    """How far one person's menus may be collapsed: to "cells", to what "changes" differently, or not: "items"."""
    if excluded.picks:
        return "items"
    counts_changes = bool(excluded.frozen) or menus.max_changes is not None
    if excluded.subsets or excluded.supersets or (counts_changes and not menus.single):
        return "changes"
    return "cells"


class TreeProblem:
    """The kernel's view of trees and collapsed menus, and what room a solver needs for them."""

    def __init__(self, kernel: Any, menus: Menus, statement: TreeEnsemble, detail: str) -> None:
        self.kernel, self.menus, self.statement = kernel, menus, statement
        self.m, self.first_room = len(menus.blocks), FIRST_ROOM
        self.asks = not menus.has_rows  # conditions that the kernel doesn't know are asked about
        self._items, self._states, self._start = collapse(menus, statement, detail)
        self.unit = _unit(menus.prices, menus.peaks)
        self._sequences()
        self.handle = kernel.Shared(
            self._sizes(),
            self._bar(),
            self._trees(),
            self._tests(),
            self._menus(),
            self._people(),
            self._conditions(),
        )
        self._measure()

    # -- what the kernel is given, in the order of its header --------------------------------------------------

    def _sequences(self) -> None:
        """Part the tests into sequences: one column, one way of treating missing values, rising cuts."""
        statement = self.statement
        pairs = np.stack([statement.column, statement.kind], axis=1)
        if len(pairs):
            change = np.flatnonzero((pairs[1:] != pairs[:-1]).any(axis=1)) + 1
            self._first = np.concatenate([[0], change, [len(pairs)]])
        else:
            self._first = np.array([0])
        self._column, self._kind = statement.column[self._first[:-1]], statement.kind[self._first[:-1]]

        # Each column's block, and its place among the block's columns; −1 where it can't move.
        self._block = np.full(statement.today.shape[1], -1)
        self._slot = np.arange(statement.today.shape[1])
        for j, columns in enumerate(statement.columns):
            self._block[columns], self._slot[columns] = j, np.arange(len(columns))

    def _sizes(self) -> tuple[int, ...]:
        statement, menus = self.statement, self.menus
        limit = -1 if menus.max_changes is None else menus.max_changes
        return (
            len(statement.roots),
            len(statement.column),
            len(self._column),
            self.m,
            statement.today.shape[1],
            max(1, statement.sets.shape[1]),
            min(limit, 2**31 - 1),
        )

    def _bar(self) -> tuple[float, float]:
        """Below the first score an action is denied for certain; from the second on it is approved."""
        statement = self.statement
        if statement.tolerance == 0:
            exact = float(np.nextafter(statement.bar, np.inf)) if statement.strict else float(statement.bar)
            return exact, exact
        return float(statement.bar - statement.tolerance), float(statement.bar + statement.tolerance)

    def _trees(self) -> list[Any]:
        statement, give = self.statement, self.give
        return [
            give(statement.roots, np.int32),
            give(statement.test, np.int32),
            give(statement.left, np.int32),
            give(statement.right, np.int32),
            give(statement.value, np.float64),
        ]

    def _tests(self) -> list[Any]:
        give = self.give
        return [
            give(self._first, np.int32),
            give(self._block[self._column], np.int32),
            give(self._slot[self._column], np.int32),
            give(self._kind, np.int32),
            give(self.statement.cut, np.int32),
            give(self.statement.sets, np.uint8),
        ]

    def _menus(self) -> list[Any]:
        statement, menus, items, give = self.statement, self.menus, self._items, self.give
        by_largest = menus.combine == "max"
        cells = [table.ravel() for table in statement.cells]
        cell_start = np.concatenate([[0], np.cumsum([len(one) for one in cells])])[:-1]
        return [
            give(self._start, np.int64),
            give(items - menus.row_ptr[menus.item_row[items]], np.int32),
            give(menus.peaks[items] / self.unit if by_largest else np.zeros(len(items)), np.float64),
            give(menus.prices[items] / self.unit, np.float64),
            give(menus.changed[items].astype(np.int64), np.int64),
            give(self._states, np.int32),
            give(np.concatenate([np.empty(0, np.int32), *cells]), np.int32),
            give(cell_start, np.int64),
            give([len(columns) for columns in statement.columns], np.int32),
        ]

    def _people(self) -> list[Any]:
        menus, give = self.menus, self.give
        tied = {name for constraint in menus.wide for name in constraint.features}
        across = [bool(tied & set(names)) for names in menus.blocks]
        return [give(menus.rows, np.int32), give(self.statement.today, np.int32), give(across, np.uint8)]

    def _conditions(self) -> list[Any]:
        """Linear conditions across menus."""
        linear, items, give = self.menus.linear, self._items, self.give
        return [
            (len(linear), len(items), len(self.menus)),
            give([row.coefficients[items] for row in linear], np.float64),
            give([row.still[items] for row in linear], np.uint8),
            give([[j in row.blocks for j in range(self.m)] for row in linear], np.uint8),
            give([row.low for row in linear], np.float64),
            give([row.high for row in linear], np.float64),
        ]

    # -- room for one person -----------------------------------------------------------------------------------

    def _measure(self) -> None:
        """How much room one person's search needs at most."""
        statement = self.statement
        longest = np.ones(self.m, dtype=np.int64)
        np.maximum.at(longest, self.menus.row_block, np.diff(self._start))
        words = (longest + _WORD - 1) // _WORD

        # Tests that part a block are at most its states less one, in each sequence; tests for sets may all do so.
        counts = np.diff(self._first)
        owner = self._block[self._column]
        inside = owner >= 0
        most = np.where(self._kind == _NUMERIC_SETS, counts, np.minimum(counts, np.append(longest, 1)[owner]))

        self.n_tests, self.n_nodes, self.n_trees = len(statement.column), len(statement.test), len(statement.roots)
        self.n_states, self.n_words = int(longest.sum()), int(words.sum())
        self.n_local = int(most[inside].sum())
        self.local_words = int((most[inside] * words[owner[inside]]).sum())
        self.trail = int(words.max(initial=1)) * (_depth(statement) + 2)
        self.most = int(longest.max(initial=1))
        self.bytes = 28 * self.n_nodes + 8 * self.local_words + 4 * self.n_tests + 48 * self.n_states

    def give(self, array: npt.ArrayLike, kind: Any) -> Any:
        """An array for the kernel: as it is compiled, a list (five times faster to index) interpreted."""
        flat = np.ascontiguousarray(array, kind).ravel()
        if not len(flat):
            flat = np.zeros(1, kind)
        return flat if self.kernel.is_compiled() else flat.tolist()

    def empty(self, length: int, kind: Any) -> Any:
        """Room for the kernel to write to."""
        length = max(length, 1)
        return np.empty(length, kind) if self.kernel.is_compiled() else [kind(0).item()] * length

    def solver(self) -> Any:
        """Make room for one person's search."""
        m, n, most = self.m, self.n_states, max(self.most, self.m)
        # The kernel's arrays, in the order that its header lists.
        tests, nodes = [self.n_tests, self.n_local], [self.n_trees, self.n_nodes, self.n_nodes, self.n_nodes]
        ints = [m + 1, m + 1, n, n, n, *tests, most, most, most, *nodes, m, m]
        doubles = [n, n, n, self.n_local, self.n_nodes, self.n_trees + 1, self.most]
        longs = [n, n, self.n_local, self.local_words, self.n_words, self.n_words, self.trail, n, self.n_words]
        solver = self.kernel.Solver(
            self.handle,
            [self.empty(size, np.int32) for size in ints],
            [self.empty(size, np.float64) for size in doubles],
            [self.empty(size, np.int64) for size in longs],
        )
        self.hold(solver, self.first_room)
        return solver

    def hold(self, solver: Any, room: int) -> None:
        """Give a solver's pool room for so many boxes."""
        solver.hold(
            room,
            self.empty(room * self.n_words, np.int64),
            [self.empty(room, np.float64), self.empty(room, np.float64)],
            [self.empty(room, np.int32), self.empty(room, np.int32)],
        )


def collapse(menus: Menus, statement: TreeEnsemble, detail: str) -> tuple[IntArray, RowArray, IntArray]:
    """Return the items that matter, each one's state in its block's domain, and where the rows of them start.

    Of the items of a row that lie in the same cells the cheapest stays, today's first. `detail` keeps more apart:
    "changes" what changes different features, "items" everything. So does a condition across blocks, within the
    blocks that it reads, and the largest price, where it is not the price.
    """
    # Which items of a block lie in the same cells; where a condition reads the block, each is apart from all others.
    items = np.arange(len(menus.codes))
    cell = np.zeros(len(items), dtype=np.int64)
    tied = {name for constraint in menus.wide for name in constraint.features}
    for j, table in enumerate(statement.cells):
        span = menus.block_items[j]
        if detail == "items" or tied & set(menus.blocks[j]):
            cell[span] = items[span]
            continue
        _, group = np.unique(table, axis=0, return_inverse=True)
        cell[span] = group.ravel()[menus.codes[span]]

    # Of the items with the same keys only the first one in this order is kept: the cheapest, today's before others.
    keys: list[npt.NDArray[Any]] = [menus.item_row, cell]
    if detail == "changes":
        keys.append(menus.changed)
    if menus.combine == "max" and menus.peaks is not menus.prices:
        keys.append(menus.peaks)
    order = np.lexsort((items, menus.prices, *reversed(keys)))
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.logical_or.reduce([key[order[1:]] != key[order[:-1]] for key in keys])
    kept = order[new]

    # Within each row: today's item first, then by price.
    peaks = menus.peaks if menus.combine == "max" else menus.prices
    stays = kept == menus.row_ptr[menus.item_row[kept]]
    kept = kept[np.lexsort((kept, menus.prices[kept], peaks[kept], ~stays, menus.item_row[kept]))]
    counts = np.bincount(menus.item_row[kept], minlength=len(menus.row_ptr) - 1)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return kept, menus.codes[kept], start


def _unit(prices: FloatArray, peaks: FloatArray) -> float:
    """What the kernel counts prices in: 1, or a power of two, so that nothing is rounded, where prices are tiny.

    The kernel takes sums for equal that differ by less than 1e-12, relative to 1 + cost, and so no price in its units
    may be much below 1.
    """
    paid = np.concatenate([prices[prices > 0], peaks[peaks > 0]])
    if not len(paid) or paid.min() >= 1e-3:
        return 1.0
    smallest, largest = (math.frexp(float(price))[1] for price in (paid.min(), paid.max()))
    return 2.0 ** max(smallest - 1, largest - 900, -1000)


def _depth(statement: TreeEnsemble) -> int:
    """The most tests on the way to a leaf."""
    depth, nodes = 0, statement.roots
    while len(nodes := nodes[statement.test[nodes] >= 0]):
        nodes = np.concatenate([statement.left[nodes], statement.right[nodes]])
        depth += 1
    return depth
