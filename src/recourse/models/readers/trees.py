"""Tree ensembles that state their trees as data: forests, boosted trees and votes of trees.

A search needs the trees as the estimator itself compares: scikit-learn's forests in float32, histogram
boosting and LightGBM in float64, XGBoost in float32 and with `<`. Behind column-wise transformers the trees'
columns are probed: each value on a menu is sent through the pipeline once, so everything stays in raw features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.errors import ModelError
from recourse.models.estimator import EstimatorModel
from recourse.models.readers.forest import IN_SET, MISSING_LEFT, MISSING_RIGHT, CellArray, Forest, Goal
from recourse.models.readers.lightgbm import read_lightgbm
from recourse.models.readers.pipelines import is_column_wise, kind_of, take_apart
from recourse.models.readers.sklearn_trees import (
    read_ada_boost,
    read_decision_tree,
    read_forest,
    read_gradient_boosting,
    read_hist_gradient_boosting,
)
from recourse.models.readers.tree_classifier import BoostedClassifier, Tree, category_cells
from recourse.models.readers.xgboost import read_json, read_xgboost
from recourse.models.statements.trees import TreeEnsemble

if TYPE_CHECKING:
    from recourse.menus.menus import Menus


CHECKS = 500
"""So many random actions are put to the estimator before its trees are believed."""


class TreeEstimatorModel(EstimatorModel):
    """A classifier that is a sum of trees, bare or behind column-wise transformers."""

    def __init__(self, estimator: Any, forest: Forest, steps: Sequence[Any], **settings: Any) -> None:
        super().__init__(estimator, **settings)
        self.forest, self.steps = forest, steps
        self._cells = _Cells(forest.trees)

    def trees(self, menus: Menus) -> TreeEnsemble | None:
        """State the trees, and the cells of people and menus; None where a column depends on several features.

        What is stated is put to the test on random actions, against the pipeline and the estimator's own
        decisions.
        """
        if not len(menus):
            return None
        today = self._cells_of(menus.X)
        columns: list[CellArray] = []
        cells: list[CellArray] = []
        for j in range(len(menus.blocks)):
            states = np.unique(menus.codes[menus.block_items[j]])
            everyone, first = np.arange(len(states)), np.zeros(len(states), dtype=np.int64)
            values = {name: (everyone, d[states]) for name, d in zip(menus.blocks[j], menus.domains[j], strict=True)}
            there = self._cells_of(menus.rows_with(first, values))
            depends = np.flatnonzero((there != there[:1]).any(axis=0)).astype(np.int32)
            table = np.zeros((len(menus.domains[j][0]), len(depends)), dtype=np.int32)
            table[states] = there[:, depends]
            columns.append(depends)
            cells.append(table)
        if len(np.unique(np.concatenate([np.empty(0, np.int32), *columns]))) < sum(map(len, columns)):
            return None
        parts = self._cells
        forest = self.forest
        statement = TreeEnsemble(
            parts.roots, parts.test, parts.left, parts.right, parts.value, parts.column, parts.cut, parts.kind,
            parts.sets, tuple(columns), tuple(cells), today, -forest.base, forest.strict, forest.tolerance,
        )  # fmt: skip
        return statement if self._holds(statement, menus) else None

    def _cells_of(self, rows: pd.DataFrame) -> CellArray:
        table = self.input(rows)
        for step in self.steps:
            table = step.transform(table)
        return self._cells.of(self.forest.columns(table))

    def _holds(self, statement: TreeEnsemble, menus: Menus) -> bool:
        """Whether the statement is true of random actions: the pipeline's columns, and the decisions."""
        rng = np.random.default_rng(0)
        people = rng.integers(0, len(menus), CHECKS)
        lengths = np.diff(menus.row_ptr)[menus.rows[people]]
        picks = (rng.random(lengths.shape) * lengths).astype(np.int64)
        rows = menus.points(people, picks)
        cells = statement.cells_at(menus, people, picks)
        if (cells != self._cells_of(rows)).any():
            return False
        score = statement.scores(cells)
        clear = np.abs(score) > statement.tolerance
        approved = score > 0 if statement.strict else score >= 0
        if statement.tolerance == 0:
            clear[:] = True
        return bool((approved == self.approves(rows))[clear].all())


class _Cells:
    """The trees of a forest as flat arrays over cells, and where raw columns fall."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        sizes = np.array([len(tree.feature) for tree in trees], dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

        def joined(name: str) -> Any:
            return np.concatenate([getattr(tree, name) for tree in trees])

        offset = np.repeat(start[:-1], sizes)
        feature, threshold, missing_left = joined("feature"), joined("threshold"), joined("missing_left")
        inner = feature >= 0
        self.roots = start[:-1].astype(np.int32)
        self.value = np.where(inner, 0.0, joined("value"))
        self.left = np.where(inner, joined("left") + offset, 0).astype(np.int32)
        self.right = np.where(inner, joined("right") + offset, 0).astype(np.int32)
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
        by_set = set_of >= 0
        self.n_columns = int(feature.max(initial=-1)) + 1
        self.categorical = np.zeros(self.n_columns, dtype=bool)
        self.categorical[feature[by_set]] = True
        self.thresholds = [np.unique(threshold[(feature == c) & ~by_set]) for c in range(self.n_columns)]
        cut = set_of.copy()
        for c, levels in enumerate(self.thresholds):
            nodes = np.flatnonzero((feature == c) & ~by_set)
            cut[nodes] = np.searchsorted(levels, threshold[nodes])
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


# -- from estimators -----------------------------------------------------------------------------------------


def recognise_trees(estimator: Any, model: EstimatorModel) -> tuple[Forest, tuple[Any, ...]] | None:
    """Return an estimator's trees and the transformers in front of them; None if it is not known to be trees.

    model : what it stands for: the labels, the desired one, a threshold or a margin
    """
    parts = take_apart(estimator)
    if parts is None or parts[2] is not None:
        return None
    steps, classifier, _ = parts
    reader = READERS.get(kind_of(classifier))
    if reader is None or not is_column_wise(steps):
        return None
    label = int(np.flatnonzero(model.classes == model.desired)[0])
    forest = reader(classifier, Goal(label, len(model.classes), model.threshold, model.margin))
    return None if forest is None else (forest, steps)


def _boosted(estimator: BoostedClassifier, goal: Goal) -> Forest | None:
    trees = [replace(tree) for tree in estimator.trees]
    if estimator.source == "lightgbm":
        eps = float(np.finfo(np.float64).eps)
        return goal.of_raw(trees, estimator.base, 0, estimator.numbers, eps, estimator.scale)
    return goal.of_raw(trees, estimator.base, 0, estimator.numbers, float(np.finfo(np.float32).eps))


def _xgboost(estimator: Any, goal: Goal) -> Forest | None:
    if goal.margin:
        return None
    try:
        booster = estimator.get_booster()
        return _boosted(read_xgboost(read_json(booster.save_raw("json").decode()), best=True), goal)
    except ModelError:
        return None


def _lightgbm(estimator: Any, goal: Goal) -> Forest | None:
    if goal.margin:
        return None
    try:
        return _boosted(read_lightgbm(estimator.booster_.model_to_string()), goal)
    except ModelError:
        return None


def adopt(estimator: Any) -> Any:
    """Return a classifier for a bare booster of XGBoost or LightGBM; anything else as it is."""
    kind = kind_of(estimator)
    if kind == ("xgboost", "Booster"):
        return read_xgboost(read_json(estimator.save_raw("json").decode()))
    if kind == ("lightgbm", "Booster"):
        return read_lightgbm(estimator.model_to_string())
    return estimator


READERS: dict[tuple[str, str], Callable[[Any, Goal], Forest | None]] = {
    ("sklearn", "DecisionTreeClassifier"): read_decision_tree,
    ("sklearn", "ExtraTreeClassifier"): read_decision_tree,
    ("sklearn", "RandomForestClassifier"): read_forest,
    ("sklearn", "ExtraTreesClassifier"): read_forest,
    ("sklearn", "GradientBoostingClassifier"): read_gradient_boosting,
    ("sklearn", "HistGradientBoostingClassifier"): read_hist_gradient_boosting,
    ("sklearn", "AdaBoostClassifier"): read_ada_boost,
    ("xgboost", "XGBClassifier"): _xgboost,
    ("xgboost", "XGBRFClassifier"): _xgboost,
    ("lightgbm", "LGBMClassifier"): _lightgbm,
    ("recourse", "BoostedClassifier"): _boosted,
}
