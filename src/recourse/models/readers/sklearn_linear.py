"""scikit-learn's linear classifiers, and single networks without hidden layers, bare or behind scalers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recourse.arrays import FloatArray
from recourse.menus.menus import Menus
from recourse.models.estimator import EstimatorModel
from recourse.models.readers.pipelines import NETWORK, is_linear_classifier, kind_of
from recourse.models.statements.additive import Additive
from recourse.models.statements.linear import LinearForm, linear_statement


@dataclass(frozen=True, eq=False)
class LinearTerms:
    """The terms of a linear classifier of two labels.

    Attributes
    ----------
    form : LinearForm
        In favour of the second label, in raw features.
    """

    form: LinearForm

    def decision(self, model: EstimatorModel, table: Any) -> None:
        """None: the estimator's own decision value is the one that counts."""
        return

    def weights(self) -> FloatArray:
        """Return the weights in raw units, in favour of the second label."""
        return self.form.weights

    def state(self, model: EstimatorModel, menus: Menus) -> Additive:
        """Return the terms over the menus."""
        eps = model.precision(menus.X)
        rounding = 2 * eps * abs(model.bar)
        if model.threshold is not None:
            # probabilities are compared: near the bar a rounded P moves the score by eps / P(1 − P)
            rounding += 8 * eps / (model.threshold * (1 - model.threshold))
        return linear_statement(
            self.form,
            list(model.feature_names or menus.X.columns),
            menus,
            model.score(menus.X),
            strict=model.strict,
            sign=model.sign,
            eps=eps,
            rounding=rounding,
            compares_scores=model.threshold is None,
        )


def linear_form(estimator: Any) -> LinearForm | None:
    """Return the linear form of a classifier in raw features, or None if it is not known to have one.

    Recognised by exact types: scikit-learn's linear classifiers of two labels and single networks without hidden
    layers, behind any number of standard, min–max, max–abs and robust scalers.
    """
    from sklearn.pipeline import Pipeline

    steps = [step for _, step in estimator.steps] if type(estimator) is Pipeline else [estimator]
    final = steps[-1]
    if not is_linear_classifier(final):
        return None
    coef = final.coef_.toarray() if hasattr(final.coef_, "toarray") else np.asarray(final.coef_)
    weights = coef.astype(np.float64).ravel()
    intercept = float(np.asarray(final.intercept_, dtype=np.float64).ravel()[0])
    offsets, bare = np.zeros(len(weights)), len(steps) == 1
    if kind_of(final) == NETWORK:
        offsets = np.abs(weights * final.layers_.shift)
        bare = bare and not offsets.any() and bool((final.layers_.scale == 1).all())
    for step in reversed(steps[:-1]):
        affine = scaler(step, len(weights))
        if affine is None:
            return None
        factor, shift = affine
        intercept += float(weights @ shift)
        offsets = offsets + np.abs(weights * shift)
        weights = weights * factor
    return LinearForm(weights, intercept, offsets, bare)


def scaler(step: Any, d: int) -> tuple[FloatArray, FloatArray] | None:
    """Return (factor, shift) of a column-wise x ↦ factor · x + shift, or None if the step is something else."""
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    one, zero = np.ones(d), np.zeros(d)
    if step is None or step == "passthrough":
        return one, zero
    if type(step) is StandardScaler:
        factor = one if step.scale_ is None else 1 / step.scale_
        return factor, zero if not step.with_mean else -step.mean_ * factor
    if type(step) is RobustScaler:
        factor = one if step.scale_ is None else 1 / step.scale_
        return factor, zero if step.center_ is None else -step.center_ * factor
    if type(step) is MaxAbsScaler and not getattr(step, "clip", False):
        return 1 / step.scale_, zero
    if type(step) is MinMaxScaler and not step.clip:
        return np.asarray(step.scale_), np.asarray(step.min_)
    return None
