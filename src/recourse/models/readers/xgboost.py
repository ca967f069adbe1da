"""XGBoost's own formats, JSON and UBJSON, read as data: the library is not needed."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from recourse.errors import ModelError
from recourse.models.readers.tree_classifier import BoostedClassifier, Tree

# -- XGBoost ---------------------------------------------------------------------------------------------------


def read_xgboost(document: Any, *, best: bool | None = None) -> BoostedClassifier:
    """Return the classifier in an XGBoost document, as its JSON or UBJSON form holds it.

    best : whether only the trees up to the best iteration count (as scikit-learn's wrapper predicts) or all (as
        a bare booster does); by default as saved. Raises `ModelError` for anything but trees for two labels.
    """
    try:
        learner = document["learner"]
        objective = learner["objective"]["name"]
        parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
        kind = booster["name"]
        if objective != "binary:logistic":
            raise ModelError(f"an XGBoost model for {objective!r} does not decide between two labels.")
        if kind not in ("gbtree", "dart"):
            raise ModelError(f"an XGBoost model of kind {kind!r} is no sum of trees.")
        n_features = int(parameters["num_feature"])
        model = booster["gbtree"]["model"] if kind == "dart" else booster["model"]
        if any((model.get("cats") or {}).get("enc") or ()):
            raise ModelError("an XGBoost model that renames categories is not read; encode them as numbers.")
        weights = booster["weight_drop"] if kind == "dart" else [1.0] * len(model["trees"])
        attributes = learner.get("attributes") or {}
        trees = model["trees"]
        best = "scikit_learn" in attributes if best is None else best
        if best and "best_iteration" in attributes:
            rounds = model["iteration_indptr"]
            trees = trees[: rounds[int(attributes["best_iteration"]) + 1]]
        parsed = [
            _xgboost_tree(tree, np.float32(weight)).check(n_features)
            for tree, weight in zip(trees, weights, strict=False)
        ]
        start = np.float32(str(parameters["base_score"]).strip("[]"))
        base = float(-np.log(np.float32(1) / start - np.float32(1)))
        names = [str(name) for name in learner.get("feature_names") or []] or None
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ModelError(f"this is no XGBoost model that can be read: {type(error).__name__}: {error}.") from None
    if not np.isfinite(base) or n_features < 0 or (names is not None and len(names) != n_features):
        raise ModelError("this XGBoost model has no usable base score or feature names.")
    return BoostedClassifier("xgboost", parsed, base, names, n_features)


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


def read_json(text: str) -> Any:
    """Return a JSON document; raises `ModelError` where it is broken or nested too deeply."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"not valid JSON: {error}.") from None
    except RecursionError:
        raise ModelError("JSON nested too deeply.") from None


_NUMBERS = {
    ord("i"): ">i1", ord("U"): ">u1", ord("I"): ">i2", ord("l"): ">i4", ord("L"): ">i8", ord("d"): ">f4",
    ord("D"): ">f8",
}  # fmt: skip
_DEEPEST = 64


def read_ubjson(data: bytes) -> Any:
    """Return a UBJSON document, as XGBoost writes it. Sizes are checked against what is there before use.

    >>> read_ubjson(b"{i" + bytes([1]) + b"a[$i#i" + bytes([2, 5, 6]) + b"}")["a"].tolist()
    [5, 6]
    """
    try:
        value, end = _ubjson(data, 1, data[0], 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(f"not valid UBJSON, or cut short: {error}.") from None
    if end != len(data):
        raise ModelError("not valid UBJSON: something follows the document.")
    return value


def _ubjson(data: bytes, at: int, marker: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise ModelError("UBJSON nested too deeply.")
    if marker in _NUMBERS:
        dtype = np.dtype(_NUMBERS[marker])
        return np.frombuffer(_take(data, at, dtype.itemsize), dtype)[0].item(), at + dtype.itemsize
    if marker in b"TFZ":
        return {ord("T"): True, ord("F"): False, ord("Z"): None}[marker], at
    if marker == ord("S"):
        return _ubjson_string(data, at)
    if marker == ord("["):
        return _ubjson_array(data, at, depth)
    if marker == ord("{"):
        return _ubjson_object(data, at, depth)
    raise ModelError(f"not valid UBJSON: marker {marker:#x} at byte {at - 1}.")


def _take(data: bytes, at: int, size: int) -> bytes:
    if size < 0 or at + size > len(data):
        raise ModelError("not valid UBJSON: it is cut short, or says that it holds more than it does.")
    return data[at : at + size]


def _ubjson_size(data: bytes, at: int) -> tuple[int, int]:
    size, at = _ubjson(data, at + 1, data[at], 0)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ModelError("not valid UBJSON: a size is no whole number.")
    return size, at


def _ubjson_string(data: bytes, at: int) -> tuple[str, int]:
    size, at = _ubjson_size(data, at)
    return _take(data, at, size).decode("utf-8"), at + size


def _ubjson_array(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    kind = None
    if data[at] == ord("$"):
        kind, at = data[at + 1], at + 2
    if data[at] == ord("#"):
        size, at = _ubjson_size(data, at + 1)
        if kind in _NUMBERS:
            dtype = np.dtype(_NUMBERS[kind])
            raw = _take(data, at, size * dtype.itemsize)
            return np.frombuffer(raw, dtype).astype(dtype.newbyteorder("=")), at + len(raw)
        if size > len(data) - at:  # every other value takes a byte at least
            raise ModelError("not valid UBJSON: a list says that it holds more than it does.")
        values = []
        for _ in range(size):
            value, at = _ubjson(data, at, kind, depth + 1) if kind else _ubjson(data, at + 1, data[at], depth + 1)
            values.append(value)
        return values, at
    values = []
    while data[at] != ord("]"):
        value, at = _ubjson(data, at + 1, data[at], depth + 1)
        values.append(value)
    return values, at + 1


def _ubjson_object(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    if data[at] in b"$#":
        raise ModelError("not valid UBJSON: objects of a stated size are not read.")
    document: dict[str, Any] = {}
    while data[at] != ord("}"):
        name, at = _ubjson_string(data, at)
        document[name], at = _ubjson(data, at + 1, data[at], depth + 1)
    return document, at + 1
