"""A fitted classifier as a model: approved is what its own `predict` says, or a probability that is reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError, ModelError
from recourse.models.fingerprint import class_name
from recourse.models.identity import data_or_digest, estimator_identity
from recourse.models.labels import choose_label
from recourse.models.model import Model
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.menus.menus import Menus
    from recourse.models.statements.network import Layers, Network


class EstimatorModel(Model):
    """Any fitted classifier with a `predict`, asked with the kind of input that it was fitted on."""

    def __init__(
        self, estimator: Any, *, desired: Any = None, threshold: float | None = None, margin: float = 0.0
    ) -> None:
        self.estimator = estimator
        self.name = _name_of(estimator)
        self.classes = _classes(estimator)
        self.desired = choose_label(self.classes, desired)
        self.threshold = _threshold(estimator, threshold)
        self.margin = _margin(margin)
        self.feature_names = _fitted_names(estimator)
        self.n_features: int | None = getattr(estimator, "n_features_in_", None)
        if self.threshold is None:
            self.rule = f"prediction = {self.desired!r}"
        else:
            self.rule = f"P({self.desired!r}) ≥ {self.threshold:g}"
        if self.margin:
            self.rule += f" with a margin of {self.margin:g}"

    @property
    def sign(self) -> int:
        """1 if a larger decision value favours the desired label of two, −1 if it is the other one's."""
        return 1 if self.classes[-1] == self.desired else -1

    @property
    def bar(self) -> float:
        """Where the signed decision value approves: 0 for `predict`, logit(threshold) for a probability."""
        t = self.threshold
        return self.margin + (0.0 if t is None else float(np.log(t) - np.log1p(-t)))

    @property
    def strict(self) -> bool:
        """Whether a decision value on the bar is denied: scikit-learn predicts the second class above 0."""
        return self.threshold is None and not self.margin and self.sign > 0

    def check_features(self, names: Sequence[Name]) -> None:
        super().check_features(names)
        if self.feature_names is None and self.n_features not in (None, len(names)):
            raise InputError(
                f"the model was fitted on {self.n_features} columns without names, but the action set has "
                f"{len(names)} features; they must be the same columns in the same order."
            )

    def check_margin(self) -> None:
        """Raise `InputError` if a margin is asked for and the estimator has no decision value to measure it on."""
        if self.margin and not hasattr(self.estimator, "decision_function"):
            raise InputError(
                f"a {self.name} has no decision_function, so margin= means nothing; use threshold= for a "
                "probability to be reached."
            )
        if self.margin and len(self.classes) != 2:
            raise InputError(f"margin= needs a model of two labels; this {self.name} has {len(self.classes)}.")

    def approves(self, X: pd.DataFrame) -> BoolArray:
        if not len(X):
            return np.zeros(0, dtype=bool)
        table = self.input(X)
        if self.threshold is None:
            approved = np.asarray(self.estimator.predict(table)) == self.desired
        else:
            approved = self.estimator.predict_proba(table)[:, self._column] >= self.threshold
        if self.margin:
            approved = approved & (self.sign * self.decision(table) >= self.bar)
        return np.asarray(approved, dtype=bool).reshape(len(X))

    def identity(self) -> dict[str, Any]:
        return {
            "class": class_name(type(self)),
            "estimator": estimator_identity(self.estimator),
            "desired": data_or_digest(self.desired, "the desired label"),
            "threshold": self.threshold,
            "margin": self.margin,
        }

    def layers(self) -> Layers | None:
        from recourse.models.readers.neural import layers_of

        layers = layers_of(self.estimator)
        return layers if layers is None or self.sign > 0 else layers.negated()

    def network(self, menus: Menus) -> Network | None:
        from recourse.models.statements.trial import network_on

        probabilities = self._probabilities if hasattr(self.estimator, "predict_proba") else None
        compared = 0.5 if self.threshold is None else self.threshold
        return network_on(
            self,
            menus,
            compared=compared,
            precision=working_precision(self.input(menus.X)),
            probabilities=probabilities,
        )

    def _probabilities(self, X: pd.DataFrame) -> FloatArray:
        return np.asarray(self.estimator.predict_proba(self.input(X)), dtype=np.float64)[:, self._column]

    @property
    def _column(self) -> int:
        """Where the desired label is among the estimator's probabilities."""
        return int(np.flatnonzero(self.classes == self.desired)[0])

    def accepts(self, row: pd.DataFrame) -> bool:
        try:
            self.estimator.predict(self.input(row))
        except (ValueError, TypeError):
            return False
        return True

    def input(self, X: pd.DataFrame) -> Any:
        """Return rows as the estimator was fitted on them: named columns, or an array by position."""
        if self.feature_names is not None:
            names = list(self.feature_names)
            return X if names == list(X.columns) else X[names]
        return X.to_numpy()

    def score(self, X: pd.DataFrame) -> FloatArray:
        """Return the estimator's own decision value above the bar, larger in favour of the desired label."""
        return self.sign * self.decision(self.input(X)) - self.bar

    def decision(self, table: Any) -> FloatArray:
        """Return the estimator's decision value in favour of its second label, for rows as it takes them."""
        return np.asarray(self.estimator.decision_function(table), dtype=np.float64).reshape(-1)


def working_precision(table: Any) -> float:
    """Return the unit roundoff of the numbers that an estimator computes in for this input."""
    dtypes = list(table.dtypes) if isinstance(table, pd.DataFrame) else [table.dtype]
    plain = [one if isinstance(one, np.dtype) else getattr(one, "numpy_dtype", np.dtype(np.float64)) for one in dtypes]
    kind = np.result_type(*plain) if plain else np.dtype(np.float64)
    return float(np.finfo(kind if kind.kind == "f" else np.float64).eps)


def _name_of(estimator: Any) -> str:
    steps = getattr(estimator, "steps", None)
    if steps:
        return " → ".join(type(step).__name__ if step != "passthrough" else "passthrough" for _, step in steps)
    return str(getattr(estimator, "display_name", type(estimator).__name__))


def _classes(estimator: Any) -> npt.NDArray[Any]:
    """The labels of a fitted classifier, or an error that says what is missing."""
    if not callable(getattr(estimator, "predict", None)):
        raise ModelError(f"a {type(estimator).__name__} has no predict method; it can't be used as a model.")
    if hasattr(estimator, "get_params"):
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            check_is_fitted(estimator)
        except NotFittedError:
            raise ModelError(f"this {_name_of(estimator)} is not fitted; call its fit method first.") from None
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        raise ModelError(
            f"this {_name_of(estimator)} has no classes_: recourse needs a classifier, with labels to choose from."
        )
    if isinstance(classes, list):
        raise ModelError(f"this {_name_of(estimator)} predicts several outputs at once; wrap one of them.")
    return np.asarray(classes)


def _threshold(estimator: Any, threshold: float | None) -> float | None:
    if threshold is None:
        return None
    if isinstance(threshold, str) or not 0 < threshold < 1:
        raise InputError(f"threshold must be a probability between 0 and 1, not {threshold!r}.")
    if not hasattr(estimator, "predict_proba"):
        raise InputError(
            f"a {_name_of(estimator)} gives no probabilities, so threshold= means nothing; use margin= for a "
            "distance of its decision value from the boundary."
        )
    return float(threshold)


def _margin(margin: float) -> float:
    if isinstance(margin, str) or not (np.isfinite(margin) and margin >= 0):
        raise InputError(f"margin must be a finite number ≥ 0, not {margin!r}.")
    return float(margin)


def _fitted_names(estimator: Any) -> tuple[Name, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    if names is None and hasattr(estimator, "steps"):  # a pipeline asks its first step, even one that is skipped
        step = next((step for _, step in estimator.steps if step is not None and step != "passthrough"), None)
        return None if step is None else _fitted_names(step)
    found = None if names is None else tuple(np.asarray(names).tolist())
    # LightGBM makes up names where there were none
    return None if found is None or found == tuple(f"Column_{k}" for k in range(len(found))) else found
