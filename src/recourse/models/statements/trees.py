"""A score that is a sum of trees, as flat arrays over cells: what a tree ensemble states of itself on a menu."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray
from recourse.menus.menus import Menus


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """What a sum of trees states about n people and their menus.

    A row is approved if the sum of its leaves' values lies above `bar` (at or above, unless `strict`), up to
    rounding. Trees see *columns*, and of a column only its *cell*: where it lies among the column's thresholds, or
    which category it is. All trees lie in one array of nodes, one after the other.

    Attributes
    ----------
    roots : int32[trees]
        The first node of each tree.
    test : int32[nodes]
        Which test a node makes; −1 at a leaf.
    left, right : int32[nodes]
        Where a test leads.
    value : float64[nodes]
        What a leaf is worth in favour of the desired label; 0 at inner nodes.
    column, cut, kind : int32[tests]
        What each test asks, sorted by (column, kind, cut). Kinds 0 and 1: cells up to `cut` go left, missing values
        (cell −1) go right (0) or left (1). Kind 2: the cells in row `cut` of `sets` go left.
    sets : bool[sets, cells]
        Sets of categories.
    columns : tuple of int32 arrays
        For each block of the menus, the columns that its features determine.
    cells : tuple of int32[states, columns]
        For each block, the cells of each of its states.
    today : int32[n, all columns]
        Everybody's cells as they are.
    bar : float
        The sum from which on people are approved.
    strict : bool
        Whether a sum on the bar is denied.
    tolerance : float
        How far, at most, rounding may take the sum from the model's own; 0 where nothing is rounded.
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
        """Return the cells that actions lead to.

        Parameters
        ----------
        menus : Menus
            The menus that this was stated for.
        people : int64[k]
            Who acts.
        picks : int64[k, blocks]
            The items that they pick in each of their menus.

        Returns
        -------
        int32[k, all columns]
        """
        at = self.today[np.asarray(people, dtype=np.int64)].copy()
        states = menus.codes[menus.items(people, picks)]
        for j, columns in enumerate(self.columns):
            at[:, columns] = self.cells[j][states[:, j]]
        return at

    def scores(self, cells: npt.NDArray[np.int32]) -> FloatArray:
        """Return how far above the bar rows are: their leaves' values, added up.

        Parameters
        ----------
        cells : int32[k, all columns]
            The rows, by their cells.

        Returns
        -------
        float64[k]
        """
        total = np.full(len(cells), -self.bar)
        rows = np.arange(len(cells))
        for root in self.roots:
            node = np.full(len(cells), root)
            # all rows go down together, a level at a time, until each is at a leaf
            while (inner := np.flatnonzero(self.test[node] >= 0)).size:
                test = self.test[node[inner]]
                cell, cut, kind = cells[rows[inner], self.column[test]], self.cut[test], self.kind[test]
                goes = (cell <= cut) & ((cell >= 0) | (kind == 1))
                by_set = np.flatnonzero(kind == 2)
                goes[by_set] = self.sets[cut[by_set], cell[by_set]]
                node[inner] = np.where(goes, self.left[node[inner]], self.right[node[inner]])
            total += self.value[node]
        return total
