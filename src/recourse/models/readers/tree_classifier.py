"""Boosted trees in XGBoost's and LightGBM's own formats, read as data: neither library is needed, nor run.

XGBoost saves JSON or UBJSON, LightGBM text. A `BoostedClassifier` made of one predicts as the library does:
XGBoost compares and adds up in float32, LightGBM in float64.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import FloatArray, IntArray
from recourse.models.readers.forest import Forest, Goal
from recourse.models.readers.tree import Tree, category_cells


class BoostedClassifier:
    """A boosted classifier of two labels, 0 and 1, from a file: it predicts as scikit-learn's estimators do.

    Parameters
    ----------
    source : "xgboost" or "lightgbm"
        Whose arithmetic it follows.
    trees : list of Tree
        Their values add up to the decision value, after `base`.
    base : float
        The decision value before any tree.
    names : list of str, or None
        The features, if the model knows them by name.
    n_features : int
        How many there are.
    scale : float
        P(1) = 1 / (1 + exp(−scale · decision value)).
    categories : list of lists, optional
        For LightGBM, the categories that pandas' categorical columns had in training, column by column.
    """

    def __init__(
        self,
        source: str,
        trees: list[Tree],
        base: float,
        names: list[str] | None,
        n_features: int,
        scale: float = 1.0,
        categories: list[list[Any]] | None = None,
    ) -> None:
        self.source, self.trees, self.base, self.scale = source, trees, base, scale
        self.categories = categories
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = n_features
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)

    @property
    def display_name(self) -> str:
        """What reports call it."""
        return f"{'XGBoost' if self.source == 'xgboost' else 'LightGBM'} model of {len(self.trees)} trees"

    def __repr__(self) -> str:
        return f"BoostedClassifier({self.source}: {len(self.trees)} trees, {self.n_features_in_} features)"

    def numbers(self, X: Any) -> FloatArray:
        """Return a table as the trees compare it, in float64."""
        columns = lightgbm_columns(X, self.categories) if self.source == "lightgbm" else xgboost_columns(X)
        if columns.shape[1] != self.n_features_in_:
            raise ValueError(f"the model has {self.n_features_in_} features, but the table {columns.shape[1]}.")
        return columns

    def decision_function(self, X: Any) -> FloatArray:
        """Return the sum of the leaves, in the precision of the library."""
        columns = self.numbers(X)
        dtype = np.float32 if self.source == "xgboost" else np.float64
        total: npt.NDArray[Any] = np.full(len(columns), self.base, dtype=dtype)
        for tree in self.trees:
            total = total + _leaves(tree, columns).astype(dtype)
        return total.astype(np.float64)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of 0 and 1."""
        score = self.decision_function(X)
        with np.errstate(over="ignore"):
            if self.source == "xgboost":
                one = (np.float32(1) / (np.float32(1) + np.exp(-score.astype(np.float32)))).astype(np.float64)
            else:
                one = 1 / (1 + np.exp(-self.scale * score))
        return np.stack([1 - one, one], axis=1)

    def predict(self, X: Any) -> IntArray:
        """Return the more probable label; 0 at a tie."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(np.int64)

    def forest(self, goal: Goal) -> Forest | None:
        """Return the trees as a sum in favour of the desired label, in the precision of the library."""
        trees = [replace(tree) for tree in self.trees]
        precision = np.float64 if self.source == "lightgbm" else np.float32
        scale = self.scale if self.source == "lightgbm" else 1.0
        return goal.of_raw(trees, self.base, 0, self.numbers, float(np.finfo(precision).eps), scale)


def _leaves(tree: Tree, columns: FloatArray) -> FloatArray:
    node = np.zeros(len(columns), dtype=np.int64)
    while (rows := np.flatnonzero(tree.feature[node] >= 0)).size:
        here = node[rows]
        value = columns[rows, tree.feature[here]]
        left = np.where(np.isnan(value), tree.missing_left[here], value <= tree.threshold[here])
        for at in np.intersect1d(here, list(tree.sets)):
            who, row = np.flatnonzero(here == at), tree.sets[int(at)]
            left[who] = row[category_cells(value[who], len(row) - 2)]
        node[rows] = np.where(left, tree.left[here], tree.right[here])
    return tree.value[node]


def xgboost_columns(table: Any) -> FloatArray:
    """Return a table as XGBoost compares it: rounded to float32; categories by their codes."""
    if isinstance(table, pd.DataFrame):
        parts = [_codes(table[name]) if _is_categorical(table[name]) else _floats(table[name]) for name in table]
        array = np.stack(parts, axis=1) if parts else np.empty((len(table), 0))
    else:
        array = table.toarray() if hasattr(table, "toarray") else np.asarray(table, dtype=np.float64)
    return array.astype(np.float32).astype(np.float64)


def lightgbm_columns(table: Any, categories: list[list[Any]] | None) -> FloatArray:
    """Return a table as LightGBM compares it: in float64; pandas' categories by their place in training."""
    if not isinstance(table, pd.DataFrame):
        return np.asarray(table.toarray() if hasattr(table, "toarray") else table, dtype=np.float64)
    left = list(categories or [])
    parts = []
    for name in table:
        column = table[name]
        if _is_categorical(column):
            if not left:
                raise ValueError(f"column {name!r} is categorical, but the model was not trained on categories.")
            parts.append(_codes(column.cat.set_categories(left.pop(0))))
        else:
            parts.append(_floats(column))
    return np.stack(parts, axis=1) if parts else np.empty((len(table), 0))


def _is_categorical(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _codes(column: pd.Series[Any]) -> FloatArray:
    codes = column.cat.codes.to_numpy().astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _floats(column: pd.Series[Any]) -> FloatArray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
