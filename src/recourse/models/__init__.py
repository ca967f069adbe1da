"""Models and the one definition of "approved"; whatever a model knows of itself, it states as data."""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.errors import InputError
from recourse.models.files import load_model
from recourse.models.linear import LinearEstimatorModel, LinearModel, has_logistic_probabilities, linear_form
from recourse.models.model import Additive, EstimatorModel, Model, choose_label

__all__ = [
    "Additive",
    "EstimatorModel",
    "LinearModel",
    "Model",
    "as_model",
    "choose_label",
    "label_of_sign",
    "load_model",
]


def label_of_sign(estimator: Any, sign: int) -> Any:
    """Return the label that `ActionSet.y_desired` stands for with this model, to be passed on as ``desired=``.

    1, or a `Model` (which says itself what it wants), is None: the default of `as_model`; −1 is the first label.
    """
    if sign > 0 or isinstance(estimator, Model):
        return None
    classes = np.asarray(getattr(estimator, "classes_", ()))
    if len(classes) != 2:
        raise InputError(
            f"y_desired = −1 stands for the first of two labels, but this model has {len(classes)}; "
            "name one with desired= instead."
        )
    return classes[0].item() if isinstance(classes[0], np.generic) else classes[0]


def as_model(estimator: Any, *, desired: Any = None, threshold: float | None = None, margin: float = 0.0) -> Model:
    """Return the model that a fitted classifier, or a `Model`, stands for.

    estimator : a fitted scikit-learn classifier or pipeline, or anything with `predict` and `classes_`
    desired : the favourable label; by default 1, where the labels are {0, 1} or {−1, 1}
    threshold : approve if the probability of the desired label is at least this, instead of by `predict`
    margin : approve only if the decision value is also this far on the good side of the boundary

    Raises `ModelError` for a model that is unfitted or has no two labels, `InputError` for settings that
    don't fit it.

    >>> from sklearn.linear_model import LogisticRegression
    >>> as_model(LogisticRegression().fit([[0.0], [1.0], [2.0]], ["no", "no", "yes"]), desired="yes")
    LinearEstimatorModel(LogisticRegression: approved if prediction = 'yes')
    """
    if isinstance(estimator, Model):
        if desired is not None or threshold is not None or margin:
            raise TypeError(
                "desired=, threshold= and margin= belong to as_model(estimator, …), where the Model was made."
            )
        return estimator
    settings: dict[str, Any] = {"desired": desired, "threshold": threshold, "margin": margin}
    checked = EstimatorModel(estimator, **settings)
    form = linear_form(estimator)
    if form is None or (threshold is not None and not has_logistic_probabilities(estimator)):
        return checked
    return LinearEstimatorModel(estimator, form, **settings)
