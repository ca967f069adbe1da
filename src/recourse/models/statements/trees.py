"""A score that is a sum of trees, as flat arrays over cells: what a tree ensemble states of itself on a menu."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray
from recourse.menus.menus import Menus


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """What a sum of trees states about the people and menus.

    A row is approved if the sum of its leaves' values lies above `bar` (at or above, unless `strict`), up to
    `tolerance`: a bound on how far that sum may be from the model's own, in rounding. Trees see *columns*, and of
    a column only its *cell*: where it lies among the column's thresholds, or which category it is.

    roots : int32[trees], the first node of each tree
    test : int32[nodes], which test a node makes, −1 at a leaf; left, right : int32[nodes], where it leads
    value : float64[nodes], what a leaf is worth in favour of the desired label
    column, cut, kind : int32[tests], sorted by (column, kind, cut). Kind 0 and 1: cells up to `cut` go left,
        missing values (cell −1) go right (0) or left (1). Kind 2: the cells in row `cut` of `sets` go left.
    sets : bool[sets, cells]
    columns : for each block of the grid, the columns that its features determine
    cells : for each block, int32[its domain, its columns], the cells of each of its states
    today : int32[n, all columns], everybody's cells as they are
    """

    roots: npt.NDArray[np.int32]
    test: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: FloatArray
    column: npt.NDArray[np.int32]
    cut: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int32]
    sets: BoolArray
    columns: tuple[npt.NDArray[np.int32], ...]
    cells: tuple[npt.NDArray[np.int32], ...]
    today: npt.NDArray[np.int32]
    bar: float
    strict: bool
    tolerance: float

    def cells_at(self, menus: Menus, people: npt.ArrayLike, picks: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return the cells that actions lead to: int32[k, all columns]."""
        at = self.today[np.asarray(people, dtype=np.int64)].copy()
        states = menus.codes[menus.items(people, picks)]
        for j, columns in enumerate(self.columns):
            at[:, columns] = self.cells[j][states[:, j]]
        return at

    def scores(self, cells: npt.NDArray[np.int32]) -> FloatArray:
        """Return the sums of leaves, less the bar, of rows given by their cells."""
        total = np.full(len(cells), -self.bar)
        rows = np.arange(len(cells))
        for root in self.roots:
            node = np.full(len(cells), root)
            while (inner := np.flatnonzero(self.test[node] >= 0)).size:
                test = self.test[node[inner]]
                cell, cut, kind = cells[rows[inner], self.column[test]], self.cut[test], self.kind[test]
                goes = (cell <= cut) & ((cell >= 0) | (kind == 1))
                by_set = np.flatnonzero(kind == 2)
                goes[by_set] = self.sets[cut[by_set], cell[by_set]]
                node[inner] = np.where(goes, self.left[node[inner]], self.right[node[inner]])
            total += self.value[node]
        return total
