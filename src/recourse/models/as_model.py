"""From a fitted classifier to a `Model`, with whatever a search can use of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from recourse.checks import true_or_false
from recourse.errors import InputError, ModelError
from recourse.models.estimator import EstimatorModel
from recourse.models.model import Model
from recourse.models.readers.registry import adopt, recognise


def as_model(
    estimator: Any,
    *,
    desired: Any = None,
    threshold: float | None = None,
    margin: float = 0.0,
    additive: bool = False,
) -> Model:
    """Return the model that a fitted classifier, or a `Model`, stands for.

    Linear classifiers, naive Bayes and boosted stumps are known to be additive, also at the end of a pipeline
    of scalers, encoders, imputers, bins and splines, and are solved exactly in raw features. So are sums of trees, and
    networks of ReLUs behind scalers; any other model is searched action by action.

    Parameters
    ----------
    estimator : object
        A fitted scikit-learn classifier or pipeline, a booster of XGBoost or LightGBM, or anything with `predict` and
        `classes_`. A `Model` is returned as it is.
    desired : object, optional
        The favourable label; by default 1, where the labels are {0, 1} or {−1, 1}.
    threshold : float, optional
        Between 0 and 1. Approve if the probability of the desired label is at least this, instead of by `predict`.
    margin : float
        At least 0, in units of the decision value. Approve only if it is also this far on the good side of the
        boundary.
    additive : bool
        Promise that the score is a sum of one term a raw feature, for an estimator that is not known to be; the promise
        is checked against its own scores, and a `ModelError` raised if it is broken.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        For a model that is unfitted or has no two labels.
    InputError
        For settings that don't fit it.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> as_model(LogisticRegression().fit([[0.0], [1.0], [2.0]], ["no", "no", "yes"]), desired="yes")
    EstimatorModel(LogisticRegression: approved if prediction = 'yes')
    """
    additive = true_or_false("additive", additive)
    if isinstance(estimator, type):
        raise ModelError(f"the model is the class {estimator.__name__} itself; it takes a fitted instance of it.")
    if isinstance(estimator, Model):
        if desired is not None or threshold is not None or margin or additive:
            raise InputError(
                f"desired=, threshold=, margin= and additive= are for classifiers, but a "
                f"{type(estimator).__name__} has its own rule; they belong to as_model(estimator, …), "
                "where the Model was made."
            )
        return estimator
    reader = partial(recognise, promised=additive)
    return EstimatorModel(adopt(estimator), desired=desired, threshold=threshold, margin=margin, recognise=reader)
