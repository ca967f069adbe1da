"""XGBoost: its own format read as data, without the library; and its fitted classifiers, through that format."""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.errors import ModelError
from recourse.models.readers.forest import Forest, Goal
from recourse.models.readers.json_text import read_json
from recourse.models.readers.tree import Tree
from recourse.models.readers.tree_classifier import BoostedClassifier


def xgboost_estimator(estimator: Any, goal: Goal) -> Forest | None:
    """Return the trees of a fitted `XGBClassifier`, as it predicts with them; None if it does anything else."""
    if goal.margin:  # it has no decision value to measure one on
        return None
    try:
        return xgboost_booster(estimator.get_booster(), best=True).forest(goal)
    except ModelError:
        return None


def xgboost_booster(booster: Any, *, best: bool | None = None) -> BoostedClassifier:
    """Return the classifier that a booster of XGBoost stands for."""
    return read_xgboost(read_json(booster.save_raw("json").decode()), best=best)


def read_xgboost(document: Any, *, best: bool | None = None) -> BoostedClassifier:
    """Return the classifier in an XGBoost document, as its JSON or UBJSON form holds it.

    best : whether only the trees up to the best iteration count (as scikit-learn's wrapper predicts) or all (as
        a bare booster does); by default as saved. Raises `ModelError` for anything but trees for two labels.
    """
    try:
        learner = document["learner"]
        parameters = learner["learner_model_param"]
        n_features = int(parameters["num_feature"])
        trees = [_xgboost_tree(tree, weight).check(n_features) for tree, weight in _weighted_trees(learner, best)]
        # the base score is a probability, of which XGBoost takes the log odds in float32
        start = np.float32(str(parameters["base_score"]).strip("[]"))
        base = float(-np.log(np.float32(1) / start - np.float32(1)))
        names = [str(name) for name in learner.get("feature_names") or []] or None
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ModelError(f"this is no XGBoost model that can be read: {type(error).__name__}: {error}.") from None
    if not np.isfinite(base) or n_features < 0 or (names is not None and len(names) != n_features):
        raise ModelError("this XGBoost model has no usable base score or feature names.")
    return BoostedClassifier("xgboost", trees, base, names, n_features)


def _weighted_trees(learner: Any, best: bool | None) -> list[tuple[dict[str, Any], np.float32]]:
    """The trees that count, each with the weight that DART gives it (1 without)."""
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    kind = booster["name"]
    if objective != "binary:logistic":
        raise ModelError(f"an XGBoost model for {objective!r} does not decide between two labels.")
    if kind not in ("gbtree", "dart"):
        raise ModelError(f"an XGBoost model of kind {kind!r} is no sum of trees.")
    model = booster["gbtree"]["model"] if kind == "dart" else booster["model"]
    if any((model.get("cats") or {}).get("enc") or ()):
        raise ModelError("an XGBoost model that renames categories is not read; encode them as numbers.")
    trees = model["trees"]
    weights = booster["weight_drop"] if kind == "dart" else [1.0] * len(trees)

    # after early stopping, the trees beyond the best round may not count
    attributes = learner.get("attributes") or {}
    best = "scikit_learn" in attributes if best is None else best
    if best and "best_iteration" in attributes:
        rounds = model["iteration_indptr"]
        trees = trees[: rounds[int(attributes["best_iteration"]) + 1]]
    return [(tree, np.float32(weight)) for tree, weight in zip(trees, weights, strict=False)]


def _xgboost_tree(tree: dict[str, Any], weight: np.float32) -> Tree:
    left = np.asarray(tree["left_children"], dtype=np.int64)
    right = np.asarray(tree["right_children"], dtype=np.int64)
    leaf = left < 0
    condition = np.asarray(tree["split_conditions"], dtype=np.float32)
    # XGBoost goes left where x < t; in float32 that is x ≤ the number before t
    before = np.nextafter(condition, np.float32(-np.inf)).astype(np.float64)
    feature = np.where(leaf, -1, np.asarray(tree["split_indices"], dtype=np.int64))
    missing_left = np.asarray(tree["default_left"]).astype(bool)
    parsed = Tree(
        feature, before, left, right, np.where(leaf, (condition * weight).astype(np.float64), 0.0), missing_left
    )
    starts = np.asarray(tree.get("categories_segments", []), dtype=np.int64)
    sizes = np.asarray(tree.get("categories_sizes", []), dtype=np.int64)
    codes = np.asarray(tree.get("categories", []), dtype=np.int64)
    nodes = np.asarray(tree.get("categories_nodes", []), dtype=np.int64)
    if len(codes) and (codes.min() < 0 or codes.max() > 1 << 24):
        raise ModelError("a tree holds categories that are no small whole numbers.")
    for node, start, size in zip(nodes, starts, sizes, strict=True):
        chosen = codes[start : start + size]
        row = np.ones(int(chosen.max(initial=-1)) + 3, dtype=bool)
        row[chosen] = False  # the categories listed go right, all others left
        row[-1] = missing_left[node]
        parsed.sets[int(node)] = row
    return parsed
