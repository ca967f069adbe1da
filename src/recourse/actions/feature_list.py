"""Several features at once, as one thing to read settings from and assign them to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Generic, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions import legacy
from recourse.actions.feature import FeatureActions
from recourse.actions.percentiles import Distribution
from recourse.actions.settings import no_setting
from recourse.arrays import FloatArray
from recourse.errors import InputError
from recourse.tables import ColumnKind, Name

T = TypeVar("T")


class _Derived(Generic[T]):
    """Something that each of several features knows, as a list with one value a feature."""

    def __init__(self, about: str) -> None:
        self.__doc__ = about

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: FeatureView, owner: type) -> list[T]: ...
    def __get__(self, view: FeatureView | None, owner: type) -> Self | list[T]:
        if view is None:
            return self
        return [getattr(feature, self.name) for feature in view]


class _Setting(_Derived[T]):
    """A setting of several features: reads as a list, takes one value for all or a list with one a feature."""

    def __set__(self, view: FeatureView, value: T | Sequence[T]) -> None:
        view._assign(self.name, value)


class FeatureView:
    """Several features at once: reading a setting lists it, assigning broadcasts a value or a list.

    Everything that can be said of a `FeatureActions` can be said of a view; a misspelt setting raises
    `AttributeError` with the nearest one. If one feature refuses its value, none is changed.

    Parameters
    ----------
    features : list of FeatureActions
        The features themselves, not copies: what is assigned here is assigned to them.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"age": [20, 40], "sex": [0, 1], "income": [1.5, 2.5]})
    >>> A[["age", "sex"]].actionable = False
    >>> A.actionable
    [False, False, True]
    """

    _features: list[FeatureActions]

    actionable = _Setting[bool]("Whether a person can change the feature at all.")
    variable_type = _Setting[str]("boolean, integer, real, ordinal or categorical.")
    step_direction = _Setting[int]("1 if a feature may only grow, −1 if it may only shrink, 0 if either.")
    step_type = _Setting[str]("relative: steps are a share of the range; absolute: in the feature's units.")
    step_size = _Setting[float]("The distance between neighbouring target values, in the unit that step_type says.")
    bounds = _Setting[tuple[Any, ...]]("(lb, ub) or (lb, ub, 'percentile'): the range that actions lead to.")
    lb = _Setting[Any]("The lower bound, in the feature's units.")
    ub = _Setting[Any]("The upper bound, in the feature's units.")
    levels = _Setting[list[Any]]("The values that actions may lead to; of an ordinal feature in their order.")
    from_missing = _Setting[float | None]("The price of giving a value where it is missing; None: it can't be done.")
    label = _Setting[str]("What people call the feature.")
    unit = _Setting[str]("What its values are measured in.")

    name = _Derived[Name]("The column's name.")
    dtype = _Derived[np.dtype[Any]]("The dtype of the column in the population.")
    kind = _Derived[ColumnKind]("How the population's column stores its values.")
    fixed = _Derived[str]("Why a feature was found to be nothing that people can change; empty where it was not.")
    missing = _Derived[tuple[Any, ...]]("The codes that mean missing, beside NaN and None.")
    percentiles = _Derived[str]("What percentiles are counted with: empirical or kde.")
    bound_type = _Derived[str]("How the bounds were said: absolute or percentile.")
    ordered = _Derived[bool]("Whether values have an order.")
    values = _Derived[npt.NDArray[Any]]("The values seen in the population, in order, one a person.")
    observed = _Derived[Distribution]("The codes seen in the population, with their counts.")
    step = _Derived[float]("The distance between neighbouring targets, in the feature's units.")
    target_values = _Derived[npt.NDArray[Any]]("The target values in order, whoever the person is.")
    codes = _Derived[FloatArray]("The target values as codes: numbers as they are, levels as ranks.")
    size = _Derived[int]("How many target values there are.")

    def __init__(self, features: list[FeatureActions]) -> None:
        object.__setattr__(self, "_features", features)

    def __getattr__(self, setting: str) -> Any:
        if setting in legacy.OLD_FEATURE_NAMES:
            return [getattr(feature, setting) for feature in self._features]
        raise AttributeError(no_setting(setting))

    def __setattr__(self, setting: str, value: Any) -> None:
        known = legacy.OLD_SETTINGS.get(setting, setting)
        if hasattr(type(self), known):
            object.__setattr__(self, known, value)
        else:
            raise AttributeError(no_setting(setting))

    def _assign(self, setting: str, value: Any) -> None:
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
