"""What a person may do about one feature: change it or not, how far, in which direction, in which steps.

Settings are plain values, stored as the user said them and in any order; the grid of target values is
derived whenever it is asked for, so nothing can be stale.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.actions.distributions import Distribution, FloatArray
from recourse.errors import InputError, nearest
from recourse.tables import Name

VARIABLE_TYPES = ("boolean", "integer", "real")
STEP_TYPES = ("relative", "absolute")
BOUND_TYPES = ("absolute", "percentile")
GRIDS = ("steps", "observed")
SETTINGS = (
    "variable_type",
    "actionable",
    "mutable",
    "step_direction",
    "step_type",
    "step_size",
    "bounds",
    "lb",
    "ub",
)
"""The settings of a feature, by the names that users write; `mutable` is the older name of `actionable`."""


class FeatureActions:
    """The possible actions on one numeric feature.

    Settings (each may be assigned at any time, in any order; an unknown one raises `AttributeError`):

    actionable : bool
        Whether a person can change the feature at all. ``mutable`` is the older name of the same setting.
    bounds : (lb, ub) or (lb, ub, "percentile")
        The smallest and largest value an action may lead to, in the feature's units or as percentiles
        (0–100) of the population. Also assignable one at a time as ``lb`` and ``ub``. Nobody is moved
        outside; somebody who is outside today may stay there, or move to a value inside.
    step_size, step_type
        The distance between neighbouring target values: in the feature's units (``"absolute"``) or as a
        share of ub − lb (``"relative"``, the default with 0.01). Integers always step in whole numbers.
    step_direction : {-1, 0, 1}
        1: may only grow; −1: may only shrink; 0: either.
    variable_type : {"boolean", "integer", "real"}

    The target values start at the lower bound, step upwards and end exactly at the upper bound.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 4, 7], "limit": [100.0, 250.5, 300.0, 900.0]})
    >>> A["overdue"].bounds = (0, 4)
    >>> A["overdue"].step_direction = -1
    >>> A["overdue"].feasible_values(3)
    array([3, 0, 1, 2])
    """

    def __init__(
        self,
        name: Name,
        column: npt.NDArray[Any],
        *,
        bounds: tuple[Any, ...],
        step_type: str,
        grid: str,
    ) -> None:
        put = super().__setattr__
        put("_name", name)
        put("_dtype", column.dtype)
        put("_observed", Distribution.of(column))
        put("_variable_type", _infer_type(column.dtype, self._observed.values))
        put("_actionable", True)
        put("_step_direction", 0)
        put("_step_type", _choice(name, "step_type", step_type, STEP_TYPES))
        put("_step_size", 0.01)
        put("_grid", _choice(name, "grid", grid, GRIDS))
        put("_bounds", (0.0, 1.0, "absolute") if self._variable_type == "boolean" else _bounds(name, bounds))

    _name: Name
    _dtype: np.dtype[Any]
    _observed: Distribution
    _variable_type: str
    _actionable: bool
    _step_direction: int
    _step_type: str
    _step_size: float
    _grid: str
    _bounds: tuple[float, float, str]

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
        """``"boolean"`` (0/1), ``"integer"`` or ``"real"``: inferred from the data, may be assigned."""
        return self._variable_type

    @variable_type.setter
    def variable_type(self, value: str) -> None:
        _choice(self._name, "variable_type", value, VARIABLE_TYPES)
        odd = _not_of_type(value, self._observed.values)
        if odd is not None:
            raise InputError(f"{self._name!r} can't be {value}: the data contain {odd:g}.")
        self._put("_variable_type", value)
        if value == "boolean":
            self._put("_bounds", (0.0, 1.0, "absolute"))

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
        self._put("_step_type", _choice(self._name, "step_type", value, STEP_TYPES))

    @property
    def step_size(self) -> float:
        """The distance between neighbouring target values, in the unit that `step_type` says."""
        return self._step_size

    @step_size.setter
    def step_size(self, value: float) -> None:
        number = _number(self._name, "step_size", value)
        if not number > 0:
            raise InputError(f"step_size of {self._name!r} must be above 0, not {value!r}.")
        self._put("_step_size", number)

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and highest value that an action may lead to, in the feature's units."""
        low, high, kind = self._bounds
        if kind == "percentile":
            low, high = self._observed.quantile(low), self._observed.quantile(high)
            if self._variable_type != "real" and not math.isnan(low):
                low, high = math.floor(low), math.ceil(high)
        return float(low), float(high)

    @bounds.setter
    def bounds(self, value: Any) -> None:
        self._put("_bounds", _bounds(self._name, value))

    @property
    def lb(self) -> float:
        """The lower bound, in the feature's units."""
        return self.bounds[0]

    @lb.setter
    def lb(self, value: float) -> None:
        self.bounds = (value, self.bounds[1])

    @property
    def ub(self) -> float:
        """The upper bound, in the feature's units."""
        return self.bounds[1]

    @ub.setter
    def ub(self, value: float) -> None:
        self.bounds = (self.bounds[0], value)

    # -- derived -------------------------------------------------------------------------------------

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the column in the population: what the model was probably fitted on."""
        return self._dtype

    @property
    def bound_type(self) -> str:
        """How the bounds were said: ``"absolute"`` or ``"percentile"``."""
        return self._bounds[2]

    @property
    def observed(self) -> Distribution:
        """The values seen in the population, with their counts."""
        return self._observed

    @property
    def step(self) -> float:
        """The distance between neighbouring target values in the feature's units; 0 where there is no range."""
        low, high = self.bounds
        if self._step_type == "relative":
            if self._step_size > 1:
                raise InputError(
                    f"a relative step_size is a share of the range: that of {self._name!r} must be at most 1, "
                    f"not {self._step_size:g}. For steps in its own units set step_type = 'absolute'."
                )
            step = self._step_size * (high - low)
            return float(max(1, round(step))) if self._variable_type != "real" else step
        if self._variable_type != "real" and self._step_size != round(self._step_size):
            raise InputError(
                f"{self._name!r} is {self._variable_type}: its step_size must be a whole number, "
                f"not {self._step_size:g}. Set variable_type = 'real' if fractions are possible."
            )
        return self._step_size

    @property
    def grid(self) -> FloatArray:
        """The target values in ascending order, whoever the person is; the same for every model and cost."""
        low, high = self.bounds
        if math.isnan(low):
            return np.empty(0)
        if self._variable_type != "real" and (low != round(low) or high != round(high)):
            raise InputError(
                f"{self._name!r} is {self._variable_type}: its bounds must be whole numbers, not ({low:g}, {high:g})."
            )
        if self._grid == "observed":
            seen = self._observed.values
            return seen[(seen >= low) & (seen <= high)]
        step = self.step
        if high <= low or step <= 0:
            return np.array([low])
        count = (high - low) / step
        if count > 1e6:
            raise InputError(
                f"{self._name!r} has {count:.3g} steps of {step:g} between {low:g} and {high:g}; "
                "the limit is a million. Set a larger step_size or narrower bounds."
            )
        inner = low + step * np.arange(1, math.ceil(count - 1e-9))
        decimals = max(0, 9 - math.floor(math.log10(step)))
        grid = np.concatenate([[low], np.clip(np.round(inner, decimals), low, high), [high]])
        if self._dtype.kind == "f" and self._dtype.itemsize < 8:
            grid = np.unique(grid.astype(self._dtype)).astype(np.float64)  # what the table can hold
            grid = grid[(grid >= low) & (grid <= high)]
        return grid

    @property
    def size(self) -> int:
        """How many target values there are."""
        return len(self.grid)

    def percentile(self, value: Any) -> FloatArray:
        """Return F(value): the share of the population at or below it (`Distribution.cdf`)."""
        return self._observed.cdf(value)

    def targets(self, today: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """Return the grid and, for each of today's values, which of its points an action may lead to."""
        grid = self.grid
        gap = grid[None, :] - np.asarray(today, dtype=np.float64)[:, None]
        if not self._actionable:
            return grid, np.zeros(gap.shape, dtype=bool)
        return grid, gap * self._step_direction > 0 if self._step_direction else gap != 0

    def feasible_values(self, x: float) -> npt.NDArray[Any]:
        """Return the values that a person at `x` can have: today's first, then the targets, ascending."""
        grid, allowed = self.targets(np.array([x]))
        return self.raw(np.concatenate([[x], grid[allowed[0]]]))

    def raw(self, values: FloatArray) -> npt.NDArray[Any]:
        """Return values in the data's own dtype where all of them fit it (integers stay integers)."""
        if self._dtype.kind in "iub" and np.array_equal(values, np.round(values)):
            return values.astype(self._dtype)
        if self._variable_type != "real" and self._dtype.kind == "O":
            return values.astype(np.int64)
        return values.astype(self._dtype) if self._dtype.kind == "f" else values

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

    def __repr__(self) -> str:
        way = {-1: ", may only shrink", 0: "", 1: ", may only grow"}[self._step_direction]
        if not self._actionable:
            return f"FeatureActions({self._name!r}, {self._variable_type}, immutable)"
        low, high = self.bounds
        return (
            f"FeatureActions({self._name!r}, {self._variable_type}, {low:g} to {high:g} in steps of {self.step:g}{way})"
        )

    def _put(self, attribute: str, value: Any) -> None:
        super().__setattr__(attribute, value)


def _infer_type(dtype: np.dtype[Any], values: FloatArray) -> str:
    """The narrowest of the three kinds that holds all observed values."""
    if dtype.kind == "b" or _not_of_type("boolean", values) is None:
        return "boolean"
    return "integer" if _not_of_type("integer", values) is None else "real"


def _not_of_type(variable_type: str, values: FloatArray) -> float | None:
    """The first observed value that contradicts a variable type, if any."""
    if variable_type == "real":
        return None
    wrong = ~np.isin(values, (0.0, 1.0)) if variable_type == "boolean" else values != np.round(values)
    return float(values[wrong][0]) if wrong.any() else None


def _bounds(name: Name, value: Any) -> tuple[float, float, str]:
    """Check bounds as a user says them: (lb, ub) or (lb, ub, bound_type)."""
    try:
        low, high, *rest = value
    except (TypeError, ValueError):
        raise InputError(f"bounds of {name!r} must be (lb, ub) or (lb, ub, 'percentile'), not {value!r}.") from None
    kind = rest[0] if rest else "absolute"
    _choice(name, "bound_type", kind, BOUND_TYPES)
    low, high = _number(name, "lower bound", low), _number(name, "upper bound", high)
    if low > high:
        raise InputError(f"bounds of {name!r} are reversed: {low:g} is above {high:g}.")
    if kind == "percentile" and not (0 <= low <= high <= 100):
        raise InputError(f"percentile bounds of {name!r} must lie in 0–100, not ({low:g}, {high:g}).")
    return low, high, kind


def _number(name: Name, what: str, value: Any) -> float:
    """A finite number, or an error that names the feature and the setting."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, str) or not math.isfinite(number):
        raise InputError(f"{what} of {name!r} must be a finite number, not {value!r}.")
    return number


def _choice(name: Name, setting: str, value: Any, options: tuple[str, ...]) -> Any:
    if value not in options:
        raise InputError(f"{setting} of {name!r} can't be {value!r}. {nearest(value, options)}")
    return value
