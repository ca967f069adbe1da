"""The answer for one person: each action, with what was proven about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from recourse import tables
from recourse.flipsets import views
from recourse.reports import Report
from recourse.reports.document import plain
from recourse.search import Status
from recourse.tables import Name


@dataclass(frozen=True)
class Change:
    """One feature's part of an action.

    Parameters
    ----------
    feature : column name
        Which feature changes.
    today, new : value
        What it is and what it is to be, in the user's units.
    price : float
        What this change alone costs, in the cost's unit.
    label, unit : str
        What people call the feature and its values, where the action set says so.
    """

    feature: Name
    today: Any
    new: Any
    price: float
    label: str
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain values."""
        return {
            "feature": str(self.feature),
            "label": self.label,
            "unit": self.unit,
            "today": plain(self.today),
            "new": plain(self.new),
            "price": self.price,
        }


@dataclass(frozen=True)
class FlipsetItem:
    """One action: what to change, what it costs, and what was proven.

    Parameters
    ----------
    changes : tuple of Change
        One for each feature that changes.
    cost : float
        What the action costs, in the unit of the cost it was made with.
    total : float
        The sum of the changes' prices; equals `cost` unless the largest price counts.
    bound : float
        No action that counts as a different item and comes later costs less than this.
    status : Status
        OPTIMAL where `cost` is `bound`, else FEASIBLE.
    """

    changes: tuple[Change, ...]
    cost: float
    total: float
    bound: float
    status: Status

    @property
    def gap(self) -> float:
        """How much cheaper another action might be: cost − bound, 0 where the status is OPTIMAL."""
        return self.cost - self.bound

    @property
    def features(self) -> tuple[Name, ...]:
        """The names of the features that change."""
        return tuple(change.feature for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the action as plain values."""
        return {
            "cost": self.cost,
            "total": self.total,
            "bound": self.bound,
            "status": self.status.label,
            "changes": [change.to_dict() for change in self.changes],
        }


@dataclass(frozen=True, eq=False, repr=False)
class FlipsetResult(Report):
    """What one person can do: made by `flipset`.

    It is a sequence of its items: ``len(result)``, ``result[0]`` and iteration give them, cheapest first.

    Parameters
    ----------
    items : tuple of FlipsetItem
        The actions, cheapest first; empty where there is none, and then `reason` says why.
    status : Status or None
        What was proven about the cheapest action; None for somebody who is approved already.
    reason : str
        Why there are no (more) items, in a sentence; empty if as many as asked for were found.
    x : DataFrame
        The person as they are today, in one row.
    model, rule, cost, distinct : str
        The model's name, when it approves, and by which cost and which kind of difference items were listed.
    max_changes : int or None
        How many features an action may change at most; None for any number.
    source : one person
        The person as they were given; `to_frame` returns the same kind of table.
    interrupted : bool
        Whether time or questions ran out, or Ctrl-C came, before the search was through.
    """

    view = views.VIEW

    items: tuple[FlipsetItem, ...]
    status: Status | None
    reason: str
    x: pd.DataFrame
    model: str
    rule: str
    cost: str
    distinct: str
    max_changes: int | None = None
    source: Any = None
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[FlipsetItem]:
        return iter(self.items)

    def __getitem__(self, rank: int) -> FlipsetItem:
        return self.items[rank]

    @property
    def notes(self) -> list[str]:
        """What to keep in mind when reading the items, in sentences."""
        return [self.reason] if self.reason else []

    @property
    def x_new(self) -> pd.DataFrame:
        """One row an item: the person after that action, in the columns of the model's table."""
        rows = self.x.loc[self.x.index.repeat(len(self.items))].reset_index(drop=True)
        for name in rows.columns:
            column = rows[name].to_list()
            for i, item in enumerate(self.items):
                for change in item.changes:
                    if change.feature == name:
                        column[i] = change.new
            rows[name] = tables.fitting(pd.Series(column, dtype=object), self.x[name].dtype)
        return rows

    def to_frame(self) -> Any:
        """Return one row for each item and changed feature, as the kind of table that the person was given in.

        Returns
        -------
        table
            item (from 1), cost, status, feature, today, new, price. Where a kind of table has columns of one type
            only, `today` and `new` are text if not all of them are numbers.
        """
        columns = ["item", "cost", "status", "feature", "today", "new", "price"]
        rows = [
            (rank, item.cost, item.status.label, change.feature, change.today, change.new, change.price)
            for rank, item in enumerate(self.items, start=1)
            for change in item.changes
        ]
        frame = pd.DataFrame(rows, columns=columns)
        if tables.is_foreign(self.source):
            frame["feature"] = frame["feature"].map(str).astype(object)
            for name in ("today", "new"):
                frame[name] = tables.of_one_type(frame[name])
        return tables.like(self.source, frame)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values: the document that every view is rendered from."""
        return {
            "document": "openrecourse/flipset",
            "version": 1,
            "model": {"name": self.model, "approved_if": self.rule},
            "cost": self.cost,
            "distinct": self.distinct,
            "max_changes": self.max_changes,
            "status": None if self.status is None else self.status.label,
            "proof": None if self.status is None else self.status.value,
            "reason": self.reason,
            "person": {str(name): plain(self.x[name].iloc[0]) for name in self.x.columns},
            "items": [item.to_dict() for item in self.items],
        }
