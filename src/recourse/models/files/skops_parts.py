"""What a skops file holds once it is loaded, part by part: nothing that runs, nothing that crashes compiled code.

scikit-learn's compiled code follows the nodes of trees, the counts of support vectors and the like without bounds
checks, as its own `fit` made them. In a file anybody may have written them, so they are checked here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.errors import ModelError

PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic)
"""What a set may hold."""


def make_harmless(path: Path, model: Any) -> None:
    """Check every part of a loaded model, and reset what would act outside it when it is fitted again.

    `memory` would make joblib read pickles from a folder that the file names; `n_jobs` would start processes and
    `verbose` print. Raises `ModelError` for a part that could crash compiled code or run something.
    """
    # everything that the model holds, each with the number of columns that its trees may ask about
    waiting: list[tuple[Any, float]] = [(model, 0)]
    seen: dict[int, tuple[Any, float]] = {}
    while waiting:
        part, columns = waiting.pop()
        own = part.__dict__.get("n_features_in_") if hasattr(part, "__dict__") else None
        if isinstance(own, (int, np.integer)):  # forests ask their trees without checking a table's width again
            columns = min(int(own), columns) if columns and "tree_" in part.__dict__ else int(own)

        # the same part may be asked about by two, with fewer columns by the second
        if isinstance(part, (*PLAIN, type)) or (id(part) in seen and seen[id(part)][1] <= columns):
            continue
        seen[id(part)] = (part, columns)
        check = _CHECKS.get(type(part).__name__)
        if check is not None:
            check(path, part, columns)
        _reset(part)
        waiting += [(one, columns) for one in _inside(path, part)]


def _inside(path: Path, part: Any) -> list[Any]:
    """What a part holds in turn."""
    if isinstance(part, (set, frozenset)):
        if not all(isinstance(one, PLAIN) for one in part):
            raise ModelError(f"{path} holds a set of objects; sets of words and numbers are read, and nothing else.")
        return []
    if isinstance(part, functools.partial):
        _check_partial(path, part)
        return []
    if isinstance(part, np.ndarray):
        return part.ravel().tolist() if part.dtype == object else []
    if isinstance(part, (list, tuple)):
        return list(part)
    held = list(part.values()) if isinstance(part, dict) else []
    return held + list(getattr(part, "__dict__", {}).values())


def _reset(part: Any) -> None:
    """Take away what a file has no say in: caches on disk, processes, printing."""
    settings = getattr(part, "__dict__", {})
    for name, plain in (("memory", None), ("n_jobs", None), ("verbose", False), ("n_threads", 1)):
        if name in settings:
            settings[name] = plain


def _check_partial(path: Path, part: functools.partial[Any]) -> None:
    """A table that is checked, as histogram boosting's own preprocessing does it, and nothing else."""
    from sklearn.utils.validation import check_array

    allowed = {"dtype", "ensure_all_finite", "force_all_finite"}
    if part.func is not check_array or part.args or set(part.keywords) - allowed or part.__dict__:
        raise ModelError(f"{path} holds a function with arguments filled in, which is not opened.")


def _check_tree(path: Path, tree: Any, columns: float) -> None:
    """A tree of scikit-learn: its nodes point downwards inside it, and at columns that are there."""
    _sound(path, tree.children_left, tree.children_right, tree.feature, tree.children_left != -1, columns)


def _check_predictor(path: Path, tree: Any, columns: float) -> None:
    """A tree of histogram boosting: as above, and its sets of categories are there."""
    nodes, inner = tree.nodes, tree.nodes["is_leaf"] == 0
    _sound(path, nodes["left"], nodes["right"], nodes["feature_idx"], inner, columns)
    bitsets = (tree.raw_left_cat_bitsets, tree.binned_left_cat_bitsets)
    if any(one.ndim != 2 or one.shape[1] != 8 for one in bitsets):
        raise ModelError(f"{path} holds a tree whose sets of categories have another shape; the file is damaged.")
    used = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    if (used >= min(len(one) for one in bitsets)).any():
        raise ModelError(f"{path} holds a tree whose nodes point outside it; the file is damaged.")


def _sound(path: Path, left: Any, right: Any, feature: Any, inner: Any, columns: float) -> None:
    """Raise unless there is a root, each inner node's children come after it, and its feature is one of the columns."""
    if not len(inner):
        raise ModelError(f"{path} holds a tree without nodes; the file is damaged.")
    place = np.flatnonzero(inner)
    below = all(bool(((child[place] > place) & (child[place] < len(inner))).all()) for child in (left, right))
    if not below or not ((feature[place] >= 0) & (feature[place] < columns)).all():
        raise ModelError(f"{path} holds a tree whose nodes point outside it; the file is damaged.")


def _check_boosted(path: Path, model: Any, columns: float) -> None:
    """Gradient boosting writes one score for each column of its table of trees."""
    scores = 1 if len(model.classes_) == 2 else len(model.classes_)
    trees = np.asarray(model.estimators_)
    if trees.ndim != 2 or trees.shape[1] != scores or model.n_trees_per_iteration_ != scores:
        raise ModelError(f"{path} holds boosted trees for another number of labels; the file is damaged.")


def _check_histogram(path: Path, model: Any, columns: float) -> None:
    """Histogram boosting: each round has a tree for each score, and categories are known where a tree asks for them."""
    scores = 1 if len(model.classes_) == 2 else len(model.classes_)
    mapper = model._bin_mapper
    categorical = np.asarray(mapper.is_categorical_)
    if model._preprocessor is not None:
        _check_encoder(path, model._preprocessor, model.n_features_in_)
    if model.n_trees_per_iteration_ != scores or any(len(trees) != scores for trees in model._predictors):
        raise ModelError(f"{path} holds boosted trees for another number of labels; the file is damaged.")
    if categorical.shape != (model.n_features_in_,) or len(mapper.bin_thresholds_) != model.n_features_in_:
        raise ModelError(f"{path} holds bins for another number of features; the file is damaged.")
    for column in np.flatnonzero(categorical):
        known = np.asarray(mapper.bin_thresholds_[column], dtype=np.float64)
        if not ((known >= 0) & (known <= 255)).all():
            raise ModelError(f"{path} holds categories beyond 255, which boosting can't have learned.")
    for tree in (tree for trees in model._predictors for tree in trees):
        asked = tree.nodes["feature_idx"][(tree.nodes["is_leaf"] == 0) & (tree.nodes["is_categorical"] != 0)]
        if not ((asked >= 0) & (asked < len(categorical))).all() or not categorical[asked].all():
            raise ModelError(f"{path} holds a tree that asks for categories of a number; the file is damaged.")


def _check_encoder(path: Path, encoder: Any, features: int) -> None:
    """What histogram boosting makes of a table has the columns that its trees know: each feature goes one way."""
    ways = encoder.transformers_
    indices = [np.asarray(encoder._transformer_to_input_indices[name]) for name, _, _ in ways]
    sound = type(encoder).__name__ == "ColumnTransformer" and all(
        not len(which)
        or (type(step).__name__ == "OrdinalEncoder" and len(step.categories_) == len(which))
        or (type(step).__name__ == "FunctionTransformer" and isinstance(step.func, functools.partial))
        for (_, step, _), which in zip(ways, indices, strict=True)
    )
    masks = [np.flatnonzero(mask) for _, _, mask in ways]
    once = all(np.array_equal(np.sort(np.concatenate(lists)), np.arange(features)) for lists in (indices, masks))
    same = all(np.array_equal(one, other) for one, other in zip(indices, masks, strict=True))
    if not (sound and once and same):
        raise ModelError(f"{path} holds boosted trees whose table has another number of columns; the file is damaged.")


def _check_svm(path: Path, model: Any, columns: float) -> None:
    """Support vectors, their counts and weights belong together."""
    if model.kernel == "precomputed":
        raise ModelError(f"{path} holds support vectors of a precomputed kernel, which has no features to change.")
    labels, vectors = len(model.classes_), len(model.support_)
    pairs = labels * (labels - 1) // 2
    wanted: dict[str, Any] = {
        "_n_support": (labels,),
        "support_": (vectors,),
        "support_vectors_": (vectors, model.n_features_in_),
        "dual_coef_": (labels - 1, vectors),
        "_dual_coef_": (labels - 1, vectors),
        "intercept_": (pairs,),
        "_intercept_": (pairs,),
    }
    for name in ("_probA", "_probB"):
        if np.size(model.__dict__.get(name, ())):
            wanted[name] = (pairs,)
    for name, shape in wanted.items():
        found = model.__dict__[name].shape
        if found != shape:
            raise ModelError(
                f"{path}: {name} of the support vectors has the shape {found}, not {shape}; it is damaged."
            )
    if labels < 2 or (model._n_support < 0).any() or model._n_support.sum() != vectors:
        raise ModelError(f"{path}: _n_support does not add up to the {vectors} support vectors; it is damaged.")


def _check_neighbours(path: Path, model: Any, columns: float) -> None:
    """The labels of neighbours are labels that there are."""
    labels = np.asarray(model._y)
    if labels.ndim != 1 or len(labels) != model._fit_X.shape[0] or not _within(labels, len(model.classes_)):
        raise ModelError(f"{path} holds neighbours without labels; the file is damaged.")


def _within(values: npt.NDArray[Any], most: int) -> bool:
    return bool(((values >= 0) & (values < most)).all())


def _check_spline(path: Path, spline: Any, columns: float) -> None:
    """A spline has ascending finite knots, and as many coefficients as these call for."""
    knots, weights, degree = spline._t, spline._c, spline.k
    sound = (
        type(degree) is int
        and 0 <= degree <= 100
        and spline.axis == 0
        and knots.dtype == weights.dtype == np.float64
        and knots.ndim == 1
        and weights.ndim >= 1
        and len(knots) >= 2 * (degree + 1)
        and len(weights) >= len(knots) - degree - 1
        and bool(np.isfinite(knots).all() and (np.diff(knots) >= 0).all())
    )
    if not sound:
        raise ModelError(f"{path} holds a spline whose knots and coefficients don't match; the file is damaged.")


_CHECKS: dict[str, Callable[[Path, Any, float], None]] = {
    "Tree": _check_tree,
    "TreePredictor": _check_predictor,
    "GradientBoostingClassifier": _check_boosted,
    "HistGradientBoostingClassifier": _check_histogram,
    "SVC": _check_svm,
    "NuSVC": _check_svm,
    "KNeighborsClassifier": _check_neighbours,
    "RadiusNeighborsClassifier": _check_neighbours,
    "BSpline": _check_spline,
}
"""What is checked of a part, by the name of its type."""
