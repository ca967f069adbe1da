"""Models and the one definition of "approved"; whatever a model knows of itself, it states as data."""

from __future__ import annotations

from typing import Any

from recourse.errors import InputError
from recourse.models.estimator import EstimatorModel
from recourse.models.files.load import ModelFile, inspect_model, load_model
from recourse.models.identity import identity_of
from recourse.models.labels import choose_label, label_of_sign
from recourse.models.linear_table import LinearModel
from recourse.models.model import Model
from recourse.models.readers.additive_pipelines import AdditiveEstimatorModel
from recourse.models.readers.pipelines import final_classifier, is_logistic, recognise
from recourse.models.readers.sklearn_linear import LinearEstimatorModel, linear_form
from recourse.models.readers.trees import TreeEstimatorModel, adopt, recognise_trees
from recourse.models.scorecard import Scorecard
from recourse.models.statements.additive import Additive
from recourse.models.statements.trees import TreeEnsemble

__all__ = [
    "Additive",
    "EstimatorModel",
    "LinearModel",
    "Model",
    "ModelFile",
    "Scorecard",
    "TreeEnsemble",
    "as_model",
    "choose_label",
    "identity_of",
    "inspect_model",
    "label_of_sign",
    "load_model",
]


def as_model(
    estimator: Any,
    *,
    desired: Any = None,
    threshold: float | None = None,
    margin: float = 0.0,
    additive: bool = False,
) -> Model:
    """Return the model that a fitted classifier, or a `Model`, stands for.

    estimator : a fitted scikit-learn classifier or pipeline, or anything with `predict` and `classes_`
    desired : the favourable label; by default 1, where the labels are {0, 1} or {−1, 1}
    threshold : approve if the probability of the desired label is at least this, instead of by `predict`
    margin : approve only if the decision value is also this far on the good side of the boundary
    additive : promise that the score is a sum of one term a raw feature, for an estimator that is not known
        to be; the promise is checked against its own scores, and a `ModelError` raised if it is broken

    Linear classifiers, naive Bayes and boosted stumps are known to be additive, also at the end of a pipeline
    of scalers, encoders, imputers, bins and splines, and are solved exactly in raw features. So are sums of trees, and
    networks of ReLUs behind scalers; any other model is searched action by action.

    Raises `ModelError` for a model that is unfitted or has no two labels, `InputError` for settings that
    don't fit it.

    >>> from sklearn.linear_model import LogisticRegression
    >>> as_model(LogisticRegression().fit([[0.0], [1.0], [2.0]], ["no", "no", "yes"]), desired="yes")
    LinearEstimatorModel(LogisticRegression: approved if prediction = 'yes')
    """
    if isinstance(estimator, Model):
        if desired is not None or threshold is not None or margin or additive:
            raise InputError(
                f"desired=, threshold=, margin= and additive= are for classifiers, but a "
                f"{type(estimator).__name__} has its own rule; they belong to as_model(estimator, …), "
                "where the Model was made."
            )
        return estimator
    settings: dict[str, Any] = {"desired": desired, "threshold": threshold, "margin": margin}
    estimator = adopt(estimator)
    checked = EstimatorModel(estimator, **settings)
    by_score = threshold is None or is_logistic(final_classifier(estimator))
    form = linear_form(estimator)
    if form is not None and by_score:
        return LinearEstimatorModel(estimator, form, **settings)
    structure = recognise(estimator)
    if (structure is not None and by_score) or additive:
        return AdditiveEstimatorModel(estimator, structure if by_score else None, promised=additive, **settings)
    checked.check_margin()
    trees = recognise_trees(estimator, checked)
    return checked if trees is None else TreeEstimatorModel(estimator, *trees, **settings)
