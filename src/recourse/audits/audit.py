"""A population: who is denied, who of them can change that and at what cost, and for which groups it is harder.

An audit is a pure function of its rows: the audit of a table is the concatenation of the audits of its
parts, and the tallies behind its group tables add up exactly, in any order. That is what lets other
engines run it over populations that outgrow one machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.action_set import check_max_changes
from recourse.audits.result import Audit, AuditRows, AuditSpec
from recourse.audits.tally import MISSING, AuditPartial, Group, Tally
from recourse.budget import Budget, Progress, deadline_after
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.models import as_model, label_of_sign
from recourse.search import STATUSES, Solutions, solve
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet
    from recourse.menus import Menus


CHUNK = 50_000
"""How many rows are priced and searched at once."""

MOST_LEVELS = 100
"""A grouping with more levels than this is a number that wants binning first."""


def audit(
    model: Any,
    X: Any,
    actions: ActionSet,
    *,
    cost: str | Cost | Callable[..., Any] = "total",
    group_by: Sequence[Any] = (),
    max_changes: int | None = None,
    desired: Any = None,
    threshold: float | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Find out for every person in `X` who is denied whether an action would flip that, and at what cost.

    model : a fitted classifier or pipeline, or a `Model`
    X : table of n people with at least the action set's columns; further columns may serve as groups
    cost : ``"total"``, ``"local"``, ``"max"``, ``"l1"``, a `Cost`, or ``function(feature, x, values)``
    group_by : column names of `X`; a tuple that is no column's name itself crosses several
    max_changes : at most so many features change at once
    desired, threshold : which label is favourable (by default as the action set's `y_desired` says), and from
        which probability on; see `as_model`
    time_limit : seconds for everybody together; who is not reached is "unknown", never "infeasible"
    progress : called with (denied people done, denied people known of so far)

    Equal rows are solved once. Everything wrong with the input is reported before the search begins.
    Ctrl-C ends the search and returns what is done.

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
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    if desired is not None or threshold is not None:
        model = as_model(model, desired=desired, threshold=threshold)
    frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=actions.names)
    spec = AuditSpec(as_model(model), actions.copy(), as_cost(cost), _groupings(group_by, frame.columns), max_changes)
    _check(spec, frame)
    deadline = deadline_after(time_limit)
    parts: list[AuditRows] = []
    partial = AuditPartial()
    for start in range(0, len(frame), CHUNK):
        left = None if time_limit is None else max(0.0, deadline - time.monotonic())
        if parts and parts[-1].interrupted:
            left = 0.0
        rows, counts = audit_batch(spec, frame.iloc[start : start + CHUNK], time_limit=left, progress=progress)
        rows.changes["row"] += start
        parts.append(rows)
        partial = partial + counts
    return Audit(
        spec,
        pd.concat([part.people for part in parts]),
        pd.concat([part.changes for part in parts], ignore_index=True),
        partial,
        interrupted=any(part.interrupted for part in parts),
        source=X,
    )


def audit_batch(
    spec: AuditSpec,
    batch: pd.DataFrame,
    *,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> tuple[AuditRows, AuditPartial]:
    """Audit one part of a population: its rows, and tallies that add up over parts.

    A pure function of the specification and the batch (given time enough), so
    ``audit_batch(a + b)`` = ``audit_batch(a)`` followed by ``audit_batch(b)``, row by row.
    """
    table = spec.actions.table(batch)
    approved = spec.model.approves(table)
    denied = np.flatnonzero(~approved)
    first, kind = tables.distinct_rows(table.iloc[denied])
    menus = spec.actions.menus(table.iloc[denied[first]], spec.cost, max_changes=spec.max_changes)
    done = 0

    def report(people: int) -> None:
        nonlocal done
        done += people
        if progress is not None:
            progress(done, len(first))

    solutions = solve(spec.model, menus, budget=Budget(time_limit), advance=report)
    people = _people(batch.index, denied, kind, menus, solutions)
    rows = AuditRows(people, _changes(menus, solutions, denied, kind), solutions.interrupted)
    return rows, AuditPartial(Tally.of(people), dict(_tally_groups(spec, batch, people)))


def _people(
    index: pd.Index[Any],
    denied: npt.NDArray[np.int64],
    kind: npt.NDArray[np.int64],
    menus: Menus,
    solutions: Solutions,
) -> pd.DataFrame:
    """The answers of the distinct denied people, spread over all rows."""
    n = len(index)
    labels = np.array([status.label for status in STATUSES], dtype=object)
    status = np.full(n, "", dtype=object)
    status[denied] = labels[solutions.codes[kind]]
    feasible = pd.array([pd.NA] * n, dtype="boolean")
    feasible[denied] = pd.array(
        np.array([True, True, False, pd.NA], dtype=object)[solutions.codes[kind]], dtype="boolean"
    )
    columns: dict[str, Any] = {"denied": np.zeros(n, dtype=bool), "status": status, "feasible": feasible}
    columns["denied"][denied] = True
    for name, values in (("cost", solutions.cost), ("bound", solutions.bound)):
        columns[name] = np.full(n, np.nan)
        columns[name][denied] = values[kind]
    columns["n_changes"] = np.zeros(n, dtype=np.int64)
    columns["n_changes"][denied] = menus.feature_changes(kind, solutions.picks[kind]).sum(axis=1)
    return pd.DataFrame(columns, index=index)


def _changes(
    menus: Menus, solutions: Solutions, denied: npt.NDArray[np.int64], kind: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """What everybody with recourse is to change, one line a change, in the order of the rows."""
    found = np.flatnonzero(solutions.found[kind])
    lines = menus.changes(kind[found], solutions.picks[kind[found]])
    lines.insert(0, "row", denied[found[lines.pop("action")]])
    return lines


def _tally_groups(spec: AuditSpec, batch: pd.DataFrame, people: pd.DataFrame) -> Iterator[tuple[Group, Tally]]:
    for names in spec.group_by:
        label = " × ".join(map(str, names))
        keys = pd.MultiIndex.from_frame(batch[list(names)]) if len(names) > 1 else pd.Index(batch[names[0]])
        codes, levels = pd.factorize(keys, use_na_sentinel=False)
        tallies: dict[Any, Tally] = {}
        for code, level in enumerate(map(_level, levels)):
            tallies[level] = tallies.get(level, Tally()) + Tally.of(people[codes == code])
        yield from (((label, level), tally) for level, tally in tallies.items())


def _groupings(group_by: Any, columns: Iterable[Name]) -> tuple[tuple[Name, ...], ...]:
    """Groupings as tuples of column names; a single name is a grouping of one, also where it is a tuple."""
    names = list(columns)
    single = isinstance(group_by, (str, Hashable)) and (group_by in names or not isinstance(group_by, tuple))
    given = [group_by] if single else list(group_by)
    crossings = (
        tuple(one) if isinstance(one, (tuple, list)) and not (isinstance(one, tuple) and one in names) else (one,)
        for one in given
    )
    return tuple(dict.fromkeys(crossings))


def _check(spec: AuditSpec, frame: pd.DataFrame) -> None:
    """Everything that can be wrong with an audit's input, before anything is computed."""
    if frame.empty:
        raise InputError("X has no rows: there is nobody to audit.")
    spec.model.check_features(spec.actions.names)
    check_max_changes(spec.max_changes)
    for names in spec.group_by:
        if len(set(names)) != len(names) or not names:
            raise InputError(f"group_by: {names!r} must be one or several different columns.")
        for name in names:
            if name not in frame.columns:
                raise InputError(f"group_by: X has no column {name!r}. {nearest(name, frame.columns)}")
        levels = len(frame[list(names)].drop_duplicates())
        if levels > MOST_LEVELS:
            raise InputError(
                f"group_by: {' × '.join(map(str, names))} has {levels:,} levels, and a table of groups "
                f"is limited to {MOST_LEVELS}; bin the values into a column of their own first."
            )
    spec.model.check_rows(spec.actions.table(frame))


def _level(level: Any) -> Any:
    """A group's level as a plain value; missing ones are one level of their own."""
    if isinstance(level, tuple):
        return tuple(_level(one) for one in level)
    if pd.isna(level):
        return MISSING
    return level.item() if isinstance(level, np.generic) else level
