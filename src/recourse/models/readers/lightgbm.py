"""LightGBM: its own text format read as data, without the library; and its fitted classifiers, through that text."""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.errors import ModelError
from recourse.models.files.json_text import read_json, whole
from recourse.models.readers.forest import Forest, Goal
from recourse.models.readers.tree import Tree
from recourse.models.readers.tree_classifier import BoostedClassifier


def lightgbm_estimator(estimator: Any, goal: Goal) -> Forest | None:
    """Return the trees of a fitted `LGBMClassifier`, as it predicts with them; None if it does anything else."""
    if goal.margin:  # it has no decision value to measure one on
        return None
    try:
        return lightgbm_booster(estimator.booster_).forest(goal)
    except ModelError:
        return None


def lightgbm_booster(booster: Any) -> BoostedClassifier:
    """Return the classifier that a booster of LightGBM stands for."""
    return read_lightgbm(booster.model_to_string())


def read_lightgbm(text: str) -> BoostedClassifier:
    """Return the classifier in LightGBM's text format. Raises `ModelError` for anything but trees for two labels."""
    try:
        # what the model is for
        head, *blocks = text.split("\nTree=")
        settings = _settings(head)
        objective = settings.get("objective", "").split()
        if not objective or objective[0] not in ("binary", "cross_entropy"):
            raise ModelError(
                f"a LightGBM model for {settings.get('objective', '?')!r} does not decide between two labels."
            )
        if settings.get("num_class") != "1" or settings.get("num_tree_per_iteration") != "1":
            raise ModelError("a LightGBM model for several labels is not read.")
        if not text.count("end of trees"):
            raise ModelError("this LightGBM model is cut short.")

        # its trees
        scale = next((float(part[8:]) for part in objective if part.startswith("sigmoid:")), 1.0)
        if not 0 < scale < np.inf or "_" in settings["objective"].partition("sigmoid")[2]:
            raise ModelError(f"a LightGBM model's sigmoid must be a finite number above 0: {settings['objective']!r}.")
        n_features = whole("max_feature_idx", settings["max_feature_idx"]) + 1
        names = settings["feature_names"].split(" ")
        trees = [_lightgbm_tree(_settings(block.split("\n\n")[0])).check(n_features) for block in blocks]
        _check_sizes(text, settings, blocks)
        if "average_output" in head.split("\n"):
            for tree in trees:
                tree.value = tree.value / len(trees)

        # the categories that pandas' columns had in training
        line = next((line for line in text.splitlines() if line.startswith("pandas_categorical:")), ":null")
        categories = read_json(line.partition(":")[2])
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise ModelError(
            f"this is no LightGBM model that can be read: {type(error).__name__}: {error!s:.200}."
        ) from None
    if len(names) != n_features:
        raise ModelError(f"this LightGBM model has {n_features} features, but {len(names)} names.")
    given = None if names == [f"Column_{k}" for k in range(n_features)] else names
    return BoostedClassifier("lightgbm", trees, 0.0, given, n_features, scale, categories)


def _settings(text: str) -> dict[str, str]:
    """The lines `name=value`, each name once."""
    settings: dict[str, str] = {}
    for line in text.split("\n"):
        name, found, value = line.partition("=")
        if found and name in settings:
            raise ModelError(f"a LightGBM model says {name[:80]!r} twice.")
        if found:
            settings[name] = value
    return settings


def _check_sizes(text: str, settings: dict[str, str], blocks: list[str]) -> None:
    """Each tree has its number and the bytes that the head of the file says, so that none is missing or changed."""
    sizes = [whole("tree_sizes", size) for size in settings.get("tree_sizes", "").split()]
    numbers = [block.partition("\n")[0] for block in blocks]
    if numbers != [str(k) for k in range(len(sizes))]:
        raise ModelError(f"a LightGBM model lists {len(sizes)} trees, but its trees are not these.")
    start = text.find("\nTree=") + 1
    for number, size in enumerate(sizes):
        end = text.find("\nTree=" if number + 1 < len(sizes) else "\nend of trees", start) + 1
        if end - start != size:
            raise ModelError(f"tree {number} of a LightGBM model has {end - start} bytes, not {size} as it says.")
        start = end


def _lightgbm_tree(settings: dict[str, str]) -> Tree:
    def numbers(name: str, dtype: Any) -> Any:
        text = settings.get(name, "")
        if "_" in text:  # Python reads 1_0 as 10
            raise ModelError(f"{name} of a LightGBM tree must be numbers.")
        return np.array(text.split(), dtype=dtype)

    leaves = whole("num_leaves", settings["num_leaves"])
    values = numbers("leaf_value", np.float64)
    if settings.get("is_linear", "0") != "0":
        raise ModelError("LightGBM's linear trees are no sum of constants.")
    if leaves != len(values) or leaves < 1:
        raise ModelError("a LightGBM tree has fewer leaves than it says.")
    inner = leaves - 1
    feature, decision = numbers("split_feature", np.int64), numbers("decision_type", np.int64)
    threshold = numbers("threshold", np.float64)
    children = [numbers(name, np.int64) for name in ("left_child", "right_child")]
    if (feature < 0).any():
        raise ModelError(f"a LightGBM tree splits on feature {feature.min()}.")
    if any((child >= inner).any() or (child < -leaves).any() for child in children):
        raise ModelError("a LightGBM tree's nodes do not form a tree.")
    if ((decision < 0) | (decision > 15)).any():
        raise ModelError("a LightGBM tree decides in a way that is not known.")
    left, right = (np.where(child < 0, inner + ~child, child) for child in children)
    missing = (decision >> 2) & 3
    if (missing == 1).any():
        raise ModelError("a LightGBM model that takes zeros for missing values is not read.")
    # where training had no missing values, LightGBM takes one for 0
    missing_left = np.where(missing == 2, (decision & 2) > 0, threshold >= 0).astype(bool)
    none = np.zeros(leaves)
    tree = Tree(
        np.concatenate([feature, np.full(leaves, -1)]),
        np.concatenate([threshold, none]),
        np.concatenate([left, none.astype(np.int64)]),
        np.concatenate([right, none.astype(np.int64)]),
        np.concatenate([np.zeros(inner), values]),
        np.concatenate([missing_left, none.astype(bool)]),
    )
    bounds, words = numbers("cat_boundaries", np.int64), numbers("cat_threshold", np.uint32)
    asking = np.flatnonzero(decision & 1)
    which = threshold[asking]
    in_order = len(bounds) == len(asking) + 1 and bounds[0] == 0 and (np.diff(bounds) >= 0).all()
    if len(asking) and not (in_order and bounds[-1] == len(words)):
        raise ModelError("a LightGBM tree has other sets of categories than nodes that ask for them.")
    if not np.array_equal(np.sort(which), np.arange(len(asking))):
        raise ModelError("a LightGBM tree's nodes share a set of categories, or ask for one that is not there.")
    for node, one in zip(asking, which.astype(np.int64), strict=True):
        bits = np.ascontiguousarray(words[bounds[one] : bounds[one + 1]], dtype="<u4").view(np.uint8)
        goes = np.unpackbits(bits, bitorder="little").astype(bool)
        tree.sets[int(node)] = np.concatenate([goes, [False, False]])  # unknown and missing ones go right
    return tree
