"""One decision tree as plain arrays, whatever library grew it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.errors import ModelError


@dataclass
class Tree:
    """One tree: node 0 is the root, and a leaf has feature −1.

    Attributes
    ----------
    feature : int64[nodes]
        The column that a node splits on.
    threshold : float64[nodes]
        Values up to it go left.
    left, right : int64[nodes]
        The children.
    value : float64[nodes]
        What a leaf is worth.
    missing_left : bool[nodes]
        Whether missing values go left.
    sets : dict of node → bool[categories + 2]
        For nodes that split by category, whether category 0, 1, …, an unknown one, a missing one goes left.
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    value: FloatArray
    missing_left: BoolArray
    sets: dict[int, BoolArray] = field(default_factory=dict)

    def check(self, n_features: int) -> Tree:
        """Raise `ModelError` unless this is a tree over so many features; returns itself."""
        n = len(self.feature)
        inner = np.flatnonzero(self.feature >= 0)
        if {len(part) for part in (self.threshold, self.left, self.right, self.value, self.missing_left)} != {
            n
        } or not n:
            raise ModelError("a tree's lists have different lengths.")
        children = np.concatenate([self.left[inner], self.right[inner]])
        if len(children) and (children.min() < 1 or children.max() >= n or len(np.unique(children)) < len(children)):
            raise ModelError("a tree's nodes do not form a tree.")
        if self.feature.max() >= n_features:
            raise ModelError(f"a tree splits on feature {self.feature.max()} of {n_features}.")
        if not np.isfinite(self.value).all() or np.isnan(self.threshold[inner]).any():
            raise ModelError("a tree holds numbers that are not finite.")
        return self


def category_cells(values: FloatArray, known: int) -> IntArray:
    """Return which of the categories 0 … known − 1 values are; `known` for others, `known + 1` for missing."""
    missing = np.isnan(values)
    code = np.trunc(np.where(missing, 0.0, values))
    cells = np.where((values > -1) & (code < known), code, known)
    return np.where(missing, known + 1, cells).astype(np.int64)
