"""Which classifiers, also at the end of pipelines, are sums of one term a raw feature, and how far they round.

A linear classifier of columns that each depend on one raw feature, or are sums of such columns, is additive; so are
naive Bayes, boosted trees of one split, and generalised additive models of single features.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.models.boundary import Cut
from recourse.models.readers.pipelines import (
    LINEAR_CLASSIFIERS,
    NAIVE_BAYES,
    Spread,
    is_linear_classifier,
    kind_of,
    spread_after,
    take_apart,
)


@dataclass(frozen=True, eq=False)
class Structure:
    """An additive estimator, taken apart.

    steps : its fitted transformers, in order; classifier : what comes after them
    spread : of the columns that the classifier gets; cut : the boundary, if a wrapper sets one
    """

    steps: tuple[Any, ...]
    classifier: Any
    spread: Spread
    cut: Cut | None

    def transform(self, table: Any) -> Any:
        """Return what the classifier gets for rows as the estimator takes them."""
        for step in self.steps:
            table = step.transform(table)
        return table

    def decision(self, columns: Any) -> FloatArray:
        """Return the classifier's own decision value in favour of its second label."""
        return decision_of(self.classifier, columns)

    def rounding(self, columns: Any) -> float:
        """Bound the rounding of one decision value over rows like these: (terms + 8) · eps · Σ|terms|.

        The textbook bound of a sum (Higham 2002, ch. 4). What happens to a column on its own doesn't count:
        it is the same for the same value. Rounding within a linear map such as PCA is not in this bound.
        """
        last, columns = self.classifier, _numbers(columns)
        name = kind_of(last)[1]
        largest = np.abs(columns).max(axis=0, initial=0.0)
        if name in LINEAR_CLASSIFIERS:
            weights = np.abs(_dense(last.coef_)).ravel()
            size = float(weights @ largest) + float(np.abs(last.intercept_).sum())
        elif name == "NetworkClassifier":
            largest += np.abs(last.layers_.shift)
            size = float(np.abs(last.coef_[0]) @ largest) + float(np.abs(last.layers_.biases[0]).sum())
        elif name == "SVC":
            weights = np.abs(_dense(last.dual_coef_)) @ np.abs(_dense(last.support_vectors_))
            size = float((weights @ largest).sum()) + float(np.abs(last.intercept_).sum())
        elif name in NAIVE_BAYES:
            size = 2 * float(np.abs(last.predict_joint_log_proba(columns)).max(initial=0.0)) + _log_constants(last)
        else:
            size = float(np.abs(decision_of(last, columns)).max(initial=0.0)) + sum(_leaf_sizes(last))
        terms = len(largest) if name != "SVC" else len(largest) * len(last.support_)
        eps = np.finfo(columns.dtype if columns.dtype.kind == "f" else np.float64).eps
        return float((terms + 8) * eps * size)


def additive_structure(estimator: Any) -> Structure | None:
    """Return the structure of a fitted estimator of two labels, or None if it is not known to be additive."""
    parts = take_apart(estimator)
    if parts is None:
        return None
    steps, classifier, cut = parts
    spread = spread_after(steps, Spread.COLUMNS)
    if spread is None or not _classifies(classifier, spread):
        return None
    return Structure(steps, classifier, spread, cut)


def decision_of(classifier: Any, columns: Any) -> FloatArray:
    """Return a classifier's decision value in favour of the second label; naive Bayes: of log-likelihoods."""
    if hasattr(classifier, "predict_joint_log_proba"):
        joint = np.asarray(classifier.predict_joint_log_proba(columns), dtype=np.float64)
        return joint[:, 1] - joint[:, 0]
    return np.asarray(classifier.decision_function(columns), dtype=np.float64).reshape(-1)


def _classifies(estimator: Any, spread: Spread) -> bool:
    """Whether this is a classifier of two labels that is additive in columns of this spread."""
    if is_linear_classifier(estimator):
        return True
    root, name = kind_of(estimator)
    if len(getattr(estimator, "classes_", ())) != 2:
        return False
    if root == "interpret":
        terms = getattr(estimator, "term_features_", [(0, 0)])
        return name == "ExplainableBoostingClassifier" and max(map(len, terms)) == 1 and spread == Spread.COLUMNS
    if root != "sklearn":
        return False
    if name == "SVC":
        return bool(estimator.kernel == "linear")
    if name in ("ComplementNB", "MultinomialNB"):
        return True
    if spread != Spread.COLUMNS:
        return False
    if name in ("GradientBoostingClassifier", "HistGradientBoostingClassifier"):
        plain = getattr(estimator, "init", None) in (None, "zero")
        return plain and all(len(set(features)) <= 1 for features in _split_features(estimator))
    return name in NAIVE_BAYES


def _split_features(boosted: Any) -> Iterator[list[int]]:
    """The columns that each tree of a boosted classifier splits on."""
    if hasattr(boosted, "estimators_"):
        for tree in boosted.estimators_.ravel():
            yield [int(column) for column in tree.tree_.feature if column >= 0]
    else:
        for (tree,) in boosted._predictors:
            yield [int(node["feature_idx"]) for node in tree.nodes if not node["is_leaf"]]


def _leaf_sizes(boosted: Any) -> Iterator[float]:
    """The largest size of each tree's contribution."""
    if hasattr(boosted, "estimators_"):
        for tree in boosted.estimators_.ravel():
            yield float(boosted.learning_rate * np.abs(tree.tree_.value).max())
    elif hasattr(boosted, "_predictors"):
        for (tree,) in boosted._predictors:
            yield float(np.abs(tree.nodes["value"]).max())
    elif hasattr(boosted, "term_scores_"):
        for scores in boosted.term_scores_:
            yield float(np.abs(scores).max())


def _log_constants(bayes: Any) -> float:
    """The size of naive Bayes' constants where they may cancel against each other within a log-likelihood."""
    if hasattr(bayes, "var_"):
        return float(np.abs(np.log(2 * np.pi * bayes.var_)).sum())
    if hasattr(bayes, "binarize"):
        on = np.abs(bayes.feature_log_prob_)
        return float(2 * on.sum() + 4 * np.abs(np.log(-np.expm1(-np.maximum(on, 1e-300)))).sum())
    return 0.0


def _numbers(columns: Any) -> npt.NDArray[Any]:
    """A transformed table as a dense array of numbers."""
    array = _dense(columns)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _dense(matrix: Any) -> npt.NDArray[Any]:
    return matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
