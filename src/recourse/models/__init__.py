"""Models and the one definition of "approved"; whatever a model knows of itself, it states as data."""

from __future__ import annotations

from typing import Any

from recourse.models.files import ModelFile, inspect_model, load_model
from recourse.models.linear import LinearEstimatorModel, LinearModel, has_logistic_probabilities, linear_form
from recourse.models.model import Additive, EstimatorModel, Model, TreeEnsemble, choose_label
from recourse.models.trees import TreeEstimatorModel, adopt, recognise_trees

__all__ = [
    "Additive",
    "EstimatorModel",
    "LinearModel",
    "Model",
    "ModelFile",
    "TreeEnsemble",
    "as_model",
    "choose_label",
    "inspect_model",
    "load_model",
]


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
    estimator = adopt(estimator)
    checked = EstimatorModel(estimator, **settings)
    trees = recognise_trees(estimator, checked)
    if trees is not None:
        return TreeEstimatorModel(estimator, *trees, **settings)
    form = linear_form(estimator)
    if form is None or (threshold is not None and not has_logistic_probabilities(estimator)):
        return checked
    return LinearEstimatorModel(estimator, form, **settings)
