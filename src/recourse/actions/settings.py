"""The settings of a feature: plain values, stored as the user said them, and checks that say what is wrong."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.actions import legacy
from recourse.actions.variable_types import LEVEL_TYPES as LEVEL_TYPES  # other rooms find it here, too
from recourse.actions.variable_types import (
    VARIABLE_TYPES,
    as_numbers,
    infer_type,
    is_numeric,
    not_of_type,
)
from recourse.checks import is_number, number, one_of, true_or_false
from recourse.errors import InputError, nearest
from recourse.tables import ColumnKind, Name, distinct_values, is_missing, plain_value

STEP_TYPES = ("relative", "absolute")
BOUND_TYPES = ("absolute", "percentile")
BOUND_CODES = {"a": "absolute", "p": "percentile"}
GRIDS = ("steps", "observed", "legacy")
PERCENTILES = ("empirical", "kde")
SETTINGS = (
    "variable_type",
    "actionable",
    "step_direction",
    "step_type",
    "step_size",
    "bounds",
    "lb",
    "ub",
    "levels",
    "from_missing",
    "label",
    "unit",
)
"""The settings of a feature, by the names that users write."""


def no_setting(name: str) -> str:
    """Say that a feature has no such setting, and which is nearest."""
    return f"{name!r} is not a setting of a feature. {nearest(name, (*SETTINGS, *legacy.OLD_SETTINGS))}"


class FeatureSettings(ABC):
    """What was said of one feature, and the observed values that it was inferred from.

    Nothing here is derived but what is read back of the settings; an unknown setting raises `AttributeError`.
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
        variable_type: str | None = None,
        kind: ColumnKind | None = None,
        fixed: str = "",
    ) -> None:
        put = super().__setattr__
        values, counts = distinct_values(column)
        known = ~is_missing(values, missing)
        put("_name", name)
        put("_dtype", column.dtype)
        put("_missing", tuple(missing))
        put("_values", as_numbers(values[known]))
        put("_counts", counts[known])
        put("_kind", ColumnKind(column.dtype) if kind is None else kind)
        put("_fixed", fixed)
        inferred = infer_type(self._values) if variable_type is None else variable_type
        put("_variable_type", "ordinal" if levels is not None else inferred)
        put("_levels", None if levels is None else tuple(levels))
        put("_actionable", not fixed)
        put("_step_direction", 0)
        put("_step_type", one_of(f"step_type of {name!r}", step_type, STEP_TYPES))
        put("_step_size", 0.01)
        put("_grid", one_of(f"grid of {name!r}", grid, GRIDS))
        put("_percentiles", one_of(f"percentiles of {name!r}", percentiles, PERCENTILES))
        put("_bounds", check_bounds(name, bounds))
        put("_default_bounds", True)
        put("_from_missing", None)
        put("_label", "")
        put("_unit", "")
        put("_flip_direction", None)

    _name: Name
    _dtype: np.dtype[Any]
    _kind: ColumnKind
    _fixed: str
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
        setting = legacy.OLD_SETTINGS.get(setting, setting)
        if setting not in SETTINGS:
            if isinstance(getattr(type(self), setting, None), property):
                raise AttributeError(f"{setting!r} of {self._name!r} is derived and can't be assigned.")
            raise AttributeError(no_setting(setting))
        super().__setattr__(setting, plain_value(value))

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
        one_of(self._said("variable_type"), value, VARIABLE_TYPES)
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
        """The values an action may lead to, in order; of a number with bounds and steps, its target values."""
        if self._levels is not None:
            return list(self._levels)
        if self._variable_type in LEVEL_TYPES:
            return self._values.tolist()
        return self.target_values.tolist()

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
        if is_number(value) and value in (0, 1):  # a mask may be written in numbers
            value = bool(value)
        self._put("_actionable", true_or_false(self._said("actionable"), value))

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
        self._put("_step_type", one_of(self._said("step_type"), value, STEP_TYPES))

    @property
    def step_size(self) -> float:
        """The distance between neighbouring target values, in the unit that `step_type` says."""
        return self._step_size

    @step_size.setter
    def step_size(self, value: float) -> None:
        self._put("_step_size", number(self._said("step_size"), value, above=0))

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
        self._put("_from_missing", number(self._said("from_missing"), value, least=0, or_none=True))

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

    @property
    def missing(self) -> tuple[Any, ...]:
        """The codes that mean "missing" beside NaN and None, such as "?" or −9."""
        return self._missing

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the column in the population: what the model was probably fitted on."""
        return self._dtype

    @property
    def kind(self) -> ColumnKind:
        """How the population's column stores its values, which rows for this action set do as well."""
        return self._kind

    @property
    def fixed(self) -> str:
        """Why the feature was found to be nothing that a person can change; empty where it was not."""
        return self._fixed

    @property
    def percentiles(self) -> str:
        """What `percentile` counts with: ``"empirical"`` or ``"kde"``, as the action set was made."""
        return self._percentiles

    @property
    def bound_type(self) -> str:
        """How the bounds were said: ``"absolute"`` or ``"percentile"``."""
        return (
            "absolute" if self._default_bounds and self._variable_type not in ("integer", "real") else self._bounds[2]
        )

    @property
    def values(self) -> npt.NDArray[Any]:
        """The values seen in the population, in order, one a person; missing ones left out."""
        return np.repeat(self._values, self._counts)

    def stated(self) -> dict[str, Any]:
        """Return the settings as they were said, nothing derived: what an action file keeps.

        Returns
        -------
        dict
            By the names of the settings. ``bounds`` is (lb, ub, bound_type), None if the ``default_bounds`` hold;
            ``levels`` is None where nobody listed any; ``seen`` are the values of the population.
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

    @property
    @abstractmethod
    def target_values(self) -> npt.NDArray[Any]:
        """The target values in order."""

    @abstractmethod
    def _code_bounds(self) -> tuple[float, float]:
        """The bounds as codes."""

    def _put_bound(self, end: int, what: str, value: Any) -> None:
        """Set one end of the bounds; that the two fit together is checked when they are used."""
        words = self._variable_type == "ordinal"
        said = self._bounds[2] == "absolute" and not self._default_bounds
        bounds = [*(self._bounds[:2] if said else self.bounds), "absolute"]
        bounds[end] = value if words else _bound(self._said(what), value)
        self._put("_bounds", tuple(bounds))
        self._put("_default_bounds", False)

    def _said(self, setting: str) -> str:
        """A setting as errors name it."""
        return f"{setting} of {self._name!r}"

    def _put(self, attribute: str, value: Any) -> None:
        object.__setattr__(self, attribute, value)


def check_bounds(name: Name, value: Any, *, words: bool = False) -> tuple[Any, Any, str]:
    """Return bounds in the form in which they are kept.

    Parameters
    ----------
    name : name
        The feature, for errors.
    value : (lb, ub) or (lb, ub, bound_type)
        As a user says them; bound_type is "absolute" or "percentile", or the first letter of one.
    words : bool
        Whether absolute bounds are levels, which are compared with others only when they are used.

    Returns
    -------
    tuple
        (lb, ub, bound_type).

    Raises
    ------
    InputError
        For anything else, for reversed bounds, and for percentiles outside 0–100.

    Examples
    --------
    >>> check_bounds("age", (18, 65))
    (18.0, 65.0, 'absolute')
    """
    try:
        low, high, *rest = value
        if isinstance(value, str) or len(rest) > 1:
            raise TypeError
    except (TypeError, ValueError):
        raise InputError(f"bounds of {name!r} must be (lb, ub) or (lb, ub, 'percentile'), not {value!r}.") from None
    kind = rest[0] if rest else "absolute"
    kind = BOUND_CODES.get(kind, kind)
    one_of(f"bound_type of {name!r}", kind, BOUND_TYPES)
    if words and kind == "absolute":
        return low, high, kind
    low = _bound(f"lower bound of {name!r}", low)
    high = _bound(f"upper bound of {name!r}", high)
    if low > high:
        raise InputError(f"bounds of {name!r} are reversed: {low:g} is above {high:g}.")
    if kind == "percentile" and not (0 <= low <= high <= 100):
        raise InputError(f"percentile bounds of {name!r} must lie in 0–100, not ({low:g}, {high:g}).")
    return low, high, kind


def _bound(what: str, value: Any) -> float:
    """A bound as a number; False and True, the bounds of a boolean feature, are 0 and 1."""
    value = plain_value(value)
    return float(number(what, int(value) if isinstance(value, bool) else value))
