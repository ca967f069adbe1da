"""Additive classifiers of any make, pipelines included: their terms, measured in the raw features of a table.

score = Σ_j g_j(x_j) + b, where each g_j may have any shape. Which estimators are of this kind is recognised
by structure (or promised by the user); the g_j are measured by asking the estimator for its own score, one
feature at a time, and the sums are checked against its score and its predictions on random rows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse import tables
from recourse.arrays import FloatArray, IntArray
from recourse.errors import InputError, ModelError
from recourse.menus.menus import Menus
from recourse.models.estimator import EstimatorModel
from recourse.models.readers.additive_structure import Structure, decision_of
from recourse.models.statements.additive import Additive, gains_along
from recourse.models.statements.trial import decisions_agree, random_values
from recourse.tables import Name

CHECKS = 1_000
"""How many random rows the sums are checked on."""

SURE = 8
"""By how much the tolerance exceeds the largest error seen on them."""

LIMIT = 1e-9
"""Errors above this, relative to the scores, are no rounding: the model is not additive."""


@dataclass(frozen=True, eq=False)
class MeasuredTerms:
    """Terms that are measured by asking the estimator for its own score, one feature at a time.

    Attributes
    ----------
    structure : Structure or None
        How the estimator is composed, if that is known; None where additivity is only the user's promise.
    promised : bool
        Whether a failing check is an error; otherwise the model then states nothing of itself.
    """

    structure: Structure | None
    promised: bool = False

    def decision(self, model: EstimatorModel, table: Any) -> FloatArray:
        """Return the decision value in favour of the second label, before any wrapper's boundary."""
        if self.structure is not None:
            return self.structure.decision(self.structure.transform(table))
        scores = ("decision_function", "predict_joint_log_proba")
        if model.threshold is None and any(hasattr(model.estimator, one) for one in scores):
            return decision_of(model.estimator, table)
        second = np.asarray(model.estimator.predict_proba(table), dtype=np.float64)[:, 1]
        return np.log(second) - np.log1p(-second)

    def weights(self) -> None:
        """No weights: a term may have any shape."""
        return

    def state(self, model: EstimatorModel, menus: Menus) -> Additive | None:
        """Measure the terms over the menus and check them; None if they don't add up.

        Raises `ModelError` if the user promised that they do, and `InputError` if the estimator can't judge a
        value on the menus.
        """
        if not len(menus):
            return Additive(np.zeros(0), np.zeros(len(menus.codes)), model.strict, 0.0)
        read = menus.features if model.feature_names is None else set(model.feature_names)
        probes = _Probes(menus, [name for name in menus.features if name in read])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the estimator says the same when it predicts
            try:
                score, rounding = self._score(model, model.input(probes.rows), probes.checks)
            except (ValueError, TypeError, IndexError) as error:
                _blame(model, probes, error)
                return None
            worth = probes.worth(score)
            why, tolerance = self._tried(model, probes, score, worth, rounding)
        if why:
            if self.promised:
                raise ModelError(f"{model.name} was promised to be additive, but {why}. Leave out additive=True.")
            return None
        gains = gains_along(menus, lambda name, domain: probes.along(name, worth))
        return Additive(score[: len(menus)], gains, model.strict, tolerance)

    def _tried(
        self,
        model: EstimatorModel,
        probes: _Probes,
        score: FloatArray,
        worth: dict[Name, FloatArray],
        rounding: float,
    ) -> tuple[str, float]:
        """Why the terms don't hold on random rows, or "" and the tolerance within which they do."""
        if not (np.isfinite(score).all() and all(np.isfinite(terms).all() for terms in worth.values())):
            return "its score is not finite on some rows of the action set", np.nan

        # the sums, against the estimator's score
        size = float(np.abs(score).max()) + sum(float(np.abs(terms).max(initial=0.0)) for terms in worth.values())
        error_seen = float(np.abs(probes.sums(score, worth) - score[probes.checks]).max())
        if error_seen > max(LIMIT, 100 * rounding / max(size, 1e-300)) * size:
            return f"on random rows its score differs from the sum of its terms by {error_seen:.3g}", np.nan

        # each sum takes today's score and, for every feature, the difference of two more
        tolerance = (2 * len(worth) + 2) * rounding + SURE * error_seen + 4 * rounding * (model.bar != 0)
        probability = model.boundary.probability
        if probability is not None:
            # probabilities are compared: near the bar a rounded P moves the score by its error / P(1 − P)
            tolerance += (8 * np.finfo(np.float64).eps + rounding) / (probability * (1 - probability))

        # the decisions, against the estimator's own
        approved = model.approves(probes.rows.iloc[probes.checks])
        if not decisions_agree(score[probes.checks], approved, float(tolerance)):
            return "the sign of its score is not what it predicts", np.nan
        return "", float(tolerance)

    def _score(self, model: EstimatorModel, rows: Any, checks: slice) -> tuple[FloatArray, float]:
        """The estimator's score above the bar for rows, and a bound on its rounding."""
        if self.structure is None:
            score = model.sign * self.decision(model, rows) - model.bar
            return score, 64 * float(np.finfo(np.float64).eps * (np.abs(score).max() + abs(model.bar)))
        columns = self.structure.transform(rows)
        score = model.sign * self.structure.decision(columns) - model.bar
        return score, self.structure.rounding(columns[checks] if not hasattr(columns, "iloc") else columns.iloc[checks])


def _blame(model: EstimatorModel, probes: _Probes, error: Exception) -> None:
    """Find the value on the menus that the estimator can't take, and name it; nothing if there is none."""
    for name, values in probes.values.items():
        start = probes.start[name]
        for k, value in enumerate(values.tolist()):
            try:
                model.decision(model.input(probes.rows.iloc[[start + k]]))
            except (ValueError, TypeError, IndexError) as reason:
                raise InputError(
                    f"{model.name} can't judge {name!r} = {value!r}, which the action set allows ({reason}). Take "
                    "it out of the feature's levels or bounds, or make the estimator accept it."
                ) from error


class _Probes:
    """Rows to ask a model about: everybody as they are; each value of each feature; and random combinations.

    rows : all of them in one table; checks : where the random ones are in it
    """

    def __init__(self, menus: Menus, names: list[Name]) -> None:
        self.menus = menus
        self.values: dict[Name, npt.NDArray[Any]] = {}
        self.position: dict[Name, IntArray] = {}
        self.start: dict[Name, int] = {}
        rng = np.random.default_rng(0)
        at = len(menus)
        for block, domains in zip(menus.blocks, menus.domains, strict=True):
            for name, domain in zip(block, domains, strict=True):
                if name in names:
                    values, position = tables.encode(domain)
                    self.values[name], self.position[name], self.start[name] = values, position, at
                    at += len(values)
        self.checks = slice(at, at + CHECKS)
        self.people = rng.integers(0, len(menus), CHECKS)
        self.picks = {name: random_values(values, CHECKS, rng) for name, values in self.values.items()}
        check_rows = np.arange(at, at + CHECKS)
        replaced = {
            name: (
                np.concatenate([np.arange(self.start[name], self.start[name] + len(values)), check_rows]),
                np.concatenate([values, values[self.picks[name]]]),
            )
            for name, values in self.values.items()
        }
        base = np.zeros(at - len(menus), dtype=np.int64)
        self.rows = menus.rows_with(np.concatenate([np.arange(len(menus)), base, self.people]), replaced)

    def worth(self, score: FloatArray) -> dict[Name, FloatArray]:
        """What each value is worth, by the scores of `rows`: beyond what the first person has."""
        return {name: score[start : start + len(self.values[name])] - score[0] for name, start in self.start.items()}

    def along(self, name: Name, worth: dict[Name, FloatArray]) -> FloatArray | None:
        """The worth of a feature's values along its domain."""
        return worth[name][self.position[name]] if name in worth else None

    def sums(self, score: FloatArray, worth: dict[Name, FloatArray]) -> FloatArray:
        """The scores of the random rows as sums of terms."""
        total = score[self.people].copy()
        for j, block in enumerate(self.menus.blocks):
            today = self.menus.codes[self.menus.row_ptr[self.menus.rows[self.people, j]]]
            for name in block:
                if name in worth:
                    total += worth[name][self.picks[name]] - worth[name][self.position[name][today]]
        return total
