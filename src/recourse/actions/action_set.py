"""The action set: everything a person may do, for all features of a table at once.

It is inferred from a population (types, bounds, steps) and then corrected by the user, by name, list,
mask or slice. Together with a cost it turns people into a priced menu, the `ActionGrid`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.features import SETTINGS, FeatureActions
from recourse.actions.grid import ActionGrid
from recourse.costs import Cost, as_cost
from recourse.errors import InputError, nearest
from recourse.tables import Name


class FeatureView:
    """Several features at once: reading a setting lists it, assigning broadcasts a value or a list.

    Everything that can be said of a `FeatureActions` can be said of a view; a misspelt setting raises
    `AttributeError` with the nearest one.
    """

    _features: list[FeatureActions]

    def __init__(self, features: list[FeatureActions]) -> None:
        object.__setattr__(self, "_features", features)

    def __getattr__(self, setting: str) -> list[Any]:
        if setting.startswith("_") or not isinstance(getattr(FeatureActions, setting, None), property):
            raise AttributeError(f"{setting!r} is not a setting of a feature. {nearest(setting, SETTINGS)}")
        return [getattr(feature, setting) for feature in self._features]

    def __setattr__(self, setting: str, value: Any) -> None:
        values = self._broadcast(setting, value)
        before = deepcopy([vars(feature) for feature in self._features])
        try:
            for feature, one in zip(self._features, values, strict=True):
                setattr(feature, setting, one)
        except Exception:
            for feature, state in zip(self._features, before, strict=True):
                vars(feature).update(state)
            raise

    def __len__(self) -> int:
        return len(self._features)

    def __iter__(self) -> Iterator[FeatureActions]:
        return iter(self._features)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._features))

    def _broadcast(self, setting: str, value: Any) -> Sequence[Any]:
        """One value a feature. Bounds are pairs, so only a list of pairs is taken one by one."""
        several = isinstance(value, (list, np.ndarray, pd.Series)) or (isinstance(value, tuple) and setting != "bounds")
        if setting == "bounds" and several and np.ndim(np.asarray(value, dtype=object)) == 1:
            several = len(value) > 0 and all(isinstance(one, (tuple, list)) for one in value)
        if not several:
            return [value] * len(self._features)
        if len(value) != len(self._features):
            raise InputError(f"{len(value)} values of {setting} for {len(self._features)} features.")
        return list(value)


class ActionSet(FeatureView):
    """The actions that people can take, feature by feature.

    X : table of n people × d features, or an array with `names`
        The population that types, bounds, steps and percentiles are inferred from. It is read, never
        kept and never changed.
    names : column names for an array.
    custom_bounds : mapping from feature name to bounds.
    default_bounds : (lb, ub, "percentile") or (lb, ub)
        For features that are not 0/1; booleans always range from 0 to 1.
    default_step_type : {"relative", "absolute"}
    grid : {"steps", "observed"}
        ``"steps"``: target values in equal steps from the lower to the upper bound; ``"observed"``: the
        values seen in the population, within the bounds.

    The set is finite and depends on nothing else, so a proof over it means the same for every model and
    every cost.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"married": [0, 1, 1], "overdue": [0, 3, 7], "income": [1.5, 2.0, 4.25]})
    >>> A["married"].actionable = False
    >>> A[["overdue", "income"]].step_direction = [-1, 1]
    >>> A["overdue"].bounds = (0, 7)
    >>> A.actionable
    [False, True, True]
    >>> A["overdue"]
    FeatureActions('overdue', integer, 0 to 7 in steps of 1, may only shrink)
    """

    def __init__(
        self,
        X: Any,
        names: Sequence[Name] | None = None,
        *,
        custom_bounds: Mapping[Name, Any] | None = None,
        default_bounds: tuple[Any, ...] = (1, 99, "percentile"),
        default_step_type: str = "relative",
        grid: str = "steps",
    ) -> None:
        frame = tables.read(X, names=names)
        if frame.empty:
            raise InputError(f"X has {len(frame)} rows and {frame.shape[1]} columns; there is nothing to learn.")
        custom_bounds = custom_bounds or {}
        for name in custom_bounds:
            if name not in frame.columns:
                raise InputError(f"custom_bounds: X has no column {name!r}. {nearest(name, frame.columns)}")
        features = []
        for name in frame.columns:
            bounds = tuple(custom_bounds.get(name, default_bounds))
            column = _numeric(frame[name], name)
            feature = FeatureActions(name, column, bounds=bounds, step_type=default_step_type, grid=grid)
            if name in custom_bounds:
                feature.bounds = bounds
            features.append(feature)
        super().__init__(features)

    # -- looking up ----------------------------------------------------------------------------------

    @property
    def names(self) -> list[Name]:
        """The features' names, in the table's order."""
        return [feature.name for feature in self._features]

    @property
    def dtypes(self) -> dict[Name, np.dtype[Any]]:
        """The dtype of each feature's column in the population."""
        return {feature.name: feature.dtype for feature in self._features}

    def __getitem__(self, key: Any) -> Any:
        """Return one feature (by name or position) or a view of several (list, mask or slice)."""
        if isinstance(key, slice):
            return FeatureView(self._features[key])
        if isinstance(key, (list, tuple, np.ndarray, pd.Series, pd.Index)) and key not in _hashable(self.names):
            chosen = list(key)
            if chosen and all(isinstance(one, (bool, np.bool_)) for one in chosen):
                if len(chosen) != len(self._features):
                    raise InputError(f"a mask of {len(chosen)} for {len(self._features)} features.")
                return FeatureView([f for f, keep in zip(self._features, chosen, strict=True) if keep])
            return FeatureView([self._find(one) for one in chosen])
        return self._find(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("assign to a setting of a feature, as in actions['age'].actionable = False.")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def _find(self, key: Any) -> FeatureActions:
        for feature in self._features:
            if feature.name == key and not isinstance(key, bool):
                return feature
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            if -len(self._features) <= key < len(self._features):
                return self._features[key]
            raise InputError(f"there is no feature number {key}; the action set has {len(self._features)}.")
        raise InputError(f"{key!r} is not a feature of this action set. {nearest(key, self.names)}")

    def copy(self) -> ActionSet:
        """Return an independent copy."""
        return deepcopy(self)

    # -- what comes out ------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return the settings as a table: one row a feature."""
        return pd.DataFrame([feature.settings() for feature in self._features])

    def __repr__(self) -> str:
        changeable = sum(feature.actionable for feature in self._features)
        head = f"ActionSet: {len(self)} features, {changeable} actionable"
        return f"{head}\n{self.to_frame().to_string(index=False)}"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, border=0)

    def validate(self, X: Any) -> list[str]:
        """Check a table against this set and return what a careful reader should know.

        Raises `InputError` for what makes an audit impossible: a missing column, text, or missing and
        infinite values (all named with the rows they are in). Returns sentences about what does not:
        people outside the bounds, and bounds that leave the data, where further moves are free.
        """
        frame = self.table(X)
        notes = []
        for feature in self._features:
            if not feature.actionable or not feature.observed.size:
                continue
            low, high = feature.bounds
            seen = feature.observed.values
            if low < seen[0] or high > seen[-1]:
                notes.append(
                    f"{feature.name!r}: the bounds {low:g} to {high:g} leave the data ({seen[0]:g} to {seen[-1]:g}); "
                    "percentiles are flat beyond the data, so further moves there cost nothing."
                )
            column = frame[feature.name].to_numpy(dtype=np.float64)
            outside = int(((column < low) | (column > high)).sum())
            if outside:
                notes.append(
                    f"{feature.name!r}: {outside} of {len(frame)} people are outside the bounds {low:g} to {high:g}; "
                    "they may stay there or move to a value inside."
                )
        return notes

    def table(self, X: Any) -> pd.DataFrame:
        """Return `X` as a checked DataFrame with this set's columns, in its order."""
        names = self.names
        frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=names)
        frame = tables.select(frame, names)
        for name in names:
            column = _numeric(frame[name], name)
            if column.dtype.kind == "f" and not np.isfinite(column).all():
                where = np.flatnonzero(~np.isfinite(column))
                kind = "missing" if np.isnan(column[where[0]]) else "infinite"
                listed = ", ".join(str(frame.index[i]) for i in where[:5])
                raise InputError(
                    f"column {name!r} is {kind} in {len(where)} row{'s' * (len(where) > 1)} "
                    f"({listed}{' …' * (len(where) > 5)}); fill the values or leave the rows out."
                )
        return frame

    def grid(self, X: Any, cost: str | Cost = "total", *, max_changes: int | None = None) -> ActionGrid:
        """Return the priced menus of the people in `X`.

        X : table of n people with this set's columns (matched by name, in any order)
        cost : a name in `recourse.costs.COSTS`, a `Cost`, or ``function(feature, x, values) → prices``
        max_changes : at most so many features may change at once; None for no limit.

        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 2], "age": [20, 30, 40, 50]})
        >>> A["age"].actionable = False
        >>> A.grid({"overdue": [1], "age": [30]}, "total").menu(0)[0].prices
        array([0. , 0.2, 0.4])
        """
        frame = self.table(X)
        cost = as_cost(cost)
        for name in cost.weights:
            if name not in self.names:
                raise InputError(f"the cost weighs {name!r}, which is no feature. {nearest(name, self.names)}")
        if max_changes is not None and (not isinstance(max_changes, (int, np.integer)) or max_changes < 0):
            raise InputError(f"max_changes must be a whole number ≥ 0 or None, not {max_changes!r}.")
        features = [feature for feature in self._features if feature.actionable]
        menus = [_FeatureMenus(feature, frame[feature.name], cost) for feature in features]
        kept = [k for k, menu in enumerate(menus) if len(menu.codes) > len(menu.lengths)]
        rows = np.zeros((len(frame), len(kept)), dtype=np.int32)
        start = 0
        for column, k in enumerate(kept):
            rows[:, column] = menus[k].row_of_person + start
            start += len(menus[k].lengths)
        lengths = np.concatenate([menus[k].lengths for k in kept] or [np.empty(0, dtype=np.int64)])
        return ActionGrid(
            X=frame,
            features=tuple(features[k].name for k in kept),
            rows=rows,
            row_ptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            codes=np.concatenate([menus[k].codes for k in kept] or [np.empty(0)]).astype(np.int32),
            domains=tuple(menus[k].domain for k in kept),
            prices=np.concatenate([menus[k].prices for k in kept] or [np.empty(0)]),
            combine=cost.combine,
            max_changes=None if max_changes is None else int(max_changes),
        )


class _FeatureMenus:
    """The menus of one feature: one row for each of today's distinct values, flat."""

    def __init__(self, feature: FeatureActions, column: pd.Series[Any], cost: Cost) -> None:
        distinct, self.row_of_person = tables.encode(column)
        today = distinct.astype(np.float64)
        grid, allowed = feature.targets(today)
        first = np.ones((len(today), 1), dtype=bool)
        row, position = np.nonzero(np.hstack([first, allowed]))
        staying = position == 0
        # The domain holds the grid first and today's values after it, so an item's code needs no search.
        self.domain = np.concatenate([feature.raw(grid), distinct])
        self.codes = np.where(staying, len(grid) + row, position - 1)
        self.lengths = np.bincount(row, minlength=len(today))
        values = np.concatenate([grid, today])
        if cost.has_positions:
            at = cost.weight(feature) * cost.position(feature, values)
            self.prices = np.abs(at[self.codes] - at[len(grid) + row])
        else:
            self.prices = np.concatenate(
                [np.empty(0)]
                + [np.concatenate([[0.0], cost.prices(feature, x, grid[allowed[k]])]) for k, x in enumerate(today)]
            )


def _hashable(names: list[Name]) -> list[Name]:
    return [name for name in names if isinstance(name, tuple)]


def _numeric(column: pd.Series[Any], name: Name) -> npt.NDArray[Any]:
    """A column as numbers, or an error that names the column and a value that is none."""
    if column.dtype.kind in "biuf" and isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        text = next((value for value in column if not isinstance(value, (int, float, np.number))), column.iloc[0])
        raise InputError(
            f"column {name!r} holds {text!r}, which is not a number; encode it as numbers or leave it out."
        ) from None
