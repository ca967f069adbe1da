"""The answer for one person: each action, with what was proven about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse import tables
from recourse.flipsets import report
from recourse.reports import Report
from recourse.reports.document import plain
from recourse.search import Status
from recourse.tables import Name

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Change:
    """One feature's part of an action: today's value, the new one, and the price of getting there.

    `label` and `unit` are what people call the feature and its values, where the action set says so.
    """

    feature: Name
    today: Any
    new: Any
    price: float
    label: str
    unit: str


@dataclass(frozen=True)
class FlipsetItem:
    """One action: what to change, what it costs, and what was proven.

    `cost` is in the unit of the cost it was made with; no action that counts as a different item and
    comes later costs less than `bound`.
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


@dataclass(frozen=True, eq=False, repr=False)
class FlipsetResult(Report):
    """What one person can do, made by `flipset`.

    items : the actions, cheapest first; empty where there is none, and then `reason` says why
    status : what was proven about the cheapest action, or None for somebody who is approved already
    reason : why there are no (more) items, in a sentence; empty if as many as asked for were found
    x : the person as they are today, a one-row DataFrame
    max_changes : how many features an action may change at most; None for any number
    source : the person as they were given; `to_frame` returns the same kind of table
    """

    view = report.VIEW

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

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Any:
        return iter(self.items)

    def __getitem__(self, rank: int) -> FlipsetItem:
        return self.items[rank]

    @property
    def x_new(self) -> pd.DataFrame:
        """One row an item: the person after that action, in the columns of the model's table."""
        rows = self.x.loc[self.x.index.repeat(len(self.items))].reset_index(drop=True)
        for name in rows.columns:
            column = rows[name].to_list()
            for i, item in enumerate(self.items):
                column[i] = next((c.new for c in item.changes if c.feature == name), column[i])
            rows[name] = column
        return rows

    def to_frame(self) -> Any:
        """Return one row for each item and changed feature: item (from 1), cost, status, feature, today, new, price."""
        columns = ["item", "cost", "status", "feature", "today", "new", "price"]
        rows = [
            (rank, item.cost, item.status.label, change.feature, change.today, change.new, change.price)
            for rank, item in enumerate(self.items, start=1)
            for change in item.changes
        ]
        frame = pd.DataFrame(rows, columns=columns)
        if tables.has_columns(self.source) and not isinstance(self.source, (pd.DataFrame, Mapping)):
            for name in ("today", "new"):  # columns of one type: text, if not all of them are numbers
                frame[name] = of_one_type(frame[name])
            frame["feature"] = frame["feature"].map(str).astype(object)
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
            "items": [
                {
                    "cost": item.cost,
                    "total": item.total,
                    "bound": item.bound,
                    "status": item.status.label,
                    "changes": [
                        {
                            "feature": str(c.feature),
                            "label": c.label,
                            "unit": c.unit,
                            "today": plain(c.today),
                            "new": plain(c.new),
                            "price": c.price,
                        }
                        for c in item.changes
                    ],
                }
                for item in self.items
            ],
        }


def of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    known = column.dropna()
    if all(isinstance(value, (int, float)) for value in known):
        return column.astype(float)
    return column.map(lambda value: None if plain(value) is None else str(plain(value)))
