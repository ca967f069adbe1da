"""One person: the actions that would flip a denial, cheapest first, each with what was proven about it."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse import reports, tables
from recourse.actions.action_set import check_max_changes
from recourse.costs import Cost, as_cost
from recourse.errors import InputError
from recourse.models import Model, as_model, label_of_sign
from recourse.reports.documents import plain
from recourse.search import Solutions, Status, deadline_after, find_items
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionGrid, ActionSet


FIRST_ITEMS = 64
"""How many items the first search asks for; most people have fewer."""


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
class FlipsetResult(reports.Report):
    """What one person can do, made by `flipset`.

    items : the actions, cheapest first; empty where there is none, and then `reason` says why
    status : what was proven about the cheapest action, or None for somebody who is approved already
    reason : why there are no (more) items, in a sentence; empty if as many as asked for were found
    x : the person as they are today, a one-row DataFrame
    max_changes : how many features an action may change at most; None for any number
    source : the person as they were given; `to_frame` returns the same kind of table
    """

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
                frame[name] = _of_one_type(frame[name])
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


def flipset(
    model: Any,
    x: Any,
    actions: ActionSet,
    *,
    total_items: float = 10,
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
    total_items : how many actions to list at most; ``math.inf`` lists all there are, which may be many
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
    _check_items(total_items)
    check_max_changes(max_changes)
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
        return FlipsetResult(
            tuple(items), status, reason, row, model.name, model.rule, price.name, distinct, max_changes, x
        )

    if model.approves(row)[0]:
        return result([], None, "This person is approved already: there is nothing to flip.")
    ranks, last = _ranks(model, grid, total_items, distinct, time_limit)
    items = [_item(grid, rank, actions) for rank in ranks if rank.found[0]]
    return result(items, ranks[0].status(0), _reason(items, last, total_items, grid, max_changes))


def _check_items(total_items: Any) -> None:
    number = isinstance(total_items, numbers.Real) and not isinstance(total_items, bool)
    if not number or not (total_items == math.inf or (total_items >= 1 and total_items == int(total_items))):
        raise InputError(f"total_items must be at least 1, a whole number or math.inf, not {total_items!r}.")


def _ranks(
    model: Model, grid: ActionGrid, total_items: float, distinct: str, time_limit: float | None
) -> tuple[list[Solutions], Status]:
    """Search for more and more items until there are enough or no more; also how the last search ended.

    Room is taken for every item that is asked for, so the first search asks for a few.
    """
    deadline = deadline_after(time_limit)
    wanted = min(total_items, FIRST_ITEMS)
    left, best = time_limit, None
    while True:
        ranks = find_items(model, grid, total_items=int(wanted), distinct=distinct, time_limit=left)
        last = ranks[-1].status(0)
        if best is not None and sum(bool(rank.found[0]) for rank in ranks) < len(best):
            return best, Status.UNKNOWN  # out of time on the way to where the search before it ended
        if wanted >= total_items or len(ranks) < wanted or not ranks[-1].found[0]:
            return ranks, last
        best, wanted = ranks, min(total_items, 4 * wanted)
        left = None if time_limit is None else max(0.0, deadline - time.monotonic())


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


def _reason(items: list[FlipsetItem], last: Status, wanted: float, grid: ActionGrid, max_changes: int | None) -> str:
    limit = "" if max_changes is None else f" at most {max_changes} feature{'s' * (max_changes != 1)}"
    if len(items) >= wanted:
        return ""
    if last is Status.UNKNOWN:
        return f"Stopped after {len(items)} items: {last.value}." if items else f"Undecided: {last.value}."
    if items:
        if len(items) == 1:
            return f"There is no more than 1 such action{limit and ' that changes'}{limit}."
        return f"There are no more than {len(items)} such actions{limit and ' that change'}{limit}."
    if not grid.blocks:
        return "No recourse: no feature is actionable for this person."
    return f"No recourse{limit and ' that changes'}{limit}. {last.value[0].upper()}{last.value[1:]}."


def _of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    known = column.dropna()
    if all(isinstance(value, (int, float)) for value in known):
        return column.astype(float)
    return column.map(lambda value: None if plain(value) is None else str(plain(value)))
