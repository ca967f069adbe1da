"""The trees of a forest as flat arrays over cells: the intervals between a column's thresholds, or its categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recourse.arrays import BoolArray, FloatArray
from recourse.models.readers.forest import IN_SET, MISSING_LEFT, MISSING_RIGHT, CellArray
from recourse.models.readers.tree import Tree, category_cells


class TreeCells:
    """The trees of a forest as flat arrays over cells, and where raw columns fall."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        sizes = np.array([len(tree.feature) for tree in trees], dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

        def joined(name: str) -> Any:
            return np.concatenate([getattr(tree, name) for tree in trees])

        # all nodes in one array: children move along
        offset = np.repeat(start[:-1], sizes)
        feature, threshold, missing_left = joined("feature"), joined("threshold"), joined("missing_left")
        inner = feature >= 0
        self.roots = start[:-1].astype(np.int32)
        self.value = np.where(inner, 0.0, joined("value"))
        self.left = np.where(inner, joined("left") + offset, 0).astype(np.int32)
        self.right = np.where(inner, joined("right") + offset, 0).astype(np.int32)
        # sets of categories, equal ones once
        set_of = np.full(len(feature), -1, dtype=np.int64)
        sets: dict[bytes, int] = {}
        rows: list[BoolArray] = []
        self.width = max((len(row) for tree in trees for row in tree.sets.values()), default=2)
        for tree, first in zip(trees, start, strict=False):
            for node, row in tree.sets.items():
                wide = np.full(self.width, row[-2])  # beyond what the row knows, a category is an unknown one
                wide[: len(row) - 2], wide[-2:] = row[:-2], row[-2:]
                set_of[first + node] = sets.setdefault(wide.tobytes(), len(sets))
                if len(sets) > len(rows):
                    rows.append(wide)
        self.sets = np.array(rows, dtype=bool).reshape(len(rows), self.width)
        # cells: between a column's thresholds, or one for each category
        by_set = set_of >= 0
        self.n_columns = int(feature.max(initial=-1)) + 1
        self.categorical = np.zeros(self.n_columns, dtype=bool)
        self.categorical[feature[by_set]] = True
        self.thresholds = [np.unique(threshold[(feature == c) & ~by_set]) for c in range(self.n_columns)]
        cut = set_of.copy()
        for c, levels in enumerate(self.thresholds):
            nodes = np.flatnonzero((feature == c) & ~by_set)
            cut[nodes] = np.searchsorted(levels, threshold[nodes])
        # tests, equal ones once
        kind = np.where(by_set, IN_SET, np.where(missing_left, MISSING_LEFT, MISSING_RIGHT))
        tests, test = np.unique(np.stack([feature, kind, cut], axis=1)[inner], axis=0, return_inverse=True)
        self.column, self.kind, self.cut = (tests[:, k].astype(np.int32) for k in range(3))
        self.test = np.full(len(feature), -1, dtype=np.int32)
        self.test[inner] = test.ravel()

    def of(self, table: FloatArray) -> CellArray:
        """Return the cells of rows: int32[k, columns]; −1 where a number is missing."""
        cells = np.zeros((len(table), self.n_columns), dtype=np.int32)
        for c in range(self.n_columns):
            values = table[:, c]
            missing = np.isnan(values)
            if self.categorical[c]:
                cells[:, c] = category_cells(values, self.width - 2)
            else:
                cells[:, c] = np.searchsorted(self.thresholds[c], values, side="left")
                cells[missing, c] = -1
        return cells
