"""Networks of ReLUs, read from the estimators that hold them, also behind scalers."""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.models.readers.sklearn_linear import linear_form, scaler
from recourse.models.statements.network import Layers, affine_layers


def layers_of(estimator: Any) -> Layers | None:
    """Return the layers of a fitted classifier of two labels, or None if it is not known to have any.

    Known: `NetworkClassifier`, scikit-learn's linear classifiers and its `MLPClassifier` with ReLU, bare or
    behind the scalers that `recourse.models.readers.sklearn_linear` unfolds.
    """
    own = getattr(estimator, "layers_", None)
    if isinstance(own, Layers):
        return own
    form = linear_form(estimator)
    if form is not None:
        return affine_layers(form.weights, form.intercept)
    return _behind_scalers(estimator)


def _behind_scalers(estimator: Any) -> Layers | None:
    """A network as the last step of a pipeline whose other steps scale columns."""
    from sklearn.neural_network import MLPClassifier

    steps = [step for _, step in getattr(estimator, "steps", [])] or [estimator]
    final = steps[-1]
    inner = getattr(final, "layers_", None)
    if (
        type(final) is MLPClassifier
        and final.activation == "relu"
        and getattr(final, "out_activation_", "") == "logistic"
    ):
        inner = Layers(
            tuple(np.asarray(w, dtype=np.float64)[None] for w in final.coefs_),
            tuple(np.asarray(b, dtype=np.float64)[None, None] for b in final.intercepts_),
            np.zeros(final.n_features_in_),
            np.ones(final.n_features_in_),
        )
    if not isinstance(inner, Layers):
        return None
    # the scalers in front become part of the network's own scaling
    shift, scale = inner.shift, inner.scale
    for step in reversed(steps[:-1]):
        affine = scaler(step, len(shift))
        if affine is None:
            return None
        factor, offset = affine
        if (factor == 0).any():
            return None
        # ((x · factor + offset) − shift) · scale
        shift, scale = (shift - offset) / factor, scale * factor
    return Layers(inner.weights, inner.biases, shift, scale)
