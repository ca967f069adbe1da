"""A linear score in raw features, and what it states on menus: each term is a weight times a change of value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.menus.menus import Menus
from recourse.models.statements.additive import Additive, exact, gains_along, quantum_of
from recourse.tables import Name


@dataclass(frozen=True, eq=False)
class LinearForm:
    """score = Σ_j weights_j x_j + intercept, as computed through a chain of scalers.

    Attributes
    ----------
    weights : float64[features]
        In units of score per raw unit of the feature.
    intercept : float
        The score where every feature is 0.
    offsets : float64[features]
        The sizes of the constants that scalers add to each term on the way: rounding there counts.
    bare : bool
        Whether the estimator computes just this sum of products, without scalers.
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


def linear_statement(
    form: LinearForm,
    names: list[Name],
    menus: Menus,
    score: FloatArray,
    *,
    strict: bool,
    sign: int = 1,
    eps: float = float(np.finfo(np.float64).eps),
    rounding: float = 0.0,
    compares_scores: bool = True,
) -> Additive:
    """Return what a linear form states over menus: gains are weight · (value − today's value).

    Parameters
    ----------
    form : LinearForm
        In favour of the model's second label.
    names : list of names
        The features of its weights.
    menus : Menus
        People and what they may do.
    score : float64[n]
        The model's own score today, above the bar and in favour of the desired label.
    strict : bool
        Whether a score on the bar is denied.
    sign : int
        1 if the second label is the desired one, −1 if the first.
    eps : float
        Unit roundoff of the model's arithmetic.
    rounding : float
        By how much more than the sums the model's own comparison may round.
    compares_scores : bool
        Whether scores decide, and not probabilities, which are rounded even where scores are exact.
    """
    weight_of = dict(zip(names, sign * form.weights, strict=True))
    largest = {name: float(np.abs(menus.X[name].to_numpy(dtype=np.float64)).max(initial=0.0)) for name in names}
    rounded_values = 0

    def worth(name: Name, domain: npt.NDArray[Any]) -> FloatArray | None:
        nonlocal rounded_values
        if name not in weight_of:
            return None
        values = domain.astype(np.float64)
        largest[name] = max(largest[name], float(np.abs(values).max(initial=0.0)))
        rounded_values += weight_of[name] != 0 and not exact(values)
        return weight_of[name] * values

    gains = gains_along(menus, worth)
    sizes = np.array([largest[name] for name in names])

    # where all numbers are whole, or nearly so, no sum is ever rounded
    quantum = 0.0
    whole = compares_scores and form.bare and eps < 1e-15 and exact([*form.weights, form.intercept])
    read = [name for name in names if weight_of[name]]
    if whole and not rounded_values and all(exact(menus.X[name].to_numpy(dtype=np.float64)) for name in read):
        quantum = quantum_of(score, gains, float(np.abs(form.weights) @ sizes + abs(form.intercept)))
    return Additive(score, gains, strict, form.tolerance(sizes, eps) + rounding, quantum)
