"""The groups that an audit tells apart: which columns make them, their levels, their order and their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from recourse.arrays import IntArray
from recourse.errors import InputError, nearest
from recourse.tables import Name

MOST_LEVELS = 100
"""A grouping with more levels than this is a number that wants binning first."""

Grouping = tuple[Name, ...]
"""The columns whose levels make the groups: one, or several that are crossed."""

Group = tuple[str, Any]
"""A grouping's name and one of its levels."""


class Level(Enum):
    """The group level of rows whose value is missing: no value of a column, whatever words the column holds."""

    MISSING = "missing"

    def __str__(self) -> str:
        return self.value


MISSING = Level.MISSING


def groupings(group_by: Any, columns: Iterable[Name]) -> tuple[Grouping, ...]:
    """Return what `group_by` names as groupings, each once.

    A single name is one grouping, also where it is a tuple; a tuple or list that is no column's name crosses
    several columns.

    >>> groupings("sex", ["sex", "age"])
    (('sex',),)
    >>> groupings(["sex", ("sex", "age")], ["sex", "age"])
    (('sex',), ('sex', 'age'))
    """
    names = list(columns)
    known = isinstance(group_by, Hashable) and group_by in names
    if known or isinstance(group_by, str) or not isinstance(group_by, Iterable):
        return ((group_by,),)

    found: list[Grouping] = []
    for one in group_by:
        crossed = isinstance(one, list) or (isinstance(one, tuple) and one not in names)
        names_of_one = tuple(one) if crossed else (one,)
        if not all(isinstance(name, Hashable) for name in names_of_one):
            raise InputError(f"group_by: {one!r} is no column's name, and no list of such names.")
        found.append(names_of_one)
    return tuple(dict.fromkeys(found))


def check_groupings(wanted: Sequence[Grouping], frame: pd.DataFrame) -> None:
    """Raise `InputError` unless each grouping is of the table's columns and has few levels."""
    for names in wanted:
        if len(set(names)) != len(names) or not names:
            raise InputError(f"group_by: {names!r} must be one or several different columns.")
        for name in names:
            if name not in frame.columns:
                raise InputError(f"group_by: X has no column {name!r}. {nearest(name, frame.columns)}")
        levels = len(frame[list(names)].drop_duplicates())
        if levels > MOST_LEVELS:
            raise InputError(
                f"group_by: {name_of(names)} has {levels:,} levels, and a table of groups "
                f"is limited to {MOST_LEVELS}; bin the values into a column of their own first."
            )


def name_of(names: Grouping) -> str:
    """What a grouping is called: its columns, with × between them."""
    return " × ".join(map(str, names))


def members(frame: pd.DataFrame, names: Grouping) -> Iterator[tuple[Any, IntArray]]:
    """Each level of a grouping, as a plain value, and the positions of the rows that have it."""
    keys = pd.MultiIndex.from_frame(frame[list(names)]) if len(names) > 1 else pd.Index(frame[names[0]])
    codes, levels = pd.factorize(keys, use_na_sentinel=False)
    rows: dict[Any, list[IntArray]] = {}
    for code, level in enumerate(levels):
        rows.setdefault(level_of(level), []).append(np.flatnonzero(codes == code))
    for level, parts in rows.items():  # None and NaN are one level in several parts
        yield level, np.sort(np.concatenate(parts))


def level_of(level: Any) -> Any:
    """Return a group's level as a plain value; missing ones are one level of their own."""
    if isinstance(level, tuple):
        return tuple(level_of(one) for one in level)
    if pd.isna(level):
        return MISSING
    return level.item() if isinstance(level, np.generic) else level


def order(group: Group) -> tuple[str, str, float, str]:
    """A key to sort groups by: groupings by name; numbers before words, each in their own order."""
    name, level = group
    number = isinstance(level, (int, float))
    return name, "" if number else "~", float(level) if number else 0.0, in_words(level)


def words_of(groups: Iterable[Group]) -> dict[Group, str]:
    """Every level in words; where two of a grouping would read the same, text is in quotes: '1' beside 1."""
    words = {group: in_words(group[1]) for group in groups}
    times = Counter((name, words[name, level]) for name, level in words)
    return {
        (name, level): text if times[name, text] == 1 else in_words(level, quoted=True)
        for (name, level), text in words.items()
    }


def in_words(level: Any, *, quoted: bool = False) -> str:
    """Write a level, or any value of a table: numbers with ten digits at most, crossed levels with commas.

    >>> in_words(0.1 + 0.2), in_words(("f", 1)), in_words("1", quoted=True)
    ('0.3', 'f, 1', "'1'")
    """
    if isinstance(level, tuple):
        return ", ".join(in_words(one, quoted=quoted) for one in level)
    if quoted and isinstance(level, str):
        return repr(level)
    return f"{level:.10g}" if isinstance(level, float) else str(level)
