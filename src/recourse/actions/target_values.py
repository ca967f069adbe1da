"""The values that actions on a feature may lead to, and where somebody who has a value today may go.

Inside, values are *codes*: a number stands for itself, a level for its rank, a missing value for NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.actions import legacy
from recourse.actions.percentiles import Distribution
from recourse.actions.settings import FeatureSettings
from recourse.actions.steps import relative_step, steps
from recourse.actions.variable_types import LEVEL_TYPES
from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError, nearest
from recourse.tables import is_missing

MOST = 1e6
"""So many target values a feature, at most."""


MOST_WHOLE = 2**53
"""Up to here every whole number is a float of its own."""


class TargetValues(FeatureSettings):
    """The target values of one feature, derived from its settings whenever they are asked for: never stale."""

    @property
    def target_values(self) -> npt.NDArray[Any]:
        """The target values in order, whoever the person is; the same for every model and cost."""
        codes = self.codes
        return self.decode(codes) if self._variable_type in LEVEL_TYPES else codes

    @property
    def codes(self) -> FloatArray:
        """The target values as codes: numbers as they are, levels as ranks; ascending."""
        low, high = self._code_bounds()
        if math.isnan(low):
            return np.empty(0)
        if self._variable_type in LEVEL_TYPES:
            return np.arange(low, high + 1)
        if self._variable_type != "real" and (low != round(low) or high != round(high)):
            raise InputError(
                f"{self._name!r} is {self._variable_type}: its bounds must be whole numbers, not ({low:g}, {high:g})."
            )

        # the values seen, or steps between the bounds
        if self._grid == "observed":
            seen = self.observed.values
            return seen[(seen >= low) & (seen <= high)]
        step = self.step
        if high <= low or step <= 0:
            return np.array([low])
        if (high - low) / step > MOST:
            raise InputError(
                f"{self._name!r} has {(high - low) / step:.3g} steps of {step:g} between {low:g} and {high:g}; "
                "the limit is a million. Set a larger step_size or narrower bounds."
            )
        if self._is_legacy:
            return legacy.target_values(low, high, step)

        # what a column of short floats can hold
        grid = steps(low, high, step)
        if self._dtype.kind == "f" and self._dtype.itemsize < 8:
            grid = np.unique(grid.astype(self._dtype)).astype(np.float64)
            grid = grid[(grid >= low) & (grid <= high)]
        return grid

    @property
    def size(self) -> int:
        """How many target values there are."""
        return len(self.codes)

    @property
    def step(self) -> float:
        """The distance between neighbouring targets in the feature's units; 1 level, or 0 without a range."""
        if self._variable_type in LEVEL_TYPES:
            return 1.0
        whole = self._variable_type != "real"
        if self._step_type == "relative":
            if self._step_size > 1:
                raise InputError(
                    f"a relative step_size is a share of the range: that of {self._name!r} must be at most 1, "
                    f"not {self._step_size:g}. For steps in its own units set step_type = 'absolute'."
                )
            return relative_step(*self._code_bounds(), self._step_size, whole=whole, legacy=self._is_legacy)
        if whole and self._is_legacy:
            return float(math.ceil(self._step_size))
        if whole and self._step_size != round(self._step_size):
            raise InputError(
                f"{self._name!r} is {self._variable_type}: its step_size must be a whole number, "
                f"not {self._step_size:g}. Set variable_type = 'real' if fractions are possible."
            )
        return self._step_size

    def targets(self, today: npt.NDArray[Any]) -> tuple[FloatArray, BoolArray]:
        """Return the target codes and, for each of today's values, which of them an action may lead to.

        Parameters
        ----------
        today : array of n raw values
            What people have.

        Returns
        -------
        tuple of float64[k] and bool[n, k]
            The codes, and which of them are allowed; today's own is never one of them. A feature that is missing
            today can be given any target if `from_missing` prices that, else none. A level that is not among
            `levels` today can be left for any of them, unless there is a direction.

        Raises
        ------
        InputError
            If settings contradict each other.
        """
        codes = self.codes
        gap = codes[None, :] - self.encode(today)[:, None]
        if not self._actionable:
            return codes, np.zeros(gap.shape, dtype=bool)
        self._check_size(today, codes)
        allowed = gap * self._step_direction > 0 if self._step_direction else gap != 0
        missing = is_missing(today, self._missing)
        allowed[missing] = self._from_missing is not None
        return codes, allowed

    def _check_size(self, today: npt.NDArray[Any], codes: FloatArray) -> None:
        """Raise `InputError` if whole numbers are so large that neighbours are the same code."""
        if self._dtype.kind not in "iu" or self._variable_type in LEVEL_TYPES:
            return
        largest = np.nanmax(np.abs(np.concatenate([self.encode(today), codes])), initial=0)
        if largest >= MOST_WHOLE:
            raise InputError(
                f"{self._name!r} holds whole numbers up to {largest:.6g}, and beyond 2^53 = {MOST_WHOLE:,} neighbours "
                "can't be told apart. Count it in larger units, or from a later start; an identifier is not actionable."
            )

    def feasible_values(self, x: Any) -> npt.NDArray[Any]:
        """Return the values that a person can have.

        Parameters
        ----------
        x : number or level
            What the person has today.

        Returns
        -------
        array
            Today's value first, then the targets in order.

        Raises
        ------
        InputError
            If settings contradict each other.
        """
        today = np.array([x]) if isinstance(x, (int, float, np.number, np.bool_)) else np.array([x], dtype=object)
        codes, allowed = self.targets(today)
        targets = self.decode(codes[allowed[0]])
        if self._variable_type in LEVEL_TYPES:
            return np.concatenate([today.astype(object), targets.astype(object)])
        return np.concatenate([self.decode(today.astype(np.float64)), targets])

    @property
    def observed(self) -> Distribution:
        """The codes seen in the population (numbers, or ranks of levels), with their counts."""
        codes = self.encode(self._values)
        known = ~np.isnan(codes)
        return Distribution.counted(codes[known], self._counts[known])

    def encode(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return values as codes, in which distances are differences.

        Parameters
        ----------
        values : array of raw values
            Of any shape.

        Returns
        -------
        float64, of the shape of `values`
            Numbers as they are, levels as their rank, NaN for missing values and unknown levels.
        """
        if self._variable_type in LEVEL_TYPES:
            rank = {level: float(k) for k, level in enumerate(self.levels)}
            flat = np.asarray(values, dtype=object).ravel()
            codes = np.array([math.nan if _unhashable(v) else rank.get(v, math.nan) for v in flat], dtype=np.float64)
            return codes.reshape(np.shape(values))
        values = np.asarray(values)
        if self._missing or values.dtype == object:
            values = np.where(is_missing(values, self._missing), np.nan, values)
        return values.astype(np.float64)

    def decode(self, codes: FloatArray) -> npt.NDArray[Any]:
        """Return codes as raw values: the inverse of `encode`.

        Parameters
        ----------
        codes : float64[k]
            None of them NaN for a feature with levels.

        Returns
        -------
        array[k]
            In the data's own dtype where all of them fit it: integers stay integers.
        """
        if self._variable_type in LEVEL_TYPES:
            levels = np.empty(len(self.levels), dtype=object)
            levels[:] = self.levels
            chosen = levels[codes.astype(np.int64)]
            return chosen.astype(self._dtype) if self._dtype.kind in "biuf" else chosen
        if self._dtype.kind == "f":
            return codes.astype(self._dtype)
        whole = np.array_equal(codes, np.round(codes))
        if whole and self._dtype.kind in "iub":
            low, high = (0, 1) if self._dtype.kind == "b" else (np.iinfo(self._dtype).min, np.iinfo(self._dtype).max)
            fits = not len(codes) or (codes.min() >= low and codes.max() <= high)
            return codes.astype(self._dtype if fits else np.int64)
        return codes.astype(np.int64) if whole and self._variable_type != "real" else codes

    def _code_bounds(self) -> tuple[float, float]:
        """The bounds as codes; what only became wrong together is refused here."""
        low, high, kind = self._bounds
        if self._variable_type == "categorical" and (self._step_direction or not self._default_bounds):
            what = "direction" if self._step_direction else "bounds"
            raise InputError(
                f"{self._name!r} is categorical: its levels have no order, and so no {what}. Set its levels in "
                "order and variable_type = 'ordinal', or list in levels what actions may lead to."
            )
        if self._variable_type in LEVEL_TYPES:
            return self._level_bounds(low, high)

        # booleans range from 0 to 1, other numbers over the bounds that were said
        if self._default_bounds and self._variable_type == "boolean":
            return 0.0, 1.0
        if kind == "percentile":
            observed = self.observed
            low, high = observed.quantile(low), observed.quantile(high)
        if (kind == "percentile" or self._is_legacy) and self._variable_type != "real" and not math.isnan(low):
            low, high = math.floor(low), math.ceil(high)

        # each bound may be fine alone and not with the other, or not for this type
        if low > high:
            raise InputError(f"bounds of {self._name!r} are reversed: {low:g} is above {high:g}.")
        if self._variable_type == "boolean" and not (low >= 0 and high <= 1) and not math.isnan(low):
            raise InputError(f"{self._name!r} is boolean: its bounds must be within 0 and 1, not ({low:g}, {high:g}).")
        return float(low), float(high)

    def _level_bounds(self, low: Any, high: Any) -> tuple[float, float]:
        """The ranks of the lowest and highest level; all levels by default, NaN if there are none."""
        levels = self.levels
        if self._default_bounds:
            return (0.0, len(levels) - 1.0) if levels else (math.nan, math.nan)
        for level in (low, high):
            if level not in levels:
                raise InputError(f"bounds of {self._name!r}: {level!r} is none of its levels. {nearest(level, levels)}")
        if levels.index(low) > levels.index(high):
            raise InputError(f"bounds of {self._name!r} are reversed: {low!r} comes after {high!r}.")
        return float(levels.index(low)), float(levels.index(high))

    @property
    def _is_legacy(self) -> bool:
        return self._grid == "legacy"


def _unhashable(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
