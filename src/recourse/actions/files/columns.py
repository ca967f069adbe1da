"""The columns of a table, by the names that an action file has for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from recourse.errors import InputError
from recourse.tables import Name


@dataclass(frozen=True)
class FileColumns:
    """What names in a file stand for; a file writes every name as text.

    by_text : the columns of the table
    ignored : names that the file may use although the table has no such column
    group_only : the columns that only group people in reports, and are no features
    """

    by_text: dict[str, Name]
    ignored: frozenset[str] = frozenset()
    group_only: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, ignore: Iterable[Name]) -> FileColumns:
        """Return the columns of a table, before anything is known of those that only group people."""
        by_text: dict[str, Name] = {str(name): name for name in frame.columns}
        if len(by_text) < len(frame.columns):
            raise InputError("two columns of X have the same name once names are written as text; rename one.")
        return cls(by_text, frozenset(str(name) for name in ignore) - set(by_text))

    @property
    def features(self) -> dict[str, Name]:
        """The columns that are features."""
        return {text: name for text, name in self.by_text.items() if text not in self.group_only}
