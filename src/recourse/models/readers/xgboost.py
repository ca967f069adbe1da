"""XGBoost: its own format read as data, without the library; and its fitted classifiers, through that format."""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.arrays import IntArray
from recourse.errors import ModelError
from recourse.models.files.json_text import read_json, whole
from recourse.models.readers.forest import Forest, Goal
from recourse.models.readers.tree import Tree
from recourse.models.readers.tree_classifier import BoostedClassifier

CATEGORY_LIMIT = 1 << 26
"""All sets of categories of a model may span so many."""


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
        n_features = whole("num_feature", parameters["num_feature"])
        if whole("num_target", parameters.get("num_target", 1)) > 1 or whole("num_class", parameters["num_class"]) > 1:
            raise ModelError("an XGBoost model for several targets or classes does not decide between two labels.")
        trees = [_xgboost_tree(tree, weight).check(n_features) for tree, weight in _weighted_trees(learner, best)]
        # the base score is a probability, of which XGBoost takes the log odds in float32
        start = np.float32(str(parameters["base_score"]).strip("[]"))
        base = float(-np.log(np.float32(1) / start - np.float32(1)))
        names = [str(name) for name in learner.get("feature_names") or []] or None
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ModelError(
            f"this is no XGBoost model that can be read: {type(error).__name__}: {error!s:.200}."
        ) from None
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
    if len(weights) != len(trees):
        raise ModelError(f"an XGBoost model has {len(trees)} trees, but {len(weights)} weights for them.")
    if whole("num_trees", model["gbtree_model_param"]["num_trees"]) != len(trees):
        raise ModelError("an XGBoost model has another number of trees than it says.")
    _check_categories(trees)

    # after early stopping, the trees beyond the best round may not count
    attributes = learner.get("attributes") or {}
    best = "scikit_learn" in attributes if best is None else best
    if best and "best_iteration" in attributes:
        rounds = _integers("iteration_indptr", model["iteration_indptr"])
        last = whole("best_iteration", attributes["best_iteration"])
        if not len(rounds) or rounds[0] != 0 or rounds[-1] != len(trees) or (np.diff(rounds) < 1).any():
            raise ModelError("an XGBoost model's rounds don't add up to its trees.")
        if last + 1 >= len(rounds):
            raise ModelError(f"best_iteration is {last}, but the XGBoost model has {len(rounds) - 1} rounds.")
        trees = trees[: rounds[last + 1]]
    return [(tree, np.float32(weight)) for tree, weight in zip(trees, weights, strict=False)]


def _integers(what: str, values: Any) -> IntArray:
    """A list of whole numbers, as XGBoost writes it; nothing is cut off and nothing converted."""
    numbers = np.asarray(values)
    if not numbers.size:
        return np.empty(0, np.int64)
    if numbers.ndim != 1 or numbers.dtype.kind not in "biu":
        raise ModelError(f"{what} of an XGBoost model must be a list of whole numbers.")
    return numbers.astype(np.int64)


def _check_categories(trees: Any) -> None:
    """Refuse sets of categories that are out of all proportion: each takes a byte up to its largest category."""
    total = 0
    for tree in trees:
        codes, starts, sizes, nodes = (
            _integers(name, tree.get(name, ()))
            for name in ("categories", "categories_segments", "categories_sizes", "categories_nodes")
        )
        split = np.flatnonzero(_integers("split_type", tree.get("split_type", ())))
        if not len(starts) == len(sizes) == len(nodes) or not np.array_equal(np.sort(nodes), split):
            raise ModelError("an XGBoost tree has other sets of categories than nodes that ask for them.")
        if (starts < 0).any() or (sizes < 0).any() or (starts + sizes > len(codes)).any():
            raise ModelError("an XGBoost tree has sets of categories outside its list of categories.")
        if len(codes) and (codes.min() < 0 or codes.max() > 1 << 24):
            raise ModelError("a tree holds categories that are no small whole numbers.")
        if sizes.sum() > len(codes):
            raise ModelError("an XGBoost tree has sets of categories that overlap.")
        total += sum(int(codes[start : start + size].max(initial=0)) for start, size in zip(starts, sizes, strict=True))
        if total > CATEGORY_LIMIT:
            raise ModelError(f"an XGBoost model has sets of more than {CATEGORY_LIMIT:,} categories; it is refused.")


def _xgboost_tree(tree: dict[str, Any], weight: np.float32) -> Tree:
    left, right, asked = (_integers(name, tree[name]) for name in ("left_children", "right_children", "split_indices"))
    leaf = left < 0
    if len(left) == len(right) == len(asked) and ((right < 0) != leaf).any():
        raise ModelError("an XGBoost tree has nodes with one child.")
    if (asked < 0).any():
        raise ModelError(f"an XGBoost tree splits on feature {asked.min()}.")
    said = tree.get("tree_param", {})
    if whole("num_nodes", said.get("num_nodes", len(left))) != len(left):
        raise ModelError("an XGBoost tree has another number of nodes than it says.")
    if whole("size_leaf_vector", said.get("size_leaf_vector", 1)) > 1:
        raise ModelError("an XGBoost tree with several values a leaf does not decide between two labels.")
    if not np.isfinite(weight):
        raise ModelError("an XGBoost model weighs a tree with a number that is not finite.")
    condition = np.asarray(tree["split_conditions"], dtype=np.float32)
    # XGBoost goes left where x < t; in float32 that is x ≤ the number before t
    before = np.nextafter(condition, np.float32(-np.inf)).astype(np.float64)
    feature = np.where(leaf, -1, asked)
    missing_left = _integers("default_left", tree["default_left"]).astype(bool)
    parsed = Tree(
        feature, before, left, right, np.where(leaf, (condition * weight).astype(np.float64), 0.0), missing_left
    )
    codes, starts, sizes, nodes = (
        _integers(name, tree.get(name, ()))
        for name in ("categories", "categories_segments", "categories_sizes", "categories_nodes")
    )
    for node, start, size in zip(nodes, starts, sizes, strict=True):
        chosen = codes[start : start + size]
        row = np.ones(int(chosen.max(initial=-1)) + 3, dtype=bool)
        row[chosen] = False  # the categories listed go right, all others left
        row[-1] = missing_left[node]
        parsed.sets[int(node)] = row
    return parsed
