"""scikit-learn's trees, forests and boosted trees, read as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray
from recourse.models.readers.forest import Forest, Goal
from recourse.models.readers.pipelines import kind_of
from recourse.models.readers.tree import Tree


def _votes(trees: Sequence[Any], goal: Goal, columns: Any) -> Forest | None:
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
        return Forest(parsed, -goal.threshold * len(trees), False, columns, rounding=8 * eps * len(trees))
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


def read_decision_tree(estimator: Any, goal: Goal) -> Forest | None:
    """Return a decision tree as a forest of one."""
    return _votes([estimator], goal, _as_float32)


def read_forest(estimator: Any, goal: Goal) -> Forest | None:
    """Return a forest, whose trees' probabilities are averaged."""
    return _votes(estimator.estimators_, goal, _as_float32)


def read_gradient_boosting(estimator: Any, goal: Goal) -> Forest | None:
    """Return boosted trees; None if they start from another estimator's score."""
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


def read_hist_gradient_boosting(estimator: Any, goal: Goal) -> Forest | None:
    """Return boosted trees over histograms, categories included."""
    if goal.labels != 2:
        return None
    # categories are told apart by sets of bits
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

    # numbers are compared in float64, after the estimator's own encoding of categories
    def columns(table: Any) -> FloatArray:
        return np.asarray(estimator._preprocess_X(table, reset=False), dtype=np.float64)

    base = float(np.asarray(estimator._baseline_prediction).ravel()[0])
    return goal.of_raw(trees, base, 0, columns, float(np.finfo(np.float64).eps))


def _bits(words: npt.NDArray[np.uint32]) -> BoolArray:
    """A bit set of eight words as 256 flags."""
    return np.unpackbits(np.ascontiguousarray(words, dtype="<u4").view(np.uint8), bitorder="little").astype(bool)


def read_ada_boost(estimator: Any, goal: Goal) -> Forest | None:
    """Return AdaBoost's weighted votes of trees; None for votes of anything else."""
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
    scaled = Goal(goal.label, goal.labels, goal.threshold, margin)
    return scaled.of_raw(trees, 0.0, 0, _as_float32, float(np.finfo(np.float64).eps), 2 / total)


def _as_float32(table: Any) -> FloatArray:
    """A table as scikit-learn's trees see it: rounded to float32, then compared with float64 thresholds."""
    dense = table.toarray() if hasattr(table, "toarray") else np.asarray(table)
    return dense.astype(np.float32).astype(np.float64)


TREES = {("sklearn", "DecisionTreeClassifier"), ("sklearn", "ExtraTreeClassifier")}
