"""A table of coefficients as a model, without any estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError, ModelError
from recourse.models.estimator import _margin
from recourse.models.model import Model
from recourse.models.readers.sklearn_linear import LinearForm, additive_statement
from recourse.models.statements.additive import Additive

if TYPE_CHECKING:
    from recourse.menus.menus import Menus
    from recourse.models.statements.network import Layers


class LinearModel(Model):
    """A table of coefficients: approved if Σ_j w_j x_j + intercept > 0.

    coefficients : mapping from feature name to weight, or one weight a feature with `names`
    margin : approved only at or above this score instead.
    strict : whether a score of exactly 0 is denied (with a margin, the margin itself always counts)

    >>> model = LinearModel({"income": 0.5, "debt": -1.0}, intercept=-10)
    >>> model.approves(pd.DataFrame({"debt": [0, 5], "income": [25, 25]}))
    array([ True, False])
    """

    desired = 1

    def __init__(
        self,
        coefficients: Mapping[Any, float] | npt.ArrayLike,
        intercept: float = 0.0,
        *,
        names: Any = None,
        margin: float = 0.0,
        strict: bool = True,
    ) -> None:
        if isinstance(coefficients, Mapping):
            self.feature_names = tuple(coefficients)
            weights = np.array(list(coefficients.values()), dtype=np.float64)
        else:
            weights = np.asarray(coefficients, dtype=np.float64).ravel()
            self.feature_names = None if names is None else tuple(names)
        if self.feature_names is not None and len(self.feature_names) != len(weights):
            raise InputError(f"{len(weights)} coefficients for {len(self.feature_names)} names.")
        constant = np.asarray(intercept, dtype=np.float64).ravel()
        if constant.shape != (1,):
            raise InputError(f"the intercept must be one number, not {intercept!r}.")
        if not (np.isfinite(weights).all() and np.isfinite(constant[0])):
            raise ModelError("coefficients and intercept must be finite numbers.")
        self.form = LinearForm(weights, float(constant[0]), np.zeros(len(weights)), bare=True)
        self.margin = _margin(margin)
        self.name = f"linear model of {len(weights)} coefficients"
        self.strict = strict and not self.margin
        self.rule = "score > 0" if self.strict else f"score ≥ {self.margin:g}"

    def check_features(self, names: Any) -> None:
        super().check_features(names)
        if self.feature_names is None and len(names) != len(self.form.weights):
            raise InputError(f"{len(self.form.weights)} coefficients for {len(names)} features.")

    def approves(self, X: pd.DataFrame) -> BoolArray:
        score = self.score(X)
        return score > 0 if self.strict else score >= 0

    def score(self, X: pd.DataFrame) -> FloatArray:
        """Return Σ_j w_j x_j + intercept − margin, added up in the order of the coefficients.

        Raises `InputError` for a column that holds anything but numbers.
        """
        score = np.full(len(X), self.form.intercept)
        for name, weight in zip(self.feature_names or X.columns, self.form.weights, strict=True):
            try:
                score += weight * X[name].to_numpy(dtype=np.float64, na_value=np.nan)
            except (TypeError, ValueError) as error:
                wrong = X[name][pd.to_numeric(X[name], errors="coerce").isna() & X[name].notna()].iloc[0]
                raise InputError(
                    f"the {self.name} multiplies {name!r}, which holds {wrong!r} and not only numbers."
                ) from error
        return score - self.margin

    def layers(self) -> Layers:
        from recourse.models.readers.neural import affine_layers

        return affine_layers(self.form.weights, self.form.intercept - self.margin)

    def additive(self, menus: Menus) -> Additive:
        names = list(self.feature_names or menus.X.columns)
        statement = additive_statement(self.form, names, menus, self.score(menus.X), 1, np.finfo(np.float64).eps)
        return Additive(statement.score, statement.gains, self.strict, statement.tolerance, statement.quantum)
