"""One person: the actions that would flip a denial, cheapest first."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from recourse import tables
from recourse.actions.action_set import check_max_changes
from recourse.budget import Budget, deadline_after
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError
from recourse.flipsets.result import Change, FlipsetItem, FlipsetResult
from recourse.models import Model, as_model, label_of_sign
from recourse.search import Solutions, Status, solve_items
from recourse.search.solutions import OUT_OF_TIME

if TYPE_CHECKING:
    from recourse.actions import ActionSet
    from recourse.menus import Menus


FIRST_ITEMS = 64
"""How many items the first search asks for; most people have fewer."""


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
    menus = actions.menus(row, price, max_changes=max_changes)

    def result(items: list[FlipsetItem], status: Status | None, reason: str) -> FlipsetResult:
        return FlipsetResult(
            tuple(items), status, reason, row, model.name, model.rule, price.name, distinct, max_changes, x
        )

    if model.approves(row)[0]:
        return result([], None, "This person is approved already: there is nothing to flip.")
    ranks, last = _ranks(model, menus, total_items, distinct, time_limit)
    why = ranks[-1].reason(0) or OUT_OF_TIME
    items = [_item(menus, rank, actions) for rank in ranks if rank.found[0]]
    return result(items, ranks[0].status(0), _reason(items, last, why, total_items, menus, max_changes))


def _check_items(total_items: Any) -> None:
    number = isinstance(total_items, numbers.Real) and not isinstance(total_items, bool)
    if not number or not (total_items == math.inf or (total_items >= 1 and total_items == int(total_items))):
        raise InputError(f"total_items must be at least 1, a whole number or math.inf, not {total_items!r}.")


def _ranks(
    model: Model, menus: Menus, total_items: float, distinct: str, time_limit: float | None
) -> tuple[list[Solutions], Status]:
    """Search for more and more items until there are enough or no more; also how the last search ended.

    Room is taken for every item that is asked for, so the first search asks for a few.
    """
    deadline = deadline_after(time_limit)
    wanted = min(total_items, FIRST_ITEMS)
    left, best = time_limit, None
    while True:
        ranks = solve_items(model, menus, total_items=int(wanted), distinct=distinct, budget=Budget(left))
        last = ranks[-1].status(0)
        if best is not None and sum(bool(rank.found[0]) for rank in ranks) < len(best):
            return best, Status.UNKNOWN  # out of time on the way to where the search before it ended
        if wanted >= total_items or len(ranks) < wanted or not ranks[-1].found[0]:
            return ranks, last
        best, wanted = ranks, min(total_items, 4 * wanted)
        left = None if time_limit is None else max(0.0, deadline - time.monotonic())


def _item(menus: Menus, solution: Solutions, actions: ActionSet) -> FlipsetItem:
    lines = menus.changes([0], solution.picks[:1])
    columns = (lines[name].tolist() for name in ("feature", "today", "new", "price"))
    changes = tuple(
        Change(feature, today, new, price, actions[feature].label, actions[feature].unit)
        for feature, today, new, price in zip(*columns, strict=True)
    )
    return FlipsetItem(
        changes, float(solution.cost[0]), float(solution.total[0]), float(solution.bound[0]), solution.status(0)
    )


def _reason(
    items: list[FlipsetItem], last: Status, why: str, wanted: float, menus: Menus, max_changes: int | None
) -> str:
    limit = "" if max_changes is None else f" at most {max_changes} feature{'s' * (max_changes != 1)}"
    if len(items) >= wanted:
        return ""
    if last is Status.UNKNOWN:
        return f"Stopped after {len(items)} items: {why}." if items else f"Undecided: {why}."
    if items:
        if len(items) == 1:
            return f"There is no more than 1 such action{limit and ' that changes'}{limit}."
        return f"There are no more than {len(items)} such actions{limit and ' that change'}{limit}."
    if not menus.blocks:
        return "No recourse: no feature is actionable for this person."
    return f"No recourse{limit and ' that changes'}{limit}. {last.value[0].upper()}{last.value[1:]}."
