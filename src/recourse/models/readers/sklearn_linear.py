"""sklearn_linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.models.estimator import EstimatorModel, working_precision
from recourse.models.readers.pipelines import NETWORK, is_linear_classifier, kind_of
from recourse.models.statements.additive import Additive, exact, gains_along, quantum_of
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.menus.menus import Menus


@dataclass(frozen=True, eq=False)
class LinearForm:
    """score = Σ_j weights_j x_j + intercept, as computed through a chain of scalers.

    `offsets` are the sizes of the constants that the chain adds to each term on the way; rounding there
    is part of the tolerance. `bare` says that the estimator computes just this sum of products.
    """

    weights: FloatArray
    intercept: float
    offsets: FloatArray
    bare: bool = False

    def tolerance(self, largest: FloatArray, eps: float) -> float:
        """Bound the rounding of two sums of d terms of these sizes, each term rounded a few times.

        The textbook bound is (d + k) · eps · Σ|terms| for each of the two sums (Higham 2002, ch. 4); the
        factor of 4 covers both, with room for other orders of summation.
        """
        terms = float(np.abs(self.weights) @ largest + self.offsets.sum() + abs(self.intercept))
        return 4 * (len(self.weights) + 8) * eps * terms


class LinearEstimatorModel(EstimatorModel):
    """A linear classifier of two labels, bare or behind scalers."""

    def __init__(self, estimator: Any, form: LinearForm, **settings: Any) -> None:
        super().__init__(estimator, **settings)
        self.form = form

    def additive(self, menus: Menus) -> Additive:
        eps = working_precision(self.input(menus.X))
        names = list(self.feature_names or menus.X.columns)
        statement = additive_statement(self.form, names, menus, self.score(menus.X), self.sign, eps)
        blur = 0.0
        if self.threshold is not None:
            # The estimator compares probabilities: near the bar a rounded P moves the score by eps / P(1 − P).
            blur = 8 * eps / (self.threshold * (1 - self.threshold))
        return Additive(
            statement.score,
            statement.gains,
            self.strict,
            statement.tolerance + blur + 2 * eps * abs(self.bar),
            statement.quantum if self.threshold is None else 0.0,
        )


def linear_form(estimator: Any) -> LinearForm | None:
    """Return the linear form of a classifier in raw features, or None if it is not known to have one.

    Recognised by exact types: scikit-learn's linear classifiers of two labels and single networks without hidden
    layers, behind any number of standard, min–max, max–abs and robust scalers.
    """
    from sklearn.pipeline import Pipeline

    steps = [step for _, step in estimator.steps] if type(estimator) is Pipeline else [estimator]
    final = steps[-1]
    if not is_linear_classifier(final):
        return None
    coef = final.coef_.toarray() if hasattr(final.coef_, "toarray") else np.asarray(final.coef_)
    weights = coef.astype(np.float64).ravel()
    intercept = float(np.asarray(final.intercept_, dtype=np.float64).ravel()[0])
    offsets, bare = np.zeros(len(weights)), len(steps) == 1
    if kind_of(final) == NETWORK:
        offsets = np.abs(weights * final.layers_.shift)
        bare = bare and not offsets.any() and bool((final.layers_.scale == 1).all())
    for step in reversed(steps[:-1]):
        affine = _scaler(step, len(weights))
        if affine is None:
            return None
        factor, shift = affine
        intercept += float(weights @ shift)
        offsets = offsets + np.abs(weights * shift)
        weights = weights * factor
    return LinearForm(weights, intercept, offsets, bare)


def _scaler(step: Any, d: int) -> tuple[FloatArray, FloatArray] | None:
    """(factor, shift) of a column-wise x ↦ factor · x + shift, or None if the step is something else."""
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    one, zero = np.ones(d), np.zeros(d)
    if step is None or step == "passthrough":
        return one, zero
    if type(step) is StandardScaler:
        factor = one if step.scale_ is None else 1 / step.scale_
        return factor, zero if not step.with_mean else -step.mean_ * factor
    if type(step) is RobustScaler:
        factor = one if step.scale_ is None else 1 / step.scale_
        return factor, zero if step.center_ is None else -step.center_ * factor
    if type(step) is MaxAbsScaler and not getattr(step, "clip", False):
        return 1 / step.scale_, zero
    if type(step) is MinMaxScaler and not step.clip:
        return np.asarray(step.scale_), np.asarray(step.min_)
    return None


def additive_statement(
    form: LinearForm, names: list[Name], menus: Menus, score: FloatArray, sign: int, eps: float
) -> Additive:
    """The additive statement of a linear form over a grid: gains are weight · (value − today's value)."""
    weight_of = dict(zip(names, sign * form.weights, strict=True))
    largest = {name: float(np.abs(menus.X[name].to_numpy(dtype=np.float64)).max(initial=0.0)) for name in names}

    inexact = 0

    def worth(name: Name, domain: npt.NDArray[Any]) -> FloatArray | None:
        if name not in weight_of:
            return None
        values = domain.astype(np.float64)
        largest[name] = max(largest[name], float(np.abs(values).max(initial=0.0)))
        nonlocal inexact
        inexact += weight_of[name] != 0 and not exact(values)
        return weight_of[name] * values

    whole = form.bare and eps < 1e-15 and exact([*form.weights, form.intercept])
    gains = gains_along(menus, worth)
    sizes = np.array([largest[name] for name in names])
    quantum = 0.0
    read = [name for name in names if weight_of[name]]
    if whole and not inexact and all(exact(menus.X[name].to_numpy(dtype=np.float64)) for name in read):
        quantum = quantum_of(score, gains, float(np.abs(form.weights) @ sizes + abs(form.intercept)))
    return Additive(score, gains, True, form.tolerance(sizes, eps), quantum)
