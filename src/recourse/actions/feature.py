"""What a person may do about one feature: change it or not, how far, in which direction, in which steps.

Settings are plain values, stored as the user said them and in any order; the target values are derived
whenever they are asked for, so nothing can be stale. Inside, values are *codes*: a number stands for
itself, a level for its rank, a missing value for NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.actions import legacy, target_values
from recourse.actions.percentiles import Distribution
from recourse.actions.settings import (
    GRIDS,
    LEVEL_TYPES,
    PERCENTILES,
    SETTINGS,
    STEP_TYPES,
    VARIABLE_TYPES,
    as_numbers,
    check_bounds,
    finite_number,
    infer_type,
    is_numeric,
    not_of_type,
    one_of,
)
from recourse.arrays import FloatArray
from recourse.errors import InputError, nearest
from recourse.tables import Name, distinct_values, is_missing


class FeatureActions:
    """The possible actions on one feature.

    Settings (each may be assigned at any time, in any order; an unknown one raises `AttributeError`):

    actionable : bool
        Whether a person can change the feature at all. ``mutable`` is the older name of the same setting.
    variable_type : {"boolean", "integer", "real", "ordinal", "categorical"}
        Numbers are boolean (0/1), integer or real; everything else has levels, ordered or not.
    bounds : (lb, ub) or (lb, ub, "percentile")
        The smallest and largest value an action may lead to, in the feature's units or as percentiles
        (0–100) of the population; for an ordinal feature, its lowest and highest level. Also assignable
        one at a time as ``lb`` and ``ub``. Nobody is moved outside; somebody who is outside today may
        stay there, or move to a value inside.
    step_size, step_type
        The distance between neighbouring target values: in the feature's units (``"absolute"``) or as a
        share of ub − lb (``"relative"``, the default with 0.01). Integers always step in whole numbers.
    step_direction : {-1, 0, 1}
        1: may only grow (for an ordinal feature: only to later levels); −1: may only shrink; 0: either.
    levels : sequence
        The values that an action may lead to; for an ordinal feature in their order. By default those
        seen in the population, missing codes left out.
    from_missing : number or None
        The price of giving a value to a feature that is missing today; None (default): it can't be done.
        A missing value is never a target.
    label, unit : str
        What people call the feature, and what its values are measured in.

    The target values of a number start at the lower bound, step upwards and end exactly at the upper bound.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 4, 7], "housing": ["rent", "own", "free", "own"]})
    >>> A["overdue"].bounds = (0, 4)
    >>> A["overdue"].step_direction = -1
    >>> A["overdue"].feasible_values(3)
    array([3, 0, 1, 2])
    >>> A["housing"].feasible_values("rent").tolist()
    ['rent', 'free', 'own']
    """

    def __init__(
        self,
        name: Name,
        column: npt.NDArray[Any],
        *,
        bounds: tuple[Any, ...],
        step_type: str,
        grid: str,
        percentiles: str = "empirical",
        missing: Sequence[Any] = (),
        levels: Sequence[Any] | None = None,
    ) -> None:
        put = super().__setattr__
        values, counts = distinct_values(column)
        known = ~is_missing(values, missing)
        put("_name", name)
        put("_dtype", column.dtype)
        put("_missing", tuple(missing))
        put("_values", as_numbers(values[known]))
        put("_counts", counts[known])
        put("_variable_type", "ordinal" if levels is not None else infer_type(self._values))
        put("_levels", None if levels is None else tuple(levels))
        put("_actionable", True)
        put("_step_direction", 0)
        put("_step_type", one_of(name, "step_type", step_type, STEP_TYPES))
        put("_step_size", 0.01)
        put("_grid", one_of(name, "grid", grid, GRIDS))
        put("_percentiles", one_of(name, "percentiles", percentiles, PERCENTILES))
        put("_bounds", check_bounds(name, bounds))
        put("_default_bounds", True)
        put("_from_missing", None)
        put("_label", "")
        put("_unit", "")
        put("_flip_direction", None)

    _name: Name
    _dtype: np.dtype[Any]
    _missing: tuple[Any, ...]
    _values: npt.NDArray[Any]
    _counts: npt.NDArray[np.int64]
    _variable_type: str
    _levels: tuple[Any, ...] | None
    _actionable: bool
    _step_direction: int
    _step_type: str
    _step_size: float
    _grid: str
    _percentiles: str
    _bounds: tuple[Any, Any, str]
    _default_bounds: bool
    _from_missing: float | None
    _label: str
    _unit: str
    _flip_direction: int | None

    def __setattr__(self, setting: str, value: Any) -> None:
        if setting not in SETTINGS:
            if isinstance(getattr(type(self), setting, None), property):
                raise AttributeError(f"{setting!r} of {self._name!r} is derived and can't be assigned.")
            raise AttributeError(f"{setting!r} is not a setting of a feature. {nearest(setting, SETTINGS)}")
        super().__setattr__(setting, value)

    # -- settings ------------------------------------------------------------------------------------

    @property
    def name(self) -> Name:
        """The column's name."""
        return self._name

    @property
    def variable_type(self) -> str:
        """The kind of feature: inferred from the data, may be assigned."""
        return self._variable_type

    @variable_type.setter
    def variable_type(self, value: str) -> None:
        one_of(self._name, "variable_type", value, VARIABLE_TYPES)
        odd = not_of_type(value, self._values)
        if odd is not None:
            raise InputError(f"{self._name!r} can't be {value}: the data contain {odd!r}.")
        if value == "ordinal" and self._levels is None and not is_numeric(self._values):
            raise InputError(
                f"say in which order the levels of {self._name!r} are: set its levels, then its variable_type."
            )
        self._put("_variable_type", value)

    @property
    def levels(self) -> list[Any]:
        """The values an action may lead to, in order; of a number with bounds and steps, its grid."""
        if self._levels is not None:
            return list(self._levels)
        if self._variable_type in LEVEL_TYPES:
            return self._values.tolist()
        return self.grid.tolist()

    @levels.setter
    def levels(self, value: Sequence[Any]) -> None:
        levels = list(value)
        if isinstance(value, str) or not levels or len(set(levels)) != len(levels):
            raise InputError(f"levels of {self._name!r} must be a list of different values, not {value!r}.")
        if is_missing(np.array(levels, dtype=object), self._missing).any():
            raise InputError(f"levels of {self._name!r} contain a missing value, which is never a target.")
        seen = set(self._values.tolist())
        unseen = [level for level in levels if level not in seen]
        if len(unseen) == len(levels):
            raise InputError(
                f"none of the levels of {self._name!r} is in the data. {nearest(unseen[0], sorted(map(str, seen)))}"
            )
        self._put("_levels", tuple(levels))
        if self._variable_type not in LEVEL_TYPES:
            self._put("_variable_type", "ordinal")

    @property
    def actionable(self) -> bool:
        """Whether a person can change this feature."""
        return self._actionable

    @actionable.setter
    def actionable(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)) and value not in (0, 1):
            raise InputError(f"actionable of {self._name!r} must be True or False, not {value!r}.")
        self._put("_actionable", bool(value))

    mutable = actionable

    @property
    def step_direction(self) -> int:
        """1 if the feature may only grow, −1 if it may only shrink, 0 if either."""
        return self._step_direction

    @step_direction.setter
    def step_direction(self, value: int) -> None:
        if isinstance(value, str) or value not in (-1, 0, 1):
            raise InputError(
                f"step_direction of {self._name!r} must be −1 (may only shrink), 0 or 1 (may only grow), not {value!r}."
            )
        self._put("_step_direction", int(value))

    @property
    def step_type(self) -> str:
        """``"relative"``: steps are a share of the range; ``"absolute"``: in the feature's units."""
        return self._step_type

    @step_type.setter
    def step_type(self, value: str) -> None:
        self._put("_step_type", one_of(self._name, "step_type", value, STEP_TYPES))

    @property
    def step_size(self) -> float:
        """The distance between neighbouring target values, in the unit that `step_type` says."""
        return self._step_size

    @step_size.setter
    def step_size(self, value: float) -> None:
        number = finite_number(self._name, "step_size", value)
        if not number > 0:
            raise InputError(f"step_size of {self._name!r} must be above 0, not {value!r}.")
        self._put("_step_size", number)

    @property
    def bounds(self) -> tuple[Any, Any]:
        """The lowest and highest value that an action may lead to, in the feature's units."""
        low, high = self._code_bounds()
        if self._variable_type in LEVEL_TYPES:
            levels = self.levels
            return (levels[int(low)], levels[int(high)]) if levels else (math.nan, math.nan)
        return low, high

    @bounds.setter
    def bounds(self, value: Any) -> None:
        self._put("_bounds", check_bounds(self._name, value, words=self._variable_type == "ordinal"))
        self._put("_default_bounds", False)

    @property
    def lb(self) -> Any:
        """The lower bound, in the feature's units."""
        return self.bounds[0]

    @lb.setter
    def lb(self, value: Any) -> None:
        self._put_bound(0, "lower bound", value)

    @property
    def ub(self) -> Any:
        """The upper bound, in the feature's units."""
        return self.bounds[1]

    @ub.setter
    def ub(self, value: Any) -> None:
        self._put_bound(1, "upper bound", value)

    @property
    def from_missing(self) -> float | None:
        """The price of giving a value to a feature that is missing today; None: it can't be done."""
        return self._from_missing

    @from_missing.setter
    def from_missing(self, value: float | None) -> None:
        if value is not None and not finite_number(self._name, "from_missing", value) >= 0:
            raise InputError(f"from_missing of {self._name!r} must be a price ≥ 0 or None, not {value!r}.")
        self._put("_from_missing", None if value is None else float(value))

    @property
    def label(self) -> str:
        """What people call this feature; by default its name."""
        return self._label or str(self._name)

    @label.setter
    def label(self, value: str) -> None:
        self._put("_label", str(value))

    @property
    def unit(self) -> str:
        """What the values are measured in; empty if nothing was said."""
        return self._unit

    @unit.setter
    def unit(self, value: str) -> None:
        self._put("_unit", str(value))

    # -- derived -------------------------------------------------------------------------------------

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the column in the population: what the model was probably fitted on."""
        return self._dtype

    @property
    def missing(self) -> tuple[Any, ...]:
        """The codes that mean "missing" beside NaN and None, such as "?" or −9."""
        return self._missing

    @property
    def percentiles(self) -> str:
        """What `percentile` counts with: ``"empirical"`` or ``"kde"``, as the action set was made."""
        return self._percentiles

    @property
    def ordered(self) -> bool:
        """Whether values have an order, and so percentiles and directions."""
        return self._variable_type != "categorical"

    @property
    def bound_type(self) -> str:
        """How the bounds were said: ``"absolute"`` or ``"percentile"``."""
        return (
            "absolute" if self._default_bounds and self._variable_type not in ("integer", "real") else self._bounds[2]
        )

    @property
    def flip_direction(self) -> int | None:
        """Which way the model rewards: 1 up, −1 down, 0 neither, None before `ActionSet.align`; no search reads it."""
        return self._flip_direction

    @property
    def compatible(self) -> bool | None:
        """Whether the feature is actionable and may move the way that `flip_direction` says; None before `align`."""
        if self._flip_direction is None:
            return None
        return self._actionable and self._flip_direction != 0 and self._flip_direction != -self._step_direction

    @property
    def values(self) -> npt.NDArray[Any]:
        """The values seen in the population, in order, one a person; missing ones left out."""
        return np.repeat(self._values, self._counts)

    @property
    def observed(self) -> Distribution:
        """The codes seen in the population (numbers, or ranks of levels), with their counts."""
        codes = self.encode(self._values)
        known = ~np.isnan(codes)
        return Distribution.counted(codes[known], self._counts[known])

    def share(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return how common levels are: (n_v + 1) / (n + K) for n people and K levels, never 0.

        >>> import recourse as rs
        >>> rs.ActionSet({"housing": ["own", "own", "rent"]})["housing"].share(np.array(["own", "rent"])).tolist()
        [0.6, 0.4]
        """
        counts = dict(zip(self._values.tolist(), self._counts.tolist(), strict=True))
        n, k = int(self._counts.sum()), len(set(self.levels) | set(counts))
        return np.array([(counts.get(value, 0) + 1) / (n + k) for value in values.tolist()], dtype=np.float64)

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
            return target_values.relative_step(
                *self._code_bounds(), self._step_size, whole=whole, legacy=self._is_legacy
            )
        if whole and self._is_legacy:
            return float(math.ceil(self._step_size))
        if whole and self._step_size != round(self._step_size):
            raise InputError(
                f"{self._name!r} is {self._variable_type}: its step_size must be a whole number, "
                f"not {self._step_size:g}. Set variable_type = 'real' if fractions are possible."
            )
        return self._step_size

    @property
    def grid(self) -> npt.NDArray[Any]:
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
        if self._grid == "observed":
            seen = self.observed.values
            return seen[(seen >= low) & (seen <= high)]
        step = self.step
        if high <= low or step <= 0:
            return np.array([low])
        if (high - low) / step > target_values.MOST:
            raise InputError(
                f"{self._name!r} has {(high - low) / step:.3g} steps of {step:g} between {low:g} and {high:g}; "
                "the limit is a million. Set a larger step_size or narrower bounds."
            )
        if self._is_legacy:
            return legacy.target_values(low, high, step)
        grid = target_values.steps(low, high, step)
        if self._dtype.kind == "f" and self._dtype.itemsize < 8:
            grid = np.unique(grid.astype(self._dtype)).astype(np.float64)  # what the table can hold
            grid = grid[(grid >= low) & (grid <= high)]
        return grid

    @property
    def size(self) -> int:
        """How many target values there are."""
        return len(self.codes)

    def percentile(self, values: Any) -> FloatArray:
        """Return F(value): the share of the population at or below it.

        Counted (`Distribution.cdf`), or smoothed over the grid (`legacy.SmoothDistribution.cdf`) in an action set with
        ``percentiles="kde"``.
        """
        if not self.ordered:
            raise InputError(f"{self._name!r} is categorical: its levels have no order, and so no percentiles.")
        codes = self.encode(np.asarray(values))
        if self._percentiles == "kde" and self._variable_type not in LEVEL_TYPES and self.observed.spread > 0:
            return legacy.SmoothDistribution.of(self.observed, self.codes).cdf(codes)
        return self.observed.cdf(codes)

    def encode(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return values as codes: numbers themselves, levels their rank, NaN for missing or unknown levels."""
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
        """Return codes as raw values, in the data's own dtype where all of them fit it (integers stay integers)."""
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

    def targets(self, today: npt.NDArray[Any]) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Return the target codes and, for each of today's values, which of them an action may lead to.

        A feature that is missing today can be given any target if `from_missing` prices that, else none.
        A level that is not among `levels` today can be left for any of them, unless there is a direction.
        """
        codes = self.codes
        gap = codes[None, :] - self.encode(today)[:, None]
        if not self._actionable:
            return codes, np.zeros(gap.shape, dtype=bool)
        allowed = gap * self._step_direction > 0 if self._step_direction else gap != 0
        missing = is_missing(today, self._missing)
        allowed[missing] = self._from_missing is not None
        return codes, allowed

    def feasible_values(self, x: Any) -> npt.NDArray[Any]:
        """Return the values that a person at `x` can have: today's first, then the targets, in order."""
        today = np.array([x]) if isinstance(x, (int, float, np.number, np.bool_)) else np.array([x], dtype=object)
        codes, allowed = self.targets(today)
        targets = self.decode(codes[allowed[0]])
        if self._variable_type in LEVEL_TYPES:
            return np.concatenate([today.astype(object), targets.astype(object)])
        return np.concatenate([self.decode(today.astype(np.float64)), targets])

    def settings(self) -> dict[str, Any]:
        """Return the settings as plain values: what `ActionSet` tables and reports show."""
        low, high = self.bounds
        return {
            "name": self._name,
            "variable_type": self._variable_type,
            "actionable": self._actionable,
            "step_direction": self._step_direction,
            "lb": low,
            "ub": high,
            "bound_type": self.bound_type,
            "step_type": self._step_type,
            "step_size": self._step_size,
            "size": self.size,
        }

    def stated(self) -> dict[str, Any]:
        """Return the settings as they were said, nothing derived: what an action file keeps.

        `bounds` is (lb, ub, bound_type), None if the `default_bounds` hold; `levels` is None where nobody
        listed any; `seen` are the values of the population.
        """
        return {
            "variable_type": self._variable_type,
            "actionable": self._actionable,
            "step_direction": self._step_direction,
            "bounds": None if self._default_bounds else self._bounds,
            "default_bounds": self._bounds if self._default_bounds else None,
            "step_type": self._step_type,
            "step_size": self._step_size,
            "grid": self._grid,
            "levels": self._levels,
            "missing": self._missing,
            "from_missing": self._from_missing,
            "label": self._label,
            "unit": self._unit,
            "seen": self._values.tolist(),
        }

    def __repr__(self) -> str:
        way = {-1: ", may only shrink", 0: "", 1: ", may only grow"}[self._step_direction]
        if not self._actionable:
            return f"FeatureActions({self._name!r}, {self._variable_type}, immutable)"
        if self._variable_type in LEVEL_TYPES:
            return f"FeatureActions({self._name!r}, {self._variable_type}, {self.size} levels{way})"
        low, high = self._code_bounds()
        return (
            f"FeatureActions({self._name!r}, {self._variable_type}, {low:g} to {high:g} in steps of {self.step:g}{way})"
        )

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
            levels = self.levels
            if self._default_bounds:
                return (0.0, len(levels) - 1.0) if levels else (math.nan, math.nan)
            for level in (low, high):
                if level not in levels:
                    raise InputError(
                        f"bounds of {self._name!r}: {level!r} is none of its levels. {nearest(level, levels)}"
                    )
            if levels.index(low) > levels.index(high):
                raise InputError(f"bounds of {self._name!r} are reversed: {low!r} comes after {high!r}.")
            return float(levels.index(low)), float(levels.index(high))
        if self._default_bounds and self._variable_type == "boolean":
            return 0.0, 1.0
        if kind == "percentile":
            observed = self.observed
            low, high = observed.quantile(low), observed.quantile(high)
        if (kind == "percentile" or self._is_legacy) and self._variable_type != "real" and not math.isnan(low):
            low, high = math.floor(low), math.ceil(high)
        if low > high:
            raise InputError(f"bounds of {self._name!r} are reversed: {low:g} is above {high:g}.")
        if self._variable_type == "boolean" and not (low >= 0 and high <= 1) and not math.isnan(low):
            raise InputError(f"{self._name!r} is boolean: its bounds must be within 0 and 1, not ({low:g}, {high:g}).")
        return float(low), float(high)

    @property
    def _is_legacy(self) -> bool:
        return self._grid == "legacy"

    def _put_bound(self, end: int, what: str, value: Any) -> None:
        """Set one end of the bounds; that the two fit together is checked when they are used."""
        words = self._variable_type == "ordinal"
        said = self._bounds[2] == "absolute" and not self._default_bounds
        bounds = [*(self._bounds[:2] if said else self.bounds), "absolute"]
        bounds[end] = value if words else finite_number(self._name, what, value)
        self._put("_bounds", tuple(bounds))
        self._put("_default_bounds", False)

    def _put(self, attribute: str, value: Any) -> None:
        super().__setattr__(attribute, value)


def _unhashable(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
