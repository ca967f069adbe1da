"""Which model this is, as plain data: what studies and checkpoints compare instead of addresses or `repr`s."""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.models.fingerprint import PLAIN, attributes, class_name, fingerprint
from recourse.models.model import Model


def identity_of(model: Any) -> dict[str, Any]:
    """Say which model this is, in plain data that is the same in every process.

    Parameters
    ----------
    model : Model or estimator
        A `Model`, or a classifier, fitted or not.

    Returns
    -------
    dict
        JSON-able. Of a `Model`: its class, its settings and a SHA-256 of what else it holds. Of an estimator: its
        class, its parameters, and a SHA-256 of its fitted state: arrays byte by byte with dtype and shape, XGBoost,
        LightGBM and CatBoost as they write themselves down, torch modules by their ``state_dict``. What a
        scikit-learn search notes about the clock doesn't count.

    Raises
    ------
    InputError
        For a part that can't be told from another one by its content, such as a lambda; it names the part.

    Examples
    --------
    >>> from recourse.models import LinearModel
    >>> one, other = LinearModel({"income": 1.0}), LinearModel({"income": 1000.0})
    >>> identity_of(one) == identity_of(LinearModel({"income": 1.0})), identity_of(one) == identity_of(other)
    (True, False)
    """
    if isinstance(model, Model):
        return model.to_dict()
    return estimator_identity(model)


def estimator_identity(estimator: Any) -> dict[str, Any]:
    """Return class, parameters and the SHA-256 of the fitted state of an estimator.

    >>> from sklearn.linear_model import LogisticRegression
    >>> estimator_identity(LogisticRegression(C=2.0))["parameters"]["C"]
    2.0
    """
    kind = type(estimator)
    what = f"this {kind.__name__}"
    whole = fingerprint(estimator, what)
    if not hasattr(estimator, "get_params") or not hasattr(estimator, "__dict__"):
        return {"class": class_name(kind), "state": whole}
    parameters = estimator.get_params(deep=False)
    return {
        "class": class_name(kind),
        "parameters": {name: data_or_digest(value, f"{what}.{name}") for name, value in sorted(parameters.items())},
        "state": whole if kind.__module__.startswith("catboost") else fingerprint(attributes(estimator, parameters)),
    }


def data_or_digest(value: Any, what: str) -> Any:
    """Return a setting as itself where JSON can hold it, an estimator as its identity, anything else as a SHA-256."""
    if type(value) in PLAIN and not isinstance(value, bytes):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return float(value)
    if hasattr(value, "get_params") and not isinstance(value, type):
        return estimator_identity(value)
    return {"sha256": fingerprint(value, what)}
