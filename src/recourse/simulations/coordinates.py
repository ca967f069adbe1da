"""How features become coordinates that distances are measured in; fixed at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.actions.settings import LEVEL_TYPES
from recourse.arrays import FloatArray
from recourse.tables import Name


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Numbers standardised, levels as 0/1 columns: the space in which distances between people are taken.

    shift, scale : by number column; a missing value is at the mean
    levels : by level column, those that can occur; any other is at 0 in all of them
    """

    shift: Mapping[Name, float]
    scale: Mapping[Name, float]
    levels: Mapping[Name, list[Any]]

    @classmethod
    def of(cls, X: pd.DataFrame, actions: ActionSet, *, standard: bool) -> Coordinates:
        """Learn the coordinates from the population at the start."""
        shift, scale, levels = {}, {}, {}
        for feature in actions:
            if feature.variable_type in LEVEL_TYPES:
                seen = X[feature.name].dropna().unique().tolist()
                levels[feature.name] = list(dict.fromkeys([*feature.levels, *seen]))
                continue
            column = X[feature.name].to_numpy(dtype=np.float64)
            column = column[np.isfinite(column)]
            deviation = float(column.std()) if len(column) else 0.0
            shift[feature.name] = float(column.mean()) if len(column) and standard else 0.0
            scale[feature.name] = deviation if standard and deviation > 0 else 1.0
        return cls(shift, scale, levels)

    def points(self, X: pd.DataFrame) -> FloatArray:
        """Return the coordinates of each row."""
        columns = []
        for name in X.columns:
            if name in self.levels:
                values = X[name].to_numpy(dtype=object)
                columns += [(values == level).astype(np.float64) for level in self.levels[name]]
            else:
                column = (X[name].to_numpy(dtype=np.float64) - self.shift[name]) / self.scale[name]
                columns.append(np.where(np.isnan(column), 0.0, column))
        return np.column_stack(columns)

    def uniform(self, X: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return n rows drawn uniformly from the bounding box of `X`, and from the levels."""
        drawn = {}
        for name in X.columns:
            if name in self.levels:
                choices = np.empty(len(self.levels[name]), dtype=object)
                choices[:] = self.levels[name]
                drawn[name] = choices[rng.integers(len(choices), size=n)]
                if X[name].dtype.kind in "biuf":
                    drawn[name] = drawn[name].astype(X[name].to_numpy().dtype)
            else:
                column = X[name].to_numpy(dtype=np.float64)
                drawn[name] = rng.uniform(np.nanmin(column), np.nanmax(column), n)
        return pd.DataFrame(drawn, columns=X.columns)
