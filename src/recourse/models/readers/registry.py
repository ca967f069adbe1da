"""Which reader looks into which estimator: the one place where they are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from recourse.models.estimator import EstimatorModel, Recognised
from recourse.models.readers.additive_structure import additive_structure
from recourse.models.readers.lightgbm import lightgbm_booster
from recourse.models.readers.measured_terms import MeasuredTerms
from recourse.models.readers.neural import layers_of
from recourse.models.readers.pipelines import final_classifier, is_logistic, kind_of
from recourse.models.readers.sklearn_linear import LinearTerms, linear_form
from recourse.models.readers.trees import recognise_trees
from recourse.models.readers.xgboost import xgboost_booster

BOOSTERS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("xgboost", "Booster"): xgboost_booster,
    ("lightgbm", "Booster"): lightgbm_booster,
}
"""What makes a classifier of a library's bare booster, which has no labels."""


def adopt(estimator: Any) -> Any:
    """Return a classifier for a bare booster of XGBoost or LightGBM; anything else as it is."""
    make = BOOSTERS.get(kind_of(estimator))
    return estimator if make is None else make(estimator)


def recognise(model: EstimatorModel, *, promised: bool = False) -> Recognised:
    """Look into an estimator for what a search can use: a linear form, a sum of terms, trees, or layers.

    promised : whether the user says that it is a sum of terms, even if no reader knows it for one

    Raises `InputError` for a margin where there is no decision value to measure it on.
    """
    # sums are of decision values: a threshold on the probability must be one on them too
    by_score = model.threshold is None or is_logistic(final_classifier(model.estimator))
    form = linear_form(model.estimator) if by_score else None
    if form is not None:
        return Recognised(terms=LinearTerms(form), layers=layers_of)
    structure = additive_structure(model.estimator) if by_score else None
    if structure is not None or promised:
        cut = None if structure is None else structure.cut
        return Recognised(terms=MeasuredTerms(structure, promised), layers=layers_of, cut=cut)
    model.check_margin()
    return Recognised(trees=recognise_trees(model), layers=layers_of)
