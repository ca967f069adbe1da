"""The verb `audit`: who of a population is denied, who of them can change that, and at what cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet, as_action_set
from recourse.audits.groupings import check_groupings, groupings
from recourse.audits.part import AuditPart, AuditSpec, audit_part
from recourse.audits.result import Audit
from recourse.budget import Budget
from recourse.checks import function_of, whole_number
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, RecourseError
from recourse.models import as_model, label_of_sign
from recourse.progress import Progress

CHUNK = 50_000
"""How many rows are priced and searched at once."""


def audit(
    model: Any,
    X: Any,
    actions: ActionSet,
    *,
    cost: str | Cost | Callable[..., Any] = "total",
    group_by: Sequence[Any] | str = (),
    max_changes: int | None = None,
    desired: Any = None,
    threshold: float | None = None,
    time_limit: float | None = None,
    max_questions: int | None = None,
    budget: Budget | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Find out for every person in `X` who is denied whether an action would flip that, and at what cost.

    Equal rows are solved once. Everything wrong with the input is reported before the search begins. Ctrl-C ends
    the search and returns what is done.

    Parameters
    ----------
    model : classifier, pipeline or Model
        Fitted; see `as_model`.
    X : table of n people
        Has at least the action set's columns; further columns may serve as groups. pandas, polars, pyarrow, a
        mapping of columns, or an array in the action set's order.
    actions : ActionSet
        What people can do. It is copied, so the result keeps the settings that it was made with.
    cost : str, Cost or function, optional
        ``"total"`` (default), ``"local"``, ``"max"``, ``"l1"``, ``"feature"``, a `Cost`, or
        ``function(feature, x, values)``, which returns the prices of moving from x to each of the values.
    group_by : column name or sequence of them, optional
        Report by the levels of these columns; a tuple that is no column's name itself crosses several.
    max_changes : int, optional
        At most so many features change at once; by default any number.
    desired : label, optional
        Which label is favourable; by default as the action set's `y_desired` says.
    threshold : float, optional
        Approve from this probability of the favourable label on, instead of by the model's `predict`.
    time_limit : float, optional
        Seconds for everybody together; who is not reached is "unknown", never "infeasible".
    max_questions : int, optional
        How many rows may be put to the model for one person while an action is looked for. Whose questions run out is
        FEASIBLE with a gap, or UNKNOWN, and never "no recourse".
    budget : Budget, optional
        Instead of these two limits: a budget, which can also be cancelled from another thread.
    progress : function, optional
        Called with (denied people done, denied people known of so far).

    Returns
    -------
    Audit
        `overall`, `by_group`, `difference(measure)`, and one row a person in `to_frame()`.

    Raises
    ------
    InputError
        If the table, the action set, the groups or a setting can't be used as given.
    ModelError
        If the model can't be used: unfitted, not of two labels, or not a model.
    Exception
        Whatever the model raises while it is asked, with a note that says about which rows; if any rows were done
        by then, their audit is the exception's `partial`.

    Examples
    --------
    >>> import recourse as rs
    >>> from sklearn.linear_model import LogisticRegression
    >>> people = rs.datasets.lender(500)
    >>> clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    >>> A = rs.ActionSet(people.X)
    >>> A["gender"].actionable = False
    >>> result = rs.audit(clf, people.X, A, group_by=["gender"])
    >>> int(result.overall["undecided"])
    0
    """
    # everything that can be wrong, before anything is computed
    actions = as_action_set(actions)
    price = as_cost(cost)
    whole_number("max_changes", max_changes, or_none=True)
    if progress is not None:
        function_of("progress", progress, "It is called with (people done, people known of).")
    budget = Budget.of(budget, time_limit, max_questions)
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    decider = as_model(model, desired=desired, threshold=threshold).on_columns(actions.names)
    frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=actions.names)
    spec = AuditSpec(decider, actions.copy(), price, groupings(group_by, frame.columns), max_changes)
    _check(spec, frame)

    return Audit.of(spec, AuditPart.joined(_parts(spec, frame, X, budget, progress)), X)


def _parts(
    spec: AuditSpec, frame: pd.DataFrame, source: Any, budget: Budget, progress: Progress | None
) -> list[AuditPart]:
    """The audits of the table's parts, in its order; once one is interrupted, the others have no time left."""
    parts: list[AuditPart] = []
    for start in range(0, len(frame), CHUNK):
        rows = frame.iloc[start : start + CHUNK]
        stopped = bool(parts) and parts[-1].interrupted
        try:
            parts.append(audit_part(spec, rows, budget=Budget(0) if stopped else budget, progress=progress))
        except RecourseError:
            raise
        except Exception as error:
            error.add_note(f"raised in recourse.audit, rows {start:,} to {start + len(rows) - 1:,} of {len(frame):,}")
            unfinished = getattr(error, "partial", None)
            done = [*parts, unfinished] if isinstance(unfinished, AuditPart) else parts
            if done:
                error.partial = Audit.of(spec, AuditPart.joined(done), source)  # type: ignore[attr-defined]
            raise
    return parts


def _check(spec: AuditSpec, frame: pd.DataFrame) -> None:
    """Raise for what is wrong with the people, or doesn't fit together."""
    if frame.empty:
        raise InputError("X has no rows: there is nobody to audit.")
    check_groupings(spec.group_by, frame)
    spec.model.check_rows(spec.actions.table(frame), spec.actions)
