"""Classifiers as the old library took them: a fitted one, or coefficients, by name or by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions import ActionSet
from recourse.actions.constraints.constraint import Constraint
from recourse.arrays import FloatArray
from recourse.errors import InputError, nearest
from recourse.models import EstimatorModel, LinearModel, Model, as_model, label_of_sign

SOLVERS = ("cplex", "python-mip")
"""The old solvers' names, accepted everywhere: all of them mean this package's own search."""


class Classifier:
    """A classifier as the old library took it, and the model that it stands for with an action set's `y_desired`."""

    def __init__(
        self,
        action_set: ActionSet,
        positional: Sequence[Any],
        settings: dict[str, Any],
        *,
        y_desired: int | None = None,
    ) -> None:
        if not isinstance(action_set, ActionSet):
            raise InputError(f"action_set must be an ActionSet, not a {type(action_set).__name__}.")
        if y_desired is not None:
            action_set = action_set.copy()
            action_set.y_desired = y_desired
        self._sign = action_set.y_desired
        given = {**settings, **_by_name([one for one in positional if not isinstance(one, str)])}
        for solver in (given.pop("solver", None), *(one for one in positional if isinstance(one, str))):
            if solver is not None and solver not in SOLVERS:
                raise InputError(f"{solver!r} is not a solver. {nearest(solver, SOLVERS)} Both mean the same search.")
        checked: dict[str, Any] = {name: given.pop(name) for name in ("threshold", "margin") if name in given}
        given.setdefault("clf", given.pop("classifier", None))
        estimator = given.pop("clf")
        weights, intercept = given.pop("coefficients", None), given.pop("intercept", 0.0)
        for name in given:
            if name in ("print_flag", "check_flag"):
                continue
            known = ["clf", "classifier", "coefficients", "intercept", "threshold", "margin", "solver", "print_flag"]
            raise TypeError(f"unknown argument {name!r}. {nearest(name, known)}")
        if (estimator is None) == (weights is None):
            raise TypeError("give one classifier: clf=, or coefficients= with intercept=.")
        if estimator is None:
            self.model: Model = self._linear(action_set, weights, intercept, checked)
        else:
            self.model = as_model(estimator, desired=label_of_sign(estimator, self._sign), **checked)

    def _linear(self, action_set: ActionSet, weights: Any, intercept: Any, checked: dict[str, Any]) -> LinearModel:
        """Approved above 0 for y_desired = 1, and at or below it for −1: everybody has one label."""
        signed = self._sign * np.asarray(weights, dtype=np.float64).ravel()
        constant = self._sign * np.asarray(intercept, dtype=np.float64).ravel()
        return LinearModel(signed, constant, names=action_set.names, strict=self._sign > 0, **checked)  # type: ignore[arg-type]

    def scores(self, X: pd.DataFrame) -> FloatArray:
        """Decision values, larger for the second label; probabilities or NaN where there are none."""
        model = self.model
        if isinstance(model, LinearModel):
            return self._sign * (model.score(X) + model.margin)
        if isinstance(model, EstimatorModel):
            for name in ("decision_function", "predict_proba"):
                ask: Callable[..., Any] | None = getattr(model.estimator, name, None)
                if ask is not None:
                    values = np.asarray(ask(model.input(X)), dtype=np.float64)
                    return values.reshape(len(X), -1)[:, -1]
        return np.full(len(X), np.nan)

    def helpful(self, action_set: ActionSet) -> ActionSet:
        """Return the action set with only those moves that raise the score of a linear classifier.

        No other move is ever part of a cheapest action, but one could pad it to make another set of features. Features
        in joint constraints keep all moves, as does every feature where the classifier isn't linear.
        """
        weights = self.model.weights()
        if weights is None:
            return action_set
        names = self.model.feature_names or action_set.names
        way = dict(zip(names, np.sign(weights), strict=True))
        actions = action_set.copy()
        tied = {name for one in actions.constraints.values() for name in (*one.features, *_induced(one))}
        for feature in actions:
            direction = int(way.get(feature.name, 0))
            if feature.name in tied or feature.variable_type == "categorical":
                continue
            if direction == 0 or direction == -feature.step_direction:
                feature.actionable = False
            else:
                feature.step_direction = direction
        return actions

    def labels(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        """The classifier's predictions; of coefficients, the sign of the score as 1 and −1."""
        model = self.model
        if isinstance(model, EstimatorModel) and model.threshold is None and not model.margin:
            return np.asarray(model.estimator.predict(model.input(X)))
        approved = model.approves(X)
        if isinstance(model, EstimatorModel):
            others = [label for label in model.classes if label != model.desired]
            return np.where(approved, model.desired, others[0])
        return np.where(approved, self._sign, -self._sign)


def _induced(constraint: Constraint) -> set[Any]:
    """The features that a constraint moves along."""
    return {name for targets in constraint.induced().values() for name in targets}


def _by_name(positional: Sequence[Any]) -> dict[str, Any]:
    """Positional classifier arguments by their names: a classifier, or coefficients and perhaps an intercept."""
    if positional and (hasattr(positional[0], "predict") or isinstance(positional[0], Model)):
        names: tuple[str, ...] = ("clf",)
    else:
        names = ("coefficients", "intercept")
    if len(positional) > len(names):
        raise TypeError("give one classifier: clf=, or coefficients= with intercept=.")
    return dict(zip(names, positional, strict=False))
