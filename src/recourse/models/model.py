"""model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray
from recourse.errors import InputError, nearest
from recourse.models.fingerprint import class_name, fingerprint
from recourse.models.statements.additive import Additive
from recourse.models.statements.trees import TreeEnsemble
from recourse.tables import Name, rows_in_words

if TYPE_CHECKING:
    from recourse.menus.menus import Menus
    from recourse.models.statements.network import Layers, Network


class Model(ABC):
    """A model with one favourable outcome.

    name : what to call it in reports; desired : the favourable label; rule : when a row is approved, in
    words; feature_names : the columns it reads, or None where it takes every column by position.
    """

    name: str
    desired: Any
    rule: str
    feature_names: tuple[Name, ...] | None

    @abstractmethod
    def approves(self, X: pd.DataFrame) -> BoolArray:
        """Return for each row whether the model gives the desired prediction."""

    def additive(self, menus: Menus) -> Additive | None:
        """Return the model's terms over the menus, or None if it is not known to be additive."""
        return None

    def trees(self, menus: Menus) -> TreeEnsemble | None:
        """Return the model's trees and the cells of the menus, or None if it is not known to be a sum of trees."""
        return None

    def layers(self) -> Layers | None:
        """Return the layers of a network, with logits in favour of the desired label, or None if none are known."""
        return None

    def network(self, menus: Menus) -> Network | None:
        """Return the model's layers over the menus, or None if none are known to decide."""
        from recourse.models.statements.trial import network_on

        return network_on(self, menus)

    def check_features(self, names: Sequence[Name]) -> None:
        """Raise `InputError` unless every column the model reads is among `names`."""
        for name in self.feature_names or ():
            if name not in names:
                raise InputError(
                    f"the model reads {name!r}, which is no feature of the action set. {nearest(name, names)}"
                )

    def accepts(self, row: pd.DataFrame) -> bool:
        """Whether the model can judge a row with missing values; by default it can't."""
        return False

    def check_rows(self, X: pd.DataFrame) -> None:
        """Raise `InputError`, naming column and rows, where values are missing that the model can't do without."""
        gaps = X[list(X.columns if self.feature_names is None else self.feature_names)].isna()
        for name in gaps.columns:
            where = np.flatnonzero(gaps[name].to_numpy())
            if len(where) and not self.accepts(_only_missing(X, gaps, name, where)):
                raise InputError(
                    f"column {name!r} is missing in {rows_in_words(X.index, where)}, and {self.name} does not "
                    "accept missing values; fill them, leave the rows out, or put an imputer into the pipeline."
                )

    def identity(self) -> dict[str, Any]:
        """Return which model this is as plain data, the same in every process: class and a SHA-256 of what it holds."""
        return {"class": class_name(type(self)), "state": fingerprint(vars(self), f"this {type(self).__name__}")}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}: approved if {self.rule})"


def _only_missing(X: pd.DataFrame, gaps: pd.DataFrame, name: Name, where: npt.NDArray[np.int64]) -> pd.DataFrame:
    """A row without this column's value and, as far as others have one, with all the others' values."""
    first = int(where[np.argmin(gaps.iloc[where].sum(axis=1).to_numpy())])
    row = X.iloc[[first]].copy()
    for other in gaps.columns[gaps.iloc[first].to_numpy()]:
        known = X[other].dropna()
        if other != name and len(known):
            row[other] = known.iloc[:1].set_axis(row.index)
    return row
