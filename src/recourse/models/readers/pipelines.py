"""What pipelines are made of: transformers that keep raw features apart, wrappers, and the classifier at the end.

Columns that each depend on one raw feature stay so through column-wise transformers; linear maps turn them into sums
over features, which only affine transformers preserve. Parts are recognised by exact type, by name, without importing
their libraries; whatever is not listed here is taken to mix features.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

import numpy as np

from recourse.models.boundary import Cut
from recourse.models.logits import logit

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


def take_apart(estimator: Any) -> tuple[tuple[Any, ...], Any, Cut | None] | None:
    """Return an estimator's transformers, the classifier after them, and the boundary that a wrapper sets.

    None if a wrapper's boundary has no form that is known.
    """
    steps: list[Any] = []
    cut = None
    while (inner := _inside(estimator)) is not None:
        root, name = kind_of(estimator)
        if name == "Pipeline":
            # imbalanced-learn's samplers act when fitting only
            steps += [step for _, step in estimator.steps[:-1] if not _passes(step) and not _samples(root, step)]
        elif name in THRESHOLDS and cut is None:  # an inner wrapper's boundary is never asked for
            cut = _cut(estimator, inner)
            if cut is None:
                return None
        estimator = inner
    return tuple(steps), estimator, cut


def final_classifier(estimator: Any) -> Any:
    """Return the classifier at the end of pipelines, searches and thresholds: the one that gives probabilities."""
    while (inner := _inside(estimator)) is not None:
        estimator = inner
    return estimator


def _inside(estimator: Any) -> Any:
    """The fitted estimator that a pipeline, search or wrapper hands its question on to; None for all others."""
    root, name = kind_of(estimator)
    if name == "Pipeline" and root in ("sklearn", "imblearn"):
        return estimator.steps[-1][1]
    if root != "sklearn":
        return None
    if name in SEARCHES and hasattr(estimator, "best_estimator_"):
        return estimator.best_estimator_
    if name in THRESHOLDS:
        return getattr(estimator, "estimator_", estimator.estimator)
    return estimator.estimator if name == "FrozenEstimator" else None


def is_column_wise(steps: Iterable[Any]) -> bool:
    """Whether, after these transformers, each column is known to be a function of one raw feature."""
    return spread_after(steps, Spread.COLUMNS) == Spread.COLUMNS


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


def kind_of(part: Any) -> tuple[str, str]:
    """The library and the name of a part's type: exact, as a subclass lives elsewhere."""
    return type(part).__module__.partition(".")[0], type(part).__qualname__


def _passes(part: Any) -> bool:
    return part is None or (isinstance(part, str) and part in ("passthrough", "drop"))


def _samples(root: str, step: Any) -> bool:
    return root == "imblearn" and hasattr(step, "fit_resample") and not hasattr(step, "transform")


def spread_after(parts: Any, spread: Spread) -> Spread | None:
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
        return spread_after((step for _, step in part.steps), spread)
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
    return Cut(label, logit(value), float(value))
