"""Several features at once, as one thing to read settings from and assign them to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions.feature import FeatureActions
from recourse.actions.settings import SETTINGS
from recourse.errors import InputError, nearest


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
