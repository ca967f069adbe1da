"""Which estimators are sums of one term a raw feature: a list of parts, and how parts may be put together.

Columns that each depend on one raw feature stay so through column-wise transformers; linear maps turn them
into sums over features, which only affine transformers preserve; a linear classifier, and some others, of
such columns is additive. Parts are recognised by exact type, by name, without importing their libraries;
whatever is not listed here is taken to mix features.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray

COLUMN_WISE = {
    "sklearn": {
        "Binarizer", "KBinsDiscretizer", "MaxAbsScaler", "MinMaxScaler", "MissingIndicator", "OneHotEncoder",
        "OrdinalEncoder", "PowerTransformer", "QuantileTransformer", "RobustScaler", "SimpleImputer",
        "SplineTransformer", "StandardScaler", "TargetEncoder",
    },
    "category_encoders": {
        "BackwardDifferenceEncoder", "BaseNEncoder", "BinaryEncoder", "CatBoostEncoder", "CountEncoder",
        "GLMMEncoder", "GrayEncoder", "HelmertEncoder", "JamesSteinEncoder", "LeaveOneOutEncoder",
        "MEstimateEncoder", "OneHotEncoder", "OrdinalEncoder", "PolynomialEncoder", "QuantileEncoder",
        "RankHotEncoder", "SumEncoder", "SummaryEncoder", "TargetEncoder", "WOEEncoder",
    },
    "feature_engine": {
        "AddMissingIndicator", "ArbitraryDiscretiser", "ArbitraryNumberImputer", "CategoricalImputer",
        "CountFrequencyEncoder", "DecisionTreeDiscretiser", "DecisionTreeEncoder", "EndTailImputer",
        "EqualFrequencyDiscretiser", "EqualWidthDiscretiser", "GeometricWidthDiscretiser", "LogCpTransformer",
        "LogTransformer", "MeanEncoder", "MeanMedianImputer", "OneHotEncoder", "OrdinalEncoder",
        "PowerTransformer", "RareLabelEncoder", "ReciprocalTransformer", "WoEEncoder", "Winsorizer",
        "YeoJohnsonTransformer",
    },
    "optbinning": {"BinningProcess"},
}  # fmt: skip
"""Transformers whose output columns each depend on one input column."""

AFFINE = {"StandardScaler", "RobustScaler", "MaxAbsScaler", "MinMaxScaler"}
"""Those of scikit-learn's that are x ↦ a · x + b in each column, unless they clip."""

SELECTORS = {
    "GenericUnivariateSelect", "RFE", "RFECV", "SelectFdr", "SelectFpr", "SelectFromModel", "SelectFwe",
    "SelectKBest", "SelectPercentile", "SequentialFeatureSelector", "VarianceThreshold",
}  # fmt: skip
LINEAR_MAPS = {
    "FactorAnalysis", "FastICA", "GaussianRandomProjection", "IncrementalPCA", "LinearDiscriminantAnalysis",
    "NeighborhoodComponentsAnalysis", "PCA", "SparseRandomProjection", "TruncatedSVD",
}  # fmt: skip
LINEAR_CLASSIFIERS = {
    "LinearDiscriminantAnalysis", "LinearSVC", "LogisticRegression", "LogisticRegressionCV",
    "PassiveAggressiveClassifier", "Perceptron", "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier",
}  # fmt: skip
NETWORK = ("recourse", "NetworkClassifier")
"""Linear, with coefficients, where it is one network without hidden layers."""

NAIVE_BAYES = {"BernoulliNB", "CategoricalNB", "ComplementNB", "GaussianNB", "MultinomialNB"}
SEARCHES = {"GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV"}
THRESHOLDS = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}


class Spread(enum.IntEnum):
    """How raw features have spread over columns; parts side by side are as spread as the worst of them."""

    COLUMNS = 0  # each column is a function of one raw feature
    SUMS = 1  # each column is a sum of such functions


@dataclass(frozen=True)
class Cut:
    """A boundary that a wrapper sets: `label` is predicted where its decision value is at least `value`.

    probability : the same as the wrapper compares it, if it compares probabilities
    """

    label: Any
    value: float
    probability: float | None


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


def recognise(estimator: Any) -> Structure | None:
    """Return the structure of a fitted estimator of two labels, or None if it is not known to be additive."""
    parts = take_apart(estimator)
    if parts is None:
        return None
    steps, classifier, cut = parts
    spread = _through(steps, Spread.COLUMNS)
    if spread is None or not _classifies(classifier, spread):
        return None
    return Structure(steps, classifier, spread, cut)


def take_apart(estimator: Any) -> tuple[tuple[Any, ...], Any, Cut | None] | None:
    """Return an estimator's transformers, the classifier after them, and the boundary that a wrapper sets.

    None if a wrapper's boundary has no form that is known.
    """
    steps: list[Any] = []
    cut = None
    while True:
        root, name = kind_of(estimator)
        if name == "Pipeline" and root in ("sklearn", "imblearn"):
            # imbalanced-learn's samplers act when fitting only
            steps += [step for _, step in estimator.steps[:-1] if not _passes(step) and not _samples(root, step)]
            estimator = estimator.steps[-1][1]
        elif root == "sklearn" and name in SEARCHES and hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif (root, name) == ("sklearn", "FrozenEstimator"):
            estimator = estimator.estimator
        elif root == "sklearn" and name in THRESHOLDS:
            inner = getattr(estimator, "estimator_", estimator.estimator)
            if cut is None:  # an inner boundary is never asked for
                cut = _cut(estimator, inner)
                if cut is None:
                    return None
            estimator = inner
        else:
            return tuple(steps), estimator, cut


def is_column_wise(steps: Iterable[Any]) -> bool:
    """Whether, after these transformers, each column is known to be a function of one raw feature."""
    return _through(steps, Spread.COLUMNS) == Spread.COLUMNS


def is_linear_classifier(estimator: Any) -> bool:
    """Whether this is, exactly, a linear classifier of scikit-learn or a network of one layer, for two labels."""
    root, name = kind_of(estimator)
    known = (root == "sklearn" and name in LINEAR_CLASSIFIERS) or (root, name) == NETWORK
    if not known or len(getattr(estimator, "classes_", ())) != 2:
        return False
    coef = getattr(estimator, "coef_", None)
    return coef is not None and (coef.ndim == 1 or coef.shape[0] == 1)


def is_logistic(estimator: Any) -> bool:
    """Whether a classifier's P(second label) = 1 / (1 + exp(−decision value)): thresholds on one are on both."""
    root, name = kind_of(estimator)
    if (root, name) == NETWORK:
        return is_linear_classifier(estimator)  # an ensemble's mean probability is of no single value
    if root != "sklearn" or not hasattr(estimator, "predict_proba"):
        return False
    if name in ("SGDClassifier", "GradientBoostingClassifier", "HistGradientBoostingClassifier"):
        return bool(estimator.loss == "log_loss")
    if name in ("LogisticRegression", "LogisticRegressionCV"):
        return getattr(estimator, "multi_class", None) != "multinomial"  # before 1.8: a softmax of ±d
    return name == "LinearDiscriminantAnalysis" or name in NAIVE_BAYES


def decision_of(classifier: Any, columns: Any) -> FloatArray:
    """Return a classifier's decision value in favour of the second label; naive Bayes: of log-likelihoods."""
    if hasattr(classifier, "predict_joint_log_proba"):
        joint = np.asarray(classifier.predict_joint_log_proba(columns), dtype=np.float64)
        return joint[:, 1] - joint[:, 0]
    return np.asarray(classifier.decision_function(columns), dtype=np.float64).reshape(-1)


def final_classifier(estimator: Any) -> Any:
    """Return the classifier at the end of pipelines, searches and thresholds: the one that gives probabilities."""
    while True:
        root, name = kind_of(estimator)
        if name == "Pipeline" and root in ("sklearn", "imblearn"):
            estimator = estimator.steps[-1][1]
        elif root == "sklearn" and name in SEARCHES and hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif root == "sklearn" and name in THRESHOLDS:
            estimator = getattr(estimator, "estimator_", estimator.estimator)
        elif (root, name) == ("sklearn", "FrozenEstimator"):
            estimator = estimator.estimator
        else:
            return estimator


def kind_of(part: Any) -> tuple[str, str]:
    """The library and the name of a part's type: exact, as a subclass lives elsewhere."""
    return type(part).__module__.partition(".")[0], type(part).__qualname__


def _passes(part: Any) -> bool:
    return part is None or (isinstance(part, str) and part in ("passthrough", "drop"))


def _samples(root: str, step: Any) -> bool:
    return root == "imblearn" and hasattr(step, "fit_resample") and not hasattr(step, "transform")


def _through(parts: Any, spread: Spread) -> Spread | None:
    """The spread after transformers in a row."""
    now: Spread | None = spread
    for part in parts:
        now = None if now is None else _after(part, now)
    return now


def _after(part: Any, spread: Spread) -> Spread | None:
    """The spread after one transformer; None if it may mix features in any other way."""
    root, name = kind_of(part)
    if _passes(part):
        return spread
    if name in COLUMN_WISE.get(root, ()):
        affine = root == "sklearn" and name in AFFINE and not getattr(part, "clip", False)
        return spread if affine or spread == Spread.COLUMNS else None
    if root != "sklearn":
        return None
    if name == "Pipeline":
        return _through((step for _, step in part.steps), spread)
    if name in ("ColumnTransformer", "FeatureUnion"):
        pairs = part.transformers_ if name == "ColumnTransformer" else part.transformer_list
        sides = [_after(one[1], spread) for one in pairs]
        known = [side for side in sides if side is not None]
        return max(known, default=spread) if len(known) == len(sides) else None
    if name == "FrozenEstimator":
        return _after(part.estimator, spread)
    if name == "FunctionTransformer":
        if part.func is None:
            return spread
        unary = isinstance(part.func, np.ufunc) and part.func.nin == part.func.nout == 1 and not part.kw_args
        return spread if unary and spread == Spread.COLUMNS else None
    if name in SELECTORS:
        return spread
    return Spread.SUMS if name in LINEAR_MAPS else None


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


def _cut(wrapper: Any, inner: Any) -> Cut | None:
    """The boundary that a threshold wrapper sets, on the decision value; None if it has no such form."""
    methods = wrapper.response_method
    if methods == "auto":
        methods = "predict_proba" if hasattr(inner, "predict_proba") else "decision_function"
    by_probability = methods == "predict_proba"
    if kind_of(wrapper)[1] == "FixedThresholdClassifier":
        label, value = wrapper.pos_label, wrapper.threshold
        if isinstance(value, str):
            value = 0.5 if by_probability else 0.0
    else:
        label, value = wrapper._curve_scorer._get_pos_label(), wrapper.best_threshold_
    label = wrapper.classes_[-1] if label is None else label
    if not by_probability:
        final = final_classifier(inner)
        return None if hasattr(final, "predict_joint_log_proba") else Cut(label, float(value), None)
    if not is_logistic(final_classifier(inner)) or not 0 < value < 1:
        return None
    return Cut(label, float(np.log(value) - np.log1p(-value)), float(value))


def _numbers(columns: Any) -> npt.NDArray[Any]:
    """A transformed table as a dense array of numbers."""
    array = _dense(columns)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _dense(matrix: Any) -> npt.NDArray[Any]:
    return matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
