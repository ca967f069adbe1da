"""One person: the actions that would flip a denial, cheapest first, each with what was proven about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse import reports, tables
from recourse.costs import Cost, as_cost
from recourse.errors import InputError
from recourse.models import as_model, label_of_sign
from recourse.search import Solutions, Status, find_items
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionGrid, ActionSet


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


@dataclass(frozen=True, eq=False)
class FlipsetResult:
    """What one person can do, made by `flipset`.

    items : the actions, cheapest first; empty where there is none, and then `reason` says why
    status : what was proven about the cheapest action, or None for somebody who is approved already
    reason : why there are no (more) items, in a sentence; empty if as many as asked for were found
    x : the person as they are today, a one-row DataFrame
    """

    items: tuple[FlipsetItem, ...]
    status: Status | None
    reason: str
    x: pd.DataFrame
    model: str
    rule: str
    cost: str
    distinct: str

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

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each item and changed feature: item (from 1), cost, status, feature, today, new, price."""
        columns = ["item", "cost", "status", "feature", "today", "new", "price"]
        rows = [
            (rank, item.cost, item.status.label, change.feature, change.today, change.new, change.price)
            for rank, item in enumerate(self.items, start=1)
            for change in item.changes
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values: the document that every view is rendered from."""
        return {
            "document": "openrecourse/flipset",
            "version": 1,
            "model": {"name": self.model, "approved_if": self.rule},
            "cost": self.cost,
            "distinct": self.distinct,
            "status": None if self.status is None else self.status.label,
            "proof": None if self.status is None else self.status.value,
            "reason": self.reason,
            "person": {str(name): _plain(self.x[name].iloc[0]) for name in self.x.columns},
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
                            "today": c.today,
                            "new": c.new,
                            "price": c.price,
                        }
                        for c in item.changes
                    ],
                }
                for item in self.items
            ],
        }

    def to_html(self) -> str:
        """Return a self-contained HTML page, without scripts."""
        return reports.page(self.to_dict())

    def __repr__(self) -> str:
        return reports.text(self.to_dict())

    def _repr_html_(self) -> str:
        return reports.html(self.to_dict())


def flipset(
    model: Any,
    x: Any,
    actions: ActionSet,
    *,
    total_items: int = 10,
    cost: str | Cost | Callable[..., Any] = "total",
    distinct: str = "minimal",
    max_changes: int | None = None,
    desired: Any = None,
    threshold: float | None = None,
    time_limit: float | None = None,
) -> FlipsetResult:
    """List the cheapest distinct actions that would get one person approved.

    model : a fitted classifier or pipeline, or a `Model`
    x : one person: a row of a DataFrame, a mapping, or values in the action set's order
    total_items : how many actions to list at most
    cost : ``"total"``, ``"local"``, ``"max"``, ``"l1"``, a `Cost`, or ``function(feature, x, values)``
    distinct : what makes the next action a different one: ``"minimal"`` (its set of changed features
        contains no earlier one), ``"subsets"`` (differs from all earlier ones, so it may pad them), or
        ``"exclusive"`` (shares no feature with them)
    max_changes : at most so many features change at once
    desired, threshold : which label is favourable (by default as the action set's `y_desired` says), and from
        which probability on; see `as_model`
    time_limit : seconds for all items together

    Every action listed is in the action set and approved by the model's own `predict`. An empty result
    says why it is empty; "no recourse" is said only where it was proven.

    >>> import recourse as rs
    >>> people = rs.datasets.lender(500)
    >>> from sklearn.linear_model import LogisticRegression
    >>> clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    >>> A = rs.ActionSet(people.X)
    >>> denied = people.X[clf.predict(people.X) == 0]
    >>> result = rs.flipset(clf, denied.iloc[0], A, total_items=3)
    >>> result.status
    <Status.OPTIMAL: 'no cheaper action exists in the action set'>
    """
    if isinstance(total_items, bool) or not total_items >= 1:
        raise InputError(f"total_items must be at least 1, not {total_items!r}.")
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    model = model if desired is None and threshold is None else as_model(model, desired=desired, threshold=threshold)
    model = as_model(model)
    price = as_cost(cost)
    model.check_features(actions.names)
    row = actions.table(tables.read_row(x, actions.names, actions.dtypes))
    model.check_rows(row)
    grid = actions.grid(row, price, max_changes=max_changes)

    def result(items: list[FlipsetItem], status: Status | None, reason: str) -> FlipsetResult:
        return FlipsetResult(tuple(items), status, reason, row, model.name, model.rule, price.name, distinct)

    if model.approves(row)[0]:
        return result([], None, "This person is approved already: there is nothing to flip.")
    ranks = find_items(model, grid, total_items=total_items, distinct=distinct, time_limit=time_limit)
    items = [_item(grid, rank, actions) for rank in ranks if rank.found[0]]
    last = ranks[-1].status(0)
    return result(items, ranks[0].status(0), _reason(items, last, total_items, grid))


def _item(grid: ActionGrid, solution: Solutions, actions: ActionSet) -> FlipsetItem:
    lines = grid.changes([0], solution.picks[:1])
    columns = (lines[name].tolist() for name in ("feature", "today", "new", "price"))
    changes = tuple(
        Change(feature, today, new, price, actions[feature].label, actions[feature].unit)
        for feature, today, new, price in zip(*columns, strict=True)
    )
    return FlipsetItem(
        changes, float(solution.cost[0]), float(solution.total[0]), float(solution.bound[0]), solution.status(0)
    )


def _reason(items: list[FlipsetItem], last: Status, wanted: float, grid: ActionGrid) -> str:
    if len(items) >= wanted:
        return ""
    if last is Status.UNKNOWN:
        return f"Stopped after {len(items)} items: {last.value}." if items else f"Undecided: {last.value}."
    if items:
        return f"There are no more than {len(items)} such actions."
    if not grid.blocks:
        return "No recourse: no feature is actionable for this person."
    return f"No recourse. {last.value[0].upper()}{last.value[1:]}."


def _plain(value: Any) -> Any:
    return np.asarray(value).item() if isinstance(value, np.generic) else value
