"""Which way a model's score moves with each feature: signs to show people, that no search reads.

A search that trusted signs recorded earlier would answer for the wrong model once another one is fitted,
so each works out for itself what its own model rewards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions.distributions import FloatArray
from recourse.actions.features import FeatureActions
from recourse.errors import InputError


def slopes(classifier: Any, features: Sequence[FeatureActions]) -> FloatArray:
    """Return a number for each feature whose sign is the way that it moves the score.

    classifier : coefficients in the order of the features, or a fitted classifier with `coef_` (matched by
        name where it was fitted on names); any other one is probed, see `ActionSet.align`.
    """
    weights = getattr(classifier, "coef_", classifier)
    fitted = getattr(classifier, "feature_names_in_", None)
    if hasattr(weights, "predict"):
        return _probe(classifier, features, fitted)
    weights = np.asarray(weights, dtype=np.float64).ravel()
    if fitted is not None:
        weight_of = dict(zip(fitted.tolist(), weights, strict=True))
        return np.array([weight_of.get(feature.name, 0.0) for feature in features])
    if len(weights) != len(features):
        raise InputError(f"{len(weights)} coefficients for {len(features)} features.")
    return weights


def _probe(classifier: Any, features: Sequence[FeatureActions], fitted: Any) -> FloatArray:
    """The score at each feature's upper bound minus that at its lower one, the others at their medians."""
    middle = {feature.name: _middle(feature) for feature in features}
    people = [dict(middle) for _ in range(2 * len(features))]
    for low, high, feature in zip(people[::2], people[1::2], features, strict=True):
        if feature.ordered:
            low[feature.name], high[feature.name] = feature.bounds
    rows = pd.DataFrame(people)
    table = rows.to_numpy() if fitted is None else rows[list(fitted)]
    score = getattr(classifier, "decision_function", None)
    scores = score(table) if score is not None else classifier.predict_proba(table)[:, -1]
    scores = np.asarray(scores, dtype=np.float64).reshape(len(rows))
    return scores[1::2] - scores[::2]


def _middle(feature: FeatureActions) -> Any:
    """The median, or the level in the middle of the list."""
    median = feature.observed.quantile(50)
    return feature.decode(np.array([median if feature.variable_type == "real" else round(median)]))[0]
