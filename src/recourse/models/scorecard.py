"""Scorecards: points for each level or interval of each feature, added up and compared with a cutoff.

The oldest additive model, and one that needs no estimator: whatever the table says is the model.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError, ModelError
from recourse.menus.menus import Menus
from recourse.models.fingerprint import class_name
from recourse.models.model import Model
from recourse.models.statements.additive import Additive, exact, gains_along, quantum_of
from recourse.tables import Name

MISSING, OTHER, EACH = "(missing)", "(other)", "(each)"
"""Levels with a meaning of their own: no value; any value that no other row names; points per unit."""

_INTERVAL = re.compile(r"\s*([\[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])\s*")


class Scorecard(Model):
    """A table of points: approved if base + Σ_j points_j(x_j) reaches the cutoff.

    Parameters
    ----------
    points : mapping from feature to {level: points}
        A level is a value, an interval such as ``"[18, 25)"`` or ``"(-inf, 20]"``, ``"(missing)"``,
        ``"(other)"`` for every value without a row, or ``"(each)"`` for points per unit of a number, on
        top of the rest. Intervals of a feature may not overlap; a value stands before an interval that
        contains it.
    cutoff : float
        The score from which on people are approved.
    base : float
        Points that everybody has.
    strict : bool
        Whether a score exactly at the cutoff is denied instead.

    Raises
    ------
    ModelError
        For a table that contradicts itself.
    InputError
        When asked about a value that has no points; the sentence names feature and value.

    Examples
    --------
    >>> card = Scorecard(
    ...     {"age": {"(-inf, 25)": 0, "[25, inf)": 20}, "housing": {"own": 15, "(other)": 5}}, cutoff=30
    ... )
    >>> people = pd.DataFrame({"age": [24, 25, 60], "housing": ["own", "rent", "own"]})
    >>> card.score(people) + card.cutoff
    array([15., 25., 35.])
    >>> card.approves(people)
    array([False, False,  True])
    """

    desired = 1

    def __init__(
        self,
        points: Mapping[Name, Mapping[Any, float]],
        cutoff: float,
        *,
        base: float = 0.0,
        strict: bool = False,
    ) -> None:
        if not points:
            raise ModelError("a scorecard needs points for at least one feature.")
        self.cutoff, self.base = _finite("the cutoff", cutoff), _finite("the base", base)
        self.strict = bool(strict)
        self.feature_names = tuple(points)
        self._terms = {name: _Term.of(name, rows) for name, rows in points.items()}
        self.name = f"scorecard of {len(self._terms)} features"
        self.rule = f"score {'>' if strict else '≥'} {self.cutoff:g}"

    def approves(self, X: pd.DataFrame) -> BoolArray:
        """Say whose points reach the cutoff.

        Parameters
        ----------
        X : DataFrame
            n rows with at least the scorecard's features.

        Returns
        -------
        bool[n]
        """
        score = self.score(X)
        return score > 0 if self.strict else score >= 0

    def accepts(self, row: pd.DataFrame) -> bool:
        """Say whether there are points for everything in a row, missing values included.

        Parameters
        ----------
        row : DataFrame
            One row.
        """
        try:
            self.score(row)
        except InputError:
            return False
        return True

    def score(self, X: pd.DataFrame) -> FloatArray:
        """Return everybody's points above the cutoff, added up in the order of the features.

        Parameters
        ----------
        X : DataFrame
            n rows with at least the scorecard's features.

        Returns
        -------
        float64[n]
        """
        score = np.full(len(X), self.base)
        for name, term in self._terms.items():
            score += term.points(tables.values_of(X[name]))
        return score - self.cutoff

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain data.

        Returns
        -------
        dict
            Class, points, cutoff, base and strict.
        """
        return {
            "class": class_name(type(self)),
            "points": [[str(name), term.to_dict()] for name, term in self._terms.items()],
            "cutoff": self.cutoff,
            "base": self.base,
            "strict": self.strict,
        }

    def __repr__(self) -> str:
        base = f", base={self.base:g}" if self.base else ""
        strict = ", strict=True" if self.strict else ""
        return f"Scorecard({list(self._terms)!r}, cutoff={self.cutoff:g}{base}{strict})"

    def additive(self, menus: Menus) -> Additive:
        """Return the points of everything on the menus, beyond today's.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        largest = {
            name: float(np.abs(term.points(tables.values_of(menus.X[name]))).max(initial=0.0))
            for name, term in self._terms.items()
        }
        inexact: list[bool] = []

        def worth(name: Name, domain: npt.NDArray[Any]) -> FloatArray | None:
            if name not in self._terms:
                return None
            points = self._terms[name].points(domain)
            inexact.append(not exact(points))
            largest[name] = max(largest[name], float(np.abs(points).max(initial=0.0)))
            return points

        gains = gains_along(menus, worth)
        # Two sums of these terms, as for linear models: see LinearForm.tolerance.
        size = sum(largest.values()) + abs(self.base) + abs(self.cutoff)
        tolerance = 4 * (len(largest) + 8) * float(np.finfo(np.float64).eps) * size
        score = self.score(menus.X)
        whole = exact([self.base, self.cutoff]) and exact(score) and not any(inexact)
        quantum = quantum_of(score, gains, size) if whole else 0.0
        return Additive(score, gains, self.strict, tolerance, quantum)


@dataclass(frozen=True)
class _Term:
    """The points of one feature: by level, by interval (low, high, low included, high included, points), and others."""

    name: Name
    levels: dict[Any, float]
    intervals: tuple[tuple[float, float, bool, bool, float], ...]
    missing: float | None
    other: float | None
    each: float

    @classmethod
    def of(cls, name: Name, rows: Mapping[Any, float]) -> _Term:
        levels: dict[Any, float] = {}
        intervals = []
        special: dict[str, float] = {}
        for level, number in rows.items():
            points = _finite(f"the points of {name!r}, {level!r},", number)
            if isinstance(level, str) and level in (MISSING, OTHER, EACH):
                special[level] = points
            elif _is_missing(level):
                special[MISSING] = points
            elif (interval := _interval(name, level)) is not None:
                intervals.append((*interval, points))
            else:
                levels[level.item() if isinstance(level, np.generic) else level] = points
        if not rows:
            raise ModelError(f"{name!r} has no points.")
        intervals.sort(key=lambda one: (one[0], not one[2]))
        for (_, high, _, closed, _), (low, _, starts, _, _) in itertools.pairwise(intervals):
            if low < high or (low == high and closed and starts):
                raise ModelError(f"two intervals of {name!r} overlap at {low:g}; each value may have one row.")
        return cls(
            name, levels, tuple(intervals), special.get(MISSING), special.get(OTHER), special.get(EACH, math.nan)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as plain data: numbers and words that are levels are told apart."""
        return {
            "levels": [[type(level).__name__, str(level), points] for level, points in self.levels.items()],
            "intervals": [[str(low), str(high), *rest] for low, high, *rest in self.intervals],
            "missing": self.missing,
            "other": self.other,
            "each": None if math.isnan(self.each) else self.each,
        }

    def points(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return the points of each value, or raise `InputError` for one that has none."""
        distinct, position = tables.encode(values)
        plain = distinct.tolist()
        known = np.array([self._of_one(value) for value in plain], dtype=np.float64)
        lost = np.flatnonzero(np.isnan(known))
        if len(lost):
            value = plain[lost[0]]
            raise InputError(
                f"the scorecard has no points for {self.name!r} = {value!r}; add a row for it, or one named "
                f"{MISSING if _is_missing(value) else OTHER!r}."
            )
        return known[position]

    def _of_one(self, value: Any) -> float:
        if _is_missing(value):
            return math.nan if self.missing is None else self.missing
        each = math.nan
        if not math.isnan(self.each) and isinstance(value, (int, float)):
            each = self.each * value
        points = self._row(value)
        if points is None:
            return each
        return points if math.isnan(each) else points + each

    def _row(self, value: Any) -> float | None:
        for level in (value, str(value)):
            if level in self.levels:
                return self.levels[level]
        if isinstance(value, (int, float)):
            for low, high, from_low, to_high, points in self.intervals:
                if (low < value or (from_low and low == value)) and (value < high or (to_high and value == high)):
                    return points
            if float(value).is_integer() and str(int(value)) in self.levels:  # "1" in a file, 1.0 in a table
                return self.levels[str(int(value))]
        return self.other


def _interval(name: Name, level: Any) -> tuple[float, float, bool, bool] | None:
    """(low, high, low included, high included) if a level is an interval, in brackets or as `pandas.Interval`."""
    match = _INTERVAL.fullmatch(str(level)) if isinstance(level, (str, pd.Interval)) else None
    if match is None:
        return None
    try:
        low, high = (float(match[k].replace("−", "-").replace("∞", "inf")) for k in (2, 3))
    except ValueError:
        return None
    if not (low < high or (low == high and match[1] + match[4] == "[]")):
        raise ModelError(f"the interval {level} of {name!r} is empty; its lower end comes first.")
    return low, high, match[1] == "[", match[4] == "]"


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _finite(what: str, number: Any) -> float:
    value = math.nan
    if isinstance(number, numbers.Real) and not isinstance(number, bool):
        with contextlib.suppress(OverflowError):
            value = float(number)
    if not math.isfinite(value):
        huge = isinstance(number, int) and number.bit_length() > 1000
        raise ModelError(
            f"{what} must be a finite number, not {'an integer beyond all floats' if huge else repr(number)}."
        )
    return value
