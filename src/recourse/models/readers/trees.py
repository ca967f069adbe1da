"""Tree ensembles that state their trees as data: forests, boosted trees and votes of trees.

A search needs the trees as the estimator itself compares: scikit-learn's forests in float32, histogram
boosting and LightGBM in float64, XGBoost in float32 and with `<`. Behind column-wise transformers the trees'
columns are probed: each value on a menu is sent through the pipeline once, so everything stays in raw features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse.menus.menus import Menus
from recourse.models.estimator import EstimatorModel
from recourse.models.readers.forest import CellArray, Forest, Goal
from recourse.models.readers.lightgbm import lightgbm_estimator
from recourse.models.readers.pipelines import is_column_wise, kind_of, take_apart
from recourse.models.readers.sklearn_trees import (
    read_ada_boost,
    read_decision_tree,
    read_forest,
    read_gradient_boosting,
    read_hist_gradient_boosting,
)
from recourse.models.readers.tree_cells import TreeCells
from recourse.models.readers.tree_classifier import BoostedClassifier
from recourse.models.readers.xgboost import xgboost_estimator
from recourse.models.statements.trees import TreeEnsemble
from recourse.models.statements.trial import decisions_agree, random_actions

READERS: dict[tuple[str, str], Callable[[Any, Goal], Forest | None]] = {
    ("sklearn", "DecisionTreeClassifier"): read_decision_tree,
    ("sklearn", "ExtraTreeClassifier"): read_decision_tree,
    ("sklearn", "RandomForestClassifier"): read_forest,
    ("sklearn", "ExtraTreesClassifier"): read_forest,
    ("sklearn", "GradientBoostingClassifier"): read_gradient_boosting,
    ("sklearn", "HistGradientBoostingClassifier"): read_hist_gradient_boosting,
    ("sklearn", "AdaBoostClassifier"): read_ada_boost,
    ("xgboost", "XGBClassifier"): xgboost_estimator,
    ("xgboost", "XGBRFClassifier"): xgboost_estimator,
    ("lightgbm", "LGBMClassifier"): lightgbm_estimator,
    ("recourse", "BoostedClassifier"): BoostedClassifier.forest,
}
"""Who reads the trees of an estimator, by the library and the name of its type."""


class SummedTrees:
    """A classifier that is a sum of trees, bare or behind column-wise transformers.

    Parameters
    ----------
    forest : Forest
        The trees as their library adds them up, in favour of the desired label.
    steps : sequence of transformers
        What stands in front of them.
    """

    def __init__(self, forest: Forest, steps: Sequence[Any] = ()) -> None:
        self.forest, self.steps = forest, steps
        self.cells = TreeCells(forest.trees)

    def __repr__(self) -> str:
        return f"SummedTrees({len(self.forest.trees)} trees behind {len(self.steps)} transformers)"

    def state(self, model: EstimatorModel, menus: Menus) -> TreeEnsemble | None:
        """State the trees, and the cells of people and menus; None where a column depends on several features.

        What is stated is put to the test on random actions, against the pipeline and the estimator's own
        decisions.
        """
        if not len(menus):
            return None
        today = self._cells_of(model, menus.X)
        blocks = [self._block_cells(model, menus, j) for j in range(len(menus.blocks))]
        columns, cells = tuple(depends for depends, _ in blocks), tuple(table for _, table in blocks)
        seen = np.concatenate([np.empty(0, np.int32), *columns])
        if len(np.unique(seen)) < len(seen):
            return None
        parts, forest = self.cells, self.forest
        statement = TreeEnsemble(
            parts.roots, parts.test, parts.left, parts.right, parts.value, parts.column, parts.cut, parts.kind,
            parts.sets, columns, cells, today, -forest.base, forest.strict, forest.tolerance,
        )  # fmt: skip
        return statement if self._holds(model, statement, menus) else None

    def _block_cells(self, model: EstimatorModel, menus: Menus, block: int) -> tuple[CellArray, CellArray]:
        """Which columns a block's features determine, and the cells there of each of its states."""
        names, domains = menus.blocks[block], menus.domains[block]
        # only the states on somebody's menu, each once, given to the first person
        states = np.unique(menus.codes[menus.block_items[block]])
        everyone, first = np.arange(len(states)), np.zeros(len(states), dtype=np.int64)
        values = {name: (everyone, domain[states]) for name, domain in zip(names, domains, strict=True)}
        there = self._cells_of(model, menus.rows_with(first, values))
        depends = np.flatnonzero((there != there[:1]).any(axis=0)).astype(np.int32)
        table = np.zeros((len(domains[0]), len(depends)), dtype=np.int32)
        table[states] = there[:, depends]
        return depends, table

    def _cells_of(self, model: EstimatorModel, rows: pd.DataFrame) -> CellArray:
        table = model.input(rows)
        for step in self.steps:
            table = step.transform(table)
        return self.cells.of(self.forest.columns(table))

    def _holds(self, model: EstimatorModel, statement: TreeEnsemble, menus: Menus) -> bool:
        """Whether the statement is true of random actions: the pipeline's columns, and the decisions."""
        tried = random_actions(menus)
        cells = statement.cells_at(menus, tried.people, tried.picks)
        if (cells != self._cells_of(model, tried.rows)).any():
            return False
        return decisions_agree(
            statement.scores(cells),
            model.approves(tried.rows),
            statement.tolerance,
            strict=statement.strict,
            exact=statement.tolerance == 0,
        )


def recognise_trees(model: EstimatorModel) -> SummedTrees | None:
    """Return an estimator's trees and the transformers in front of them; None if it is not known to be trees.

    model : what the estimator stands for: the labels, the desired one, a threshold or a margin
    """
    parts = take_apart(model.estimator)
    if parts is None or parts[2] is not None:
        return None
    steps, classifier, _ = parts
    reader = READERS.get(kind_of(classifier))
    if reader is None or not is_column_wise(steps):
        return None
    label = int(np.flatnonzero(model.classes == model.desired)[0])
    forest = reader(classifier, Goal(label, len(model.classes), model.threshold, model.margin))
    return None if forest is None else SummedTrees(forest, steps)
