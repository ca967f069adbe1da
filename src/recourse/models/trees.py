"""Tree ensembles that state their trees as data: forests, boosted trees and votes of trees.

A search needs the trees as the estimator itself compares: scikit-learn's forests in float32, histogram
boosting and LightGBM in float64, XGBoost in float32 and with `<`. Behind column-wise transformers the trees'
columns are probed: each value on a menu is sent through the pipeline once, so everything stays in raw features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import ModelError
from recourse.models.boosted import (
    BoostedClassifier,
    Tree,
    category_cells,
    read_json,
    read_lightgbm,
    read_xgboost,
)
from recourse.models.model import BoolArray, EstimatorModel, FloatArray, TreeEnsemble
from recourse.models.structure import is_column_wise, kind_of, take_apart

if TYPE_CHECKING:
    from recourse.actions.grid import ActionGrid

IntArray = npt.NDArray[np.int64]
CellArray = npt.NDArray[np.int32]

CHECKS = 500
"""So many random actions are put to the estimator before its trees are believed."""

MISSING_RIGHT, MISSING_LEFT, IN_SET = 0, 1, 2


@dataclass
class Forest:
    """A sum of trees, as its own library adds it up, in favour of the desired label.

    approved if `base` plus the trees' values is above 0 (at or above, unless `strict`)
    columns : what the trees see of a transformed table, as float64: what they compare with thresholds
    eps : unit roundoff of the sums; blur : what else rounding may move the score by; exact : whether the sums
    are exact in any order, so that a tie is a tie
    """

    trees: list[Tree]
    base: float
    strict: bool
    columns: Callable[[Any], FloatArray]
    eps: float = float(np.finfo(np.float64).eps)
    blur: float = 0.0
    exact: bool = False

    @property
    def tolerance(self) -> float:
        """Bound the rounding of two sums of the trees' values, in any order (Higham 2002, ch. 4)."""
        if self.exact:
            return 0.0
        size = abs(self.base) + sum(float(np.abs(tree.value[tree.feature < 0]).max()) for tree in self.trees)
        return 4 * (len(self.trees) + 8) * self.eps * size + self.blur


class TreeEstimatorModel(EstimatorModel):
    """A classifier that is a sum of trees, bare or behind column-wise transformers."""

    def __init__(self, estimator: Any, forest: Forest, steps: Sequence[Any], **settings: Any) -> None:
        super().__init__(estimator, **settings)
        self.forest, self.steps = forest, steps
        self._cells = _Cells(forest.trees)

    def trees(self, grid: ActionGrid) -> TreeEnsemble | None:
        """State the trees, and the cells of people and menus; None where a column depends on several features.

        What is stated is put to the test on random actions, against the pipeline and the estimator's own
        decisions.
        """
        if not len(grid):
            return None
        today = self._cells_of(grid.X)
        columns: list[CellArray] = []
        cells: list[CellArray] = []
        for j in range(len(grid.blocks)):
            states = np.unique(grid.codes[grid.block_items[j]])
            everyone, first = np.arange(len(states)), np.zeros(len(states), dtype=np.int64)
            values = {name: (everyone, d[states]) for name, d in zip(grid.blocks[j], grid.domains[j], strict=True)}
            there = self._cells_of(grid.rows_with(first, values))
            depends = np.flatnonzero((there != there[:1]).any(axis=0)).astype(np.int32)
            table = np.zeros((len(grid.domains[j][0]), len(depends)), dtype=np.int32)
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
        return statement if self._holds(statement, grid) else None

    def _cells_of(self, rows: pd.DataFrame) -> CellArray:
        table = self.input(rows)
        for step in self.steps:
            table = step.transform(table)
        return self._cells.of(self.forest.columns(table))

    def _holds(self, statement: TreeEnsemble, grid: ActionGrid) -> bool:
        """Whether the statement is true of random actions: the pipeline's columns, and the decisions."""
        rng = np.random.default_rng(0)
        people = rng.integers(0, len(grid), CHECKS)
        lengths = np.diff(grid.row_ptr)[grid.rows[people]]
        picks = (rng.random(lengths.shape) * lengths).astype(np.int64)
        rows = grid.points(people, picks)
        cells = statement.cells_at(grid, people, picks)
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
    forest = reader(classifier, _Goal(label, len(model.classes), model.threshold, model.margin))
    return None if forest is None else (forest, steps)


@dataclass(frozen=True)
class _Goal:
    """What counts as approved: the label's position, of how many, and a probability or a margin to reach."""

    label: int
    labels: int
    threshold: float | None
    margin: float

    @property
    def sign(self) -> int:
        return 1 if self.label else -1

    def of_raw(
        self, trees: list[Tree], base: float, at_zero: int, columns: Any, eps: float, scale: float = 1.0
    ) -> Forest | None:
        """A forest whose raw score favours label 1 of two; `at_zero` is the label predicted at 0.

        scale : P(label 1) = 1 / (1 + exp(−scale · raw score))
        """
        if self.labels != 2 or not trees or (self.threshold is not None and self.margin and scale != 1):
            return None
        strict, bar, blur = self.label != at_zero, self.margin, 2 * eps
        if self.margin:
            strict = False
        if self.threshold is not None:
            t = self.threshold
            strict, bar = False, self.margin + float(np.log(t) - np.log1p(-t)) / scale
            blur = 8 * eps / (t * (1 - t)) / scale
        for tree in trees:
            tree.value = self.sign * tree.value
        return Forest(trees, self.sign * base - bar, strict, columns, eps, blur)


def _votes(trees: Sequence[Any], goal: _Goal, columns: Any) -> Forest | None:
    """The mean of trees' probabilities: the largest decides, the first label at a tie."""
    if goal.margin:
        return None
    parsed = []
    for one in trees:
        if one.n_outputs_ != 1:
            return None
        tree = _sklearn_tree(one)
        shares = one.tree_.value[:, 0, :]
        if goal.threshold is not None:
            tree.value = shares[:, goal.label]
        elif goal.labels == 2:
            tree.value = shares[:, goal.label] - shares[:, 1 - goal.label]
        else:
            return None
        parsed.append(tree)
    if goal.threshold is not None:
        eps = float(np.finfo(np.float64).eps)
        return Forest(parsed, -goal.threshold * len(trees), False, columns, blur=8 * eps * len(trees))
    exact = len(parsed) == 1 or all(_dyadic(tree.value) for tree in parsed)
    return Forest(parsed, 0.0, goal.label == 1, columns, exact=exact)


def _dyadic(values: FloatArray) -> bool:
    """Whether sums of such values are exact in floating point: multiples of 2⁻²⁰, and not large."""
    scaled = values * 2**20
    return bool((scaled == np.round(scaled)).all() and (np.abs(values) <= 1).all())


def _sklearn_tree(estimator: Any) -> Tree:
    tree = estimator.tree_
    inner = tree.children_left >= 0
    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return Tree(
        np.where(inner, tree.feature, -1).astype(np.int64),
        np.asarray(tree.threshold, dtype=np.float64),
        np.asarray(tree.children_left, dtype=np.int64),
        np.asarray(tree.children_right, dtype=np.int64),
        np.zeros(tree.node_count),
        np.asarray(missing).astype(bool),
    )


def _decision_tree(estimator: Any, goal: _Goal) -> Forest | None:
    return _votes([estimator], goal, _as_float32)


def _forest(estimator: Any, goal: _Goal) -> Forest | None:
    return _votes(estimator.estimators_, goal, _as_float32)


def _gradient_boosting(estimator: Any, goal: _Goal) -> Forest | None:
    if estimator.init_ != "zero" and kind_of(estimator.init_) != ("sklearn", "DummyClassifier"):
        return None
    trees = []
    for one in estimator.estimators_[:, 0]:
        tree = _sklearn_tree(one)
        tree.value = estimator.learning_rate * one.tree_.value[:, 0, 0]
        trees.append(tree)
    base = float(estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32)).ravel()[0])
    scale = 2.0 if estimator.loss == "exponential" else 1.0
    return goal.of_raw(trees, base, 1, _as_float32, float(np.finfo(np.float64).eps), scale)


def _hist_gradient_boosting(estimator: Any, goal: _Goal) -> Forest | None:
    if goal.labels != 2:
        return None
    known, place = estimator._bin_mapper.make_known_categories_bitsets()
    trees = []
    for (predictor,) in estimator._predictors:
        nodes = predictor.nodes
        inner = nodes["is_leaf"] == 0
        missing_left = nodes["missing_go_to_left"] == 1
        tree = Tree(
            np.where(inner, nodes["feature_idx"], -1).astype(np.int64),
            nodes["num_threshold"].astype(np.float64),
            nodes["left"].astype(np.int64),
            nodes["right"].astype(np.int64),
            nodes["value"].astype(np.float64),
            missing_left,
        )
        for node in np.flatnonzero(inner & (nodes["is_categorical"] == 1)):
            lefts = _bits(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
            seen = _bits(known[place[nodes["feature_idx"][node]]])
            # a category that training has not seen is a missing value
            goes = np.where(seen | lefts, lefts, missing_left[node])
            tree.sets[int(node)] = np.concatenate([goes, [missing_left[node]] * 2])
        trees.append(tree)

    def columns(table: Any) -> FloatArray:
        return np.asarray(estimator._preprocess_X(table, reset=False), dtype=np.float64)

    base = float(np.asarray(estimator._baseline_prediction).ravel()[0])
    return goal.of_raw(trees, base, 0, columns, float(np.finfo(np.float64).eps))


def _bits(words: npt.NDArray[np.uint32]) -> BoolArray:
    """A bit set of eight words as 256 flags."""
    return np.unpackbits(np.ascontiguousarray(words, dtype="<u4").view(np.uint8), bitorder="little").astype(bool)


def _ada_boost(estimator: Any, goal: _Goal) -> Forest | None:
    if goal.labels != 2 or any(kind_of(one) not in TREES for one in estimator.estimators_):
        return None
    weights = estimator.estimator_weights_[: len(estimator.estimators_)]
    trees = []
    for one, weight in zip(estimator.estimators_, weights, strict=True):
        tree = _sklearn_tree(one)
        # argmax picks the first label at a tie, and a tree may not have seen both
        label = np.asarray(one.classes_)[np.argmax(one.tree_.value[:, 0, : len(one.classes_)], axis=1)]
        tree.value = np.where(label == estimator.classes_[1], 1.0, -1.0) * weight
        trees.append(tree)
    # decision = 2 Σ ±w / Σ w, and P(label 1) = 1 / (1 + exp(−decision)); the first label is predicted at 0
    total = float(estimator.estimator_weights_.sum())
    margin = goal.margin * total / 2
    scaled = _Goal(goal.label, goal.labels, goal.threshold, margin)
    return scaled.of_raw(trees, 0.0, 0, _as_float32, float(np.finfo(np.float64).eps), 2 / total)


def _boosted(estimator: BoostedClassifier, goal: _Goal) -> Forest | None:
    trees = [replace(tree) for tree in estimator.trees]
    if estimator.source == "lightgbm":
        eps = float(np.finfo(np.float64).eps)
        return goal.of_raw(trees, estimator.base, 0, estimator.numbers, eps, estimator.scale)
    return goal.of_raw(trees, estimator.base, 0, estimator.numbers, float(np.finfo(np.float32).eps))


def _xgboost(estimator: Any, goal: _Goal) -> Forest | None:
    if goal.margin:
        return None
    try:
        booster = estimator.get_booster()
        return _boosted(read_xgboost(read_json(booster.save_raw("json").decode()), best=True), goal)
    except ModelError:
        return None


def _lightgbm(estimator: Any, goal: _Goal) -> Forest | None:
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


def _as_float32(table: Any) -> FloatArray:
    """A table as scikit-learn's trees see it: rounded to float32, then compared with float64 thresholds."""
    dense = table.toarray() if hasattr(table, "toarray") else np.asarray(table)
    return dense.astype(np.float32).astype(np.float64)


TREES = {("sklearn", "DecisionTreeClassifier"), ("sklearn", "ExtraTreeClassifier")}
READERS: dict[tuple[str, str], Callable[[Any, _Goal], Forest | None]] = {
    ("sklearn", "DecisionTreeClassifier"): _decision_tree,
    ("sklearn", "ExtraTreeClassifier"): _decision_tree,
    ("sklearn", "RandomForestClassifier"): _forest,
    ("sklearn", "ExtraTreesClassifier"): _forest,
    ("sklearn", "GradientBoostingClassifier"): _gradient_boosting,
    ("sklearn", "HistGradientBoostingClassifier"): _hist_gradient_boosting,
    ("sklearn", "AdaBoostClassifier"): _ada_boost,
    ("xgboost", "XGBClassifier"): _xgboost,
    ("xgboost", "XGBRFClassifier"): _xgboost,
    ("lightgbm", "LGBMClassifier"): _lightgbm,
    ("recourse", "BoostedClassifier"): _boosted,
}
