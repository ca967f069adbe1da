"""Boosted trees in XGBoost's and LightGBM's own formats, read as data: neither library is needed, nor run.

XGBoost saves JSON or UBJSON, LightGBM text. A `BoostedClassifier` made of one predicts as the library does:
XGBoost compares and adds up in float32, LightGBM in float64.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import ModelError
from recourse.models.model import BoolArray, FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass
class Tree:
    """One tree: node 0 is the root, and a leaf has feature −1.

    threshold : values up to it go left; missing_left : whether missing values do
    sets : for nodes that split by category, whether category 0, 1, …, an unknown one, a missing one goes left
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


class BoostedClassifier:
    """A boosted classifier of two labels, 0 and 1, from a file: it predicts as scikit-learn's estimators do.

    source : "xgboost" or "lightgbm"; trees : whose values add up to the decision value, after `base`
    scale : P(1) = 1 / (1 + exp(−scale · decision value))
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


def category_cells(values: FloatArray, known: int) -> IntArray:
    """Return which of the categories 0 … known − 1 values are; `known` for others, `known + 1` for missing."""
    missing = np.isnan(values)
    code = np.trunc(np.where(missing, 0.0, values))
    cells = np.where((values > -1) & (code < known), code, known)
    return np.where(missing, known + 1, cells).astype(np.int64)


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


# -- LightGBM --------------------------------------------------------------------------------------------------


def read_lightgbm(text: str) -> BoostedClassifier:
    """Return the classifier in LightGBM's text format. Raises `ModelError` for anything but trees for two labels."""
    try:
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
        scale = next((float(part[8:]) for part in objective if part.startswith("sigmoid:")), 1.0)
        n_features = int(settings["max_feature_idx"]) + 1
        names = settings["feature_names"].split(" ")
        trees = [_lightgbm_tree(_settings(block.split("\n\n")[0])).check(n_features) for block in blocks]
        if "average_output" in head.split("\n"):
            for tree in trees:
                tree.value = tree.value / len(trees)
        line = next((line for line in text.splitlines() if line.startswith("pandas_categorical:")), ":null")
        categories = read_json(line.partition(":")[2])
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise ModelError(f"this is no LightGBM model that can be read: {type(error).__name__}: {error}.") from None
    if len(names) != n_features:
        raise ModelError(f"this LightGBM model has {n_features} features, but {len(names)} names.")
    given = None if names == [f"Column_{k}" for k in range(n_features)] else names
    return BoostedClassifier("lightgbm", trees, 0.0, given, n_features, scale, categories)


def _settings(text: str) -> dict[str, str]:
    return {key: value for line in text.split("\n") for key, found, value in [line.partition("=")] if found}


def _lightgbm_tree(settings: dict[str, str]) -> Tree:
    def numbers(name: str, dtype: Any) -> Any:
        return np.array(settings.get(name, "").split(), dtype=dtype)

    leaves = int(settings["num_leaves"])
    values = numbers("leaf_value", np.float64)
    if settings.get("is_linear", "0") != "0":
        raise ModelError("LightGBM's linear trees are no sum of constants.")
    if leaves != len(values) or leaves < 1:
        raise ModelError("a LightGBM tree has fewer leaves than it says.")
    inner = leaves - 1
    feature, decision = numbers("split_feature", np.int64), numbers("decision_type", np.int64)
    threshold = numbers("threshold", np.float64)
    children = [numbers(name, np.int64) for name in ("left_child", "right_child")]
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
    for node in np.flatnonzero(decision & 1):
        which = int(threshold[node])
        bits = np.ascontiguousarray(words[bounds[which] : bounds[which + 1]], dtype="<u4").view(np.uint8)
        goes = np.unpackbits(bits, bitorder="little").astype(bool)
        tree.sets[int(node)] = np.concatenate([goes, [False, False]])  # unknown and missing ones go right
    return tree
