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


def detail_for(menus: Menus, excluded: Exclusions) -> str:
    """How far one person's menus may be collapsed: to "cells", to what "changes" differently, or not: "items"."""
    if excluded.picks:
        return "items"
    counts_changes = bool(excluded.frozen) or menus.max_changes is not None
    if excluded.subsets or excluded.supersets or (counts_changes and not menus.single):
        return "changes"
    return "cells"


class TreeProblem:
    """The kernel's view of trees and collapsed menus."""

    def __init__(self, kernel: Any, menus: Menus, statement: TreeEnsemble, detail: str) -> None:
        self.kernel, self.menus, self.statement = kernel, menus, statement
        self.m = len(menus.blocks)
        self.asks = not menus.has_rows  # conditions that the kernel doesn't know are asked about
        self._items, self._states, self._start = collapse(menus, statement, detail)
        self.unit = _unit(menus.prices, menus.peaks)
        self.handle = kernel.Shared(
            **self._bar(), **self._trees(), **self._tests(), **self._menus(), **self._people(), **self._conditions()
        )

    def solver(self) -> Any:
        """Return a workspace for one person's search at a time."""
        return self.kernel.Solver(self.handle)

    # -- what the kernel is given, by name (trees.hpp says what each array is) ---------------------------------

    def _bar(self) -> dict[str, float]:
        """Below `low` an action is denied for certain; from `high` on it is approved."""
        statement = self.statement
        if statement.tolerance == 0:
            exact = float(np.nextafter(statement.bar, np.inf)) if statement.strict else float(statement.bar)
            return {"low": exact, "high": exact}
        return {"low": float(statement.bar - statement.tolerance), "high": float(statement.bar + statement.tolerance)}

    def _trees(self) -> dict[str, Any]:
        statement = self.statement
        return {
            "roots": _array(statement.roots, np.int32),
            "test": _array(statement.test, np.int32),
            "left": _array(statement.left, np.int32),
            "right": _array(statement.right, np.int32),
            "value": _array(statement.value, np.float64),
        }

    def _tests(self) -> dict[str, Any]:
        """Tests in sequences: one column, one way of treating missing values, rising cuts."""
        statement = self.statement
        pairs = np.stack([statement.column, statement.kind], axis=1)
        first = np.array([0])
        if len(pairs):
            change = np.flatnonzero((pairs[1:] != pairs[:-1]).any(axis=1)) + 1
            first = np.concatenate([[0], change, [len(pairs)]])
        column = statement.column[first[:-1]]

        # Each column's block, and its place among the block's columns; −1 where it can't move.
        block = np.full(statement.today.shape[1], -1)
        slot = np.arange(statement.today.shape[1])
        for j, columns in enumerate(statement.columns):
            block[columns], slot[columns] = j, np.arange(len(columns))
        return {
            "sequence_start": _array(first, np.int32),
            "sequence_block": _array(block[column], np.int32),
            "sequence_column": _array(slot[column], np.int32),
            "sequence_kind": _array(statement.kind[first[:-1]], np.int32),
            "cut": _array(statement.cut, np.int32),
            "sets": _array(statement.sets, np.uint8),
        }

    def _menus(self) -> dict[str, Any]:
        statement, menus, items = self.statement, self.menus, self._items
        cells = [table.ravel() for table in statement.cells]
        return {
            "state_start": _array(self._start, np.int64),
            "state_item": _array(items - menus.row_ptr[menus.item_row[items]], np.int32),
            "state_peak": _array(menus.peaks[items] / self.unit * (menus.combine == "max"), np.float64),
            "state_price": _array(menus.prices[items] / self.unit, np.float64),
            "state_changed": _array(menus.changed[items], np.int64),
            "state_group": _array(self._states, np.int32),
            "cells": _array(np.concatenate([np.empty(0, np.int32), *cells]), np.int32),
            "cell_start": _array(np.cumsum([0, *map(len, cells)])[:-1], np.int64),
            "columns": _array([len(columns) for columns in statement.columns], np.int32),
        }

    def _people(self) -> dict[str, Any]:
        menus = self.menus
        tied = {name for constraint in menus.wide for name in constraint.features}
        return {
            "rows": _array(menus.rows, np.int32),
            "today": _array(self.statement.today, np.int32),
            "wide": _array([bool(tied & set(names)) for names in menus.blocks], np.uint8),
        }

    def _conditions(self) -> dict[str, Any]:
        """At most k changes, and linear conditions across menus."""
        linear, items, none = self.menus.linear, self._items, np.zeros((0, self.m))
        limit = self.menus.max_changes
        return {
            "limit": -1 if limit is None else min(limit, 2**31 - 1),
            "coefficients": _array([row.coefficients[items] for row in linear] or none, np.float64),
            "still": _array([row.still[items] for row in linear] or none, np.uint8),
            "reads": _array([[j in row.blocks for j in range(self.m)] for row in linear] or none, np.uint8),
            "least_sum": _array([row.low for row in linear] or none, np.float64),
            "most_sum": _array([row.high for row in linear] or none, np.float64),
        }


def _array(values: npt.ArrayLike, kind: Any) -> npt.NDArray[Any]:
    return np.ascontiguousarray(values, kind)


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
