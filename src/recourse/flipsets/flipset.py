"""The verb `flipset`: the actions that would flip one person's denial, cheapest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from recourse import tables
from recourse.actions.action_set import ActionSet, as_action_set
from recourse.budget import Budget
from recourse.checks import is_whole, one_of, whole_number
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, RecourseError
from recourse.flipsets.notes import APPROVED, reason_of
from recourse.flipsets.result import Change, FlipsetItem, FlipsetResult
from recourse.menus.menus import Menus
from recourse.models import Model, as_model, label_of_sign
from recourse.search import Solutions, Status, solve_items
from recourse.search.distinct import DISTINCT
from recourse.search.solutions import OUT_OF_TIME

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
    max_questions: int | None = None,
    budget: Budget | None = None,
) -> FlipsetResult:
    """List the cheapest distinct actions that would get one person approved.

    Every action listed is in the action set and approved by the model's own `predict`. An empty result says why it
    is empty; "no recourse" is said only where it was proven.

    Parameters
    ----------
    model : classifier, pipeline or Model
        Fitted; see `as_model`.
    x : one person
        A row of a DataFrame, a mapping from feature to value, a one-row table, or values in the action set's order.
    actions : ActionSet
        What the person can do. It is read and never changed.
    total_items : int or math.inf, optional
        How many actions to list at most; ``math.inf`` lists all there are, which may be many.
    cost : str, Cost or function, optional
        ``"total"`` (default), ``"local"``, ``"max"``, ``"l1"``, ``"feature"``, a `Cost`, or
        ``function(feature, x, values)``, which returns the prices of moving from x to each of the values.
    distinct : str, optional
        What makes the next action a different one: ``"minimal"`` (its set of changed features contains no earlier
        one), ``"subsets"`` (its set differs from all earlier ones, so it may pad them with needless changes), or
        ``"exclusive"`` (it shares no feature with them).
    max_changes : int, optional
        At most so many features change at once; by default any number.
    desired : label, optional
        Which label is favourable; by default as the action set's `y_desired` says.
    threshold : float, optional
        Approve from this probability of the favourable label on, instead of by the model's `predict`.
    time_limit : float, optional
        Seconds for all items together.
    max_questions : int, optional
        How many rows may be put to the model while an action is looked for. If they run out, the answer is FEASIBLE
        with a gap, or UNKNOWN, and never "no recourse".
    budget : Budget, optional
        Instead of these two limits: a budget, which can also be cancelled from another thread.

    Returns
    -------
    FlipsetResult
        The actions, cheapest first, each with what was proven about it; `reason` says why there are no more.

    Raises
    ------
    InputError
        If the person, the action set or a setting can't be used as given.
    ModelError
        If the model can't be used: unfitted, not of two labels, or not a model.
    Exception
        Whatever the model raises while it is asked, with a note; if any actions were listed by then, they are the
        exception's `partial`.

    Examples
    --------
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
    # everything that can be wrong, before anything is computed
    actions = as_action_set(actions)
    price = as_cost(cost)
    _check_items(total_items)
    one_of("distinct", distinct, DISTINCT)
    whole_number("max_changes", max_changes, or_none=True)
    if isinstance(x, ActionSet):
        raise InputError("x must be one person, not an ActionSet; the arguments go (model, x, actions).")
    budget = Budget.of(budget, time_limit, max_questions)
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    decider = as_model(model, desired=desired, threshold=threshold)
    decider = decider.on_columns(actions.names)
    row = actions.table(tables.read_row(x, actions.names, actions.dtypes))
    decider.check_rows(row, actions)

    def result(ranks: list[Solutions], last: Status | None) -> FlipsetResult:
        items = tuple(_item(menus, rank, actions) for rank in ranks if rank.found[0])
        status = ranks[0].status(0) if ranks else None
        why = (ranks[-1].reason(0) if ranks else "") or OUT_OF_TIME
        reason = APPROVED if last is None else reason_of(len(items), last, why, total_items, menus, max_changes)
        return FlipsetResult(
            items, status, reason, row, decider.name, decider.rule, price.name, distinct, max_changes, x,
            interrupted=last is Status.UNKNOWN,
        )  # fmt: skip

    menus = actions.menus(row, price, max_changes=max_changes)
    ranks: list[Solutions] = []
    last: Status | None = None
    try:
        if not decider.approves(row)[0]:
            for found in _longer_and_longer(decider, menus, total_items, distinct, budget):
                ranks, last = found
    except RecourseError:
        raise
    except Exception as error:
        error.add_note("raised in recourse.flipset, while the model was asked about this person")
        if ranks:
            error.partial = result(ranks, Status.UNKNOWN)  # type: ignore[attr-defined]
        raise
    return result(ranks, last)


def _check_items(total_items: Any) -> None:
    if not (total_items == math.inf or (is_whole(total_items) and total_items >= 1)):
        raise InputError(f"total_items must be at least 1, a whole number or math.inf, not {total_items!r}.")


def _longer_and_longer(
    model: Model, menus: Menus, total_items: float, distinct: str, budget: Budget
) -> Iterator[tuple[list[Solutions], Status]]:
    """Search for more and more items until there are enough or no more; each list, and how its search ended.

    Room is taken for every item that is asked for, so the first search asks for a few.
    """
    wanted = min(total_items, FIRST_ITEMS)
    best: list[Solutions] | None = None
    while True:
        ranks = solve_items(model, menus, total_items=int(wanted), distinct=distinct, budget=budget)
        last = ranks[-1].status(0)
        if best is not None and sum(bool(rank.found[0]) for rank in ranks) < len(best):
            yield best, Status.UNKNOWN  # out of time on the way to where the search before it ended
            return
        yield ranks, last
        if wanted >= total_items or len(ranks) < wanted or not ranks[-1].found[0]:
            return
        best, wanted = ranks, min(total_items, 4 * wanted)


def _item(menus: Menus, solution: Solutions, actions: ActionSet) -> FlipsetItem:
    """One rank's action of the one person that the menus are of."""
    lines = menus.changes([0], solution.picks[:1])
    columns = (lines[name].tolist() for name in ("feature", "today", "new", "price"))
    changes = tuple(
        Change(feature, today, new, price, actions[feature].label, actions[feature].unit)
        for feature, today, new, price in zip(*columns, strict=True)
    )
    return FlipsetItem(
        changes, float(solution.cost[0]), float(solution.total[0]), float(solution.bound[0]), solution.status(0)
    )
