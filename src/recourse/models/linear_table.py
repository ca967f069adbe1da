"""A table of coefficients as a model, without any estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.checks import number
from recourse.errors import InputError, ModelError
from recourse.menus.menus import Menus
from recourse.models.fingerprint import class_name
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.linear import LinearForm, linear_statement
from recourse.models.statements.network import Layers, affine_layers
from recourse.tables import Name


class LinearModel(Model):
    """A table of coefficients: approved if Σ_j w_j x_j + intercept > 0.

    Parameters
    ----------
    coefficients : mapping from feature name to weight, or sequence of weights
        In units of score per unit of the feature. A sequence goes with `names`; without, the columns of the table
        are taken by position.
    intercept : float
        The score where every feature is 0.
    names : sequence of names, optional
        The features of a sequence of weights, in its order.
    margin : float
        At least 0. Above 0, people are approved at or above this score instead of above 0.
    strict : bool
        Whether a score of exactly 0 is denied. With a margin, whoever is on the margin is always approved.

    Raises
    ------
    InputError
        For numbers of weights and names that don't match, or settings of the wrong kind.
    ModelError
        For numbers that aren't finite.

    Examples
    --------
    >>> model = LinearModel({"income": 0.5, "debt": -1.0}, intercept=-10)
    >>> model.approves(pd.DataFrame({"debt": [0, 5], "income": [25, 25]}))
    array([ True, False])
    >>> model
    LinearModel({'income': 0.5, 'debt': -1.0}, intercept=-10)
    """

    desired = 1

    def __init__(
        self,
        coefficients: Mapping[Any, float] | npt.ArrayLike,
        intercept: float = 0.0,
        *,
        names: Sequence[Name] | None = None,
        margin: float = 0.0,
        strict: bool = True,
    ) -> None:
        self.feature_names: tuple[Name, ...] | None
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
        self.margin: float = number("margin", margin, least=0)
        self.name = f"linear model of {len(weights)} coefficients"
        self.strict = bool(strict) and not self.margin
        self.rule = "score > 0" if self.strict else f"score ≥ {self.margin:g}"

    def check_features(self, names: Sequence[Name]) -> None:
        """Make sure that the model finds the columns it reads.

        Parameters
        ----------
        names : sequence of names
            The features of an action set; without names of its own the model takes as many as it has weights.
        """
        super().check_features(names)
        if self.feature_names is None and len(names) != len(self.form.weights):
            raise InputError(f"{len(self.form.weights)} coefficients for {len(names)} features.")

    def approves(self, X: pd.DataFrame) -> BoolArray:
        """Say whose score is above 0, or on the margin.

        Parameters
        ----------
        X : DataFrame
            n rows of numbers.

        Returns
        -------
        bool[n]
        """
        score = self.score(X)
        return score > 0 if self.strict else score >= 0

    def score(self, X: pd.DataFrame) -> FloatArray:
        """Return Σ_j w_j x_j + intercept − margin, added up in the order of the coefficients.

        Parameters
        ----------
        X : DataFrame
            n rows of numbers.

        Returns
        -------
        float64[n]

        Raises
        ------
        InputError
            For a column that holds anything but numbers.
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

    def weights(self) -> FloatArray:
        """Return the coefficients: float64[features]."""
        return self.form.weights

    def layers(self) -> Layers:
        """Return the model as a network of one layer, with logits measured from the margin."""
        return affine_layers(self.form.weights, self.form.intercept - self.margin)

    def additive(self, menus: Menus) -> Additive:
        """Return the model's terms over the menus: weight · (value − today's value).

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        names = list(self.feature_names or menus.X.columns)
        return linear_statement(self.form, names, menus, self.score(menus.X), strict=self.strict)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data.

        Returns
        -------
        dict
            Class, coefficients, intercept, names, margin and strict.
        """
        return {
            "class": class_name(type(self)),
            "coefficients": self.form.weights.tolist(),
            "intercept": self.form.intercept,
            "names": None if self.feature_names is None else list(self.feature_names),
            "margin": self.margin,
            "strict": self.strict,
        }

    def __repr__(self) -> str:
        given: Any = self.form.weights.tolist()
        if self.feature_names is not None:
            given = dict(zip(self.feature_names, given, strict=True))
        margin = f", margin={self.margin:g}" if self.margin else "" if self.strict else ", strict=False"
        return f"{type(self).__name__}({given!r}, intercept={self.form.intercept:g}{margin})"
