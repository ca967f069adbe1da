"""What a joint condition on an action is: who it binds, what it admits, its linear form, and what it moves along."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError
from recourse.tables import Name

Term = Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]]


class Linear(NamedTuple):
    """low ≤ Σ over features of term(today's values, new values) ≤ high, terms by feature.

    of_choices : the terms are not given values but 0 for today, and for the new row 1 where the person chose to
        change the feature, else 0
    """

    terms: Mapping[Name, Term]
    low: float
    high: float
    of_choices: bool = False


REQUIRED: Any = ...
"""Stands for a setting of an action file that can't be left out."""


class Setting(NamedTuple):
    """One setting of a constraint in an action file, as plain data.

    name : what the file calls it
    kind : what may be said: "names", "name", "rates", "whole", "number", "truth", "direction", "clause", "value",
        "states" or "matrix" (`recourse.actions.files.schema` says what each is)
    works : what would work, which completes "must be …"; further sentences explain the setting
    default : what holds if it is left out
    least : how many names there must be at least
    attribute : what the constraint calls it, where that is something else
    of : for values, the setting with the features that have them
    """

    name: str
    kind: str
    works: str
    default: Any = REQUIRED
    least: int = 1
    attribute: str = ""
    of: str = ""


class FileEntry(NamedTuple):
    """How an action file says a constraint, as plain data.

    kind : its name in a file; about : what it means, in a sentence; settings : in the order in which they are written
    needs : what its features must be: "0/1 features", "numbers", or nothing if any will do
    """

    kind: str
    about: str
    settings: tuple[Setting, ...]
    needs: str = ""


class Constraint(ABC):
    """Base of all constraints.

    A constraint binds whoever moves one of its features: the person, or a linkage.

    features : the columns that it reads
    counts_choices : whether it judges which features a person chose to change, and not the values that come out
    entry : how an action file says it; None for what is code
    """

    features: tuple[Name, ...]
    counts_choices = False
    entry: ClassVar[FileEntry | None] = None

    @abstractmethod
    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return which of some changes the condition admits, row by row.

        Asked of rows in which at least one of its features changes; see `holds`.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, with at least the constraint's features, in raw values.
        new : DataFrame
            Where they would go, with the same index.

        Returns
        -------
        bool[n]
            True where people may go from `today` to `new`.
        """

    def holds(
        self, today: pd.DataFrame, new: pd.DataFrame, changed: Mapping[Name, BoolArray] | None = None
    ) -> BoolArray:
        """Return which of some changes keep the condition, row by row.

        Nobody is bound by a condition on features that stay as they are, even where today's row breaks it.

        Parameters
        ----------
        today : DataFrame
            The rows as they are, with at least the constraint's features, in raw values.
        new : DataFrame
            Where they would go, with the same index.
        changed : mapping from feature to bool[n], optional
            In which rows the person chose to change a feature, by default wherever it changes. Only a constraint
            that `counts_choices` reads it.

        Returns
        -------
        bool[n]
            `admits`, or True where none of the constraint's features changes.
        """
        still = np.ones(len(today), dtype=bool)
        for name in self.features:
            still &= same_values(today[name].to_numpy(), new[name].to_numpy())
        return still | np.asarray(self.admits(today, new), dtype=bool)

    def linear(self) -> Sequence[Linear] | None:
        """Return the same condition as linear rows, or None if it has none."""
        return None

    def induced(self) -> Mapping[Name, Mapping[Name, float]]:
        """Return the changes it induces: for each source, by how much each target moves per unit."""
        return {}

    def describe(self) -> str:
        """Return the constraint as a sentence for people."""
        return repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # a constraint never changes, so copies of an action set share it

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in vars(self).items() if key != "features")
        return f"{type(self).__name__}({'; '.join(filter(None, [', '.join(map(str, self.features)), inside]))})"


def value_after(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return _floats(new)


def minus_value_after(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return -_floats(new)


def change_of(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return _floats(new) - _floats(today)


def minus_change_of(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return -change_of(today, new)


def _floats(values: npt.NDArray[Any]) -> FloatArray:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"a constraint on numbers met something else: {error}.") from None


def same_values(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> BoolArray:
    """Whether values are equal, two missing ones included."""
    return np.asarray((a == b) | (pd.isna(a) & pd.isna(b)), dtype=bool)


def number_columns(frame: pd.DataFrame, names: Sequence[Name], kind: str) -> FloatArray:
    return np.column_stack([_number_column(frame[name], kind) for name in names])


def _number_column(column: pd.Series[Any], kind: str) -> FloatArray:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        word = next((value for value in column if isinstance(value, str)), column.iloc[0])
        raise InputError(
            f"{kind} needs numbers, but column {column.name!r} holds {word!r}. A column of words needs no encoding "
            "to be tied together; what depends on its words can be said with IfThen, Switch or Reachability."
        ) from None


def feature_names(names: Sequence[Name], *, least: int) -> tuple[Name, ...]:
    if isinstance(names, str) or len(names) < least or len(set(names)) != len(names):
        raise InputError(f"a constraint needs a list of at least {least} different feature names, not {names!r}.")
    return tuple(names)


def direction_of(direction: int) -> int:
    if direction not in (-1, 0, 1):
        raise InputError(f"a direction must be −1, 0 or 1, not {direction!r}.")
    return int(direction)
