"""The audit of one part of a population: a pure function, so that any engine can run the parts anywhere.

The audit of a table is the concatenation of the audits of its parts, and the tallies behind its group tables
add up exactly, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.arrays import IntArray
from recourse.audits.groupings import Group, Grouping, members, name_of
from recourse.audits.measures import AuditTallies, Tally
from recourse.budget import Budget
from recourse.costs.cost import Cost
from recourse.menus.menus import Menus
from recourse.models import Model
from recourse.progress import Progress, counting
from recourse.search import STATUSES, Solutions, solve


@dataclass(frozen=True)
class AuditSpec:
    """What to audit with: everything but the people. Picklable where the model is.

    Parameters
    ----------
    model : Model
        Who approves.
    actions : ActionSet
        What people can do.
    cost : Cost
        What it costs them.
    group_by : tuple of tuples of column names, optional
        The groupings: ``(("sex",), ("sex", "age"))`` is one by sex and one by both.
    max_changes : int or None, optional
        At most so many features change at once; None for any number.
    """

    model: Model
    actions: ActionSet
    cost: Cost
    group_by: tuple[Grouping, ...] = ()
    max_changes: int | None = None


@dataclass(frozen=True, eq=False)
class AuditPart:
    """The answers for one part of a population.

    Parameters
    ----------
    people : DataFrame
        One row an input row, on its index: denied, status, feasible, cost, bound, n_changes.
    changes : DataFrame
        One row for each denied person and changed feature: row (position in the part), feature, today, new, price.
    tallies : AuditTallies
        Counts and costs of everybody in the part and of each group.
    interrupted : bool
        Whether the time limit, a cancelled budget or Ctrl-C cut the search short.
    out_of_questions : int
        How many rows are not settled because `max_questions` rows had been put to the model for them.
    """

    people: pd.DataFrame
    changes: pd.DataFrame
    tallies: AuditTallies
    interrupted: bool = False
    out_of_questions: int = 0

    @classmethod
    def joined(cls, parts: Sequence[AuditPart]) -> AuditPart:
        """Return the parts one after the other, as one.

        Parameters
        ----------
        parts : sequence of AuditPart
            In the order of their rows; at least one.
        """
        changes: list[pd.DataFrame] = []
        tallies = AuditTallies()
        start = 0
        for part in parts:
            changes.append(part.changes.assign(row=part.changes["row"] + start))
            tallies = tallies + part.tallies
            start += len(part.people)
        return cls(
            pd.concat([part.people for part in parts]),
            pd.concat(changes, ignore_index=True),
            tallies,
            any(part.interrupted for part in parts),
            sum(part.out_of_questions for part in parts),
        )


def audit_part(
    spec: AuditSpec,
    X: pd.DataFrame,
    *,
    budget: Budget | None = None,
    progress: Progress | None = None,
) -> AuditPart:
    """Audit one part of a population.

    A pure function of the specification and the rows (given time enough): the people of two parts one after the
    other, audited together, are the people of each audited alone, row by row, and the tallies are their sum.

    Parameters
    ----------
    spec : AuditSpec
        What to audit with.
    X : DataFrame
        The rows of this part, with the columns of the action set and of the groupings.
    budget : Budget, optional
        When to stop; who is not reached is "unknown", never "infeasible".
    progress : function, optional
        Called with (denied people done, denied people of this part).

    Returns
    -------
    AuditPart
        The rows' answers and their tallies.

    Raises
    ------
    Exception
        Whatever the model raises, with a `partial` of its own: the part with the answers that were there by then.

    Examples
    --------
    >>> import recourse as rs
    >>> X = pd.DataFrame({"overdue": [0, 1, 4, 7]})
    >>> spec = AuditSpec(rs.LinearModel({"overdue": -1.0}, intercept=3.5), rs.ActionSet(X), rs.TotalCost())
    >>> audit_part(spec, X).people["status"].tolist()
    ['', '', 'optimal', 'optimal']
    """
    # who is denied; equal rows are solved once
    table = spec.actions.table(X)
    approved = spec.model.approves(table)
    denied = np.flatnonzero(~approved)
    first, kind = tables.distinct_rows(table.iloc[denied])
    menus = spec.actions.menus(table.iloc[denied[first]], spec.cost, max_changes=spec.max_changes)

    def answers(solutions: Solutions) -> AuditPart:
        people = _people(X.index, denied, kind, menus, solutions)
        changes = _changes(menus, solutions, denied, kind)
        unsettled = int(solutions.out_of_questions[kind].sum())
        return AuditPart(people, changes, _tallies(spec, X, people), solutions.interrupted, unsettled)

    try:
        solutions = solve(spec.model, menus, budget=budget, advance=counting(progress, len(first)))
    except Exception as error:
        nothing = Solutions.unknown(len(menus), len(menus.blocks))
        nothing.interrupted = True
        error.partial = answers(nothing)  # type: ignore[attr-defined]
        raise
    return answers(solutions)


def _people(
    index: pd.Index[Any],
    denied: IntArray,
    kind: IntArray,
    menus: Menus,
    solutions: Solutions,
) -> pd.DataFrame:
    """The answers of the distinct denied people, spread over all rows."""
    n = len(index)
    codes = solutions.codes[kind]

    # what was proven, in a word, and whether there is recourse
    status = np.full(n, "", dtype=object)
    status[denied] = np.array([status.label for status in STATUSES], dtype=object)[codes]
    feasible = pd.array([pd.NA] * n, dtype="boolean")
    feasible[denied] = pd.array(np.array([True, True, False, pd.NA], dtype=object)[codes], dtype="boolean")
    columns: dict[str, Any] = {"denied": np.zeros(n, dtype=bool), "status": status, "feasible": feasible}
    columns["denied"][denied] = True

    # what it costs, and how much changes
    for name, values in (("cost", solutions.cost), ("bound", solutions.bound)):
        columns[name] = np.full(n, np.nan)
        columns[name][denied] = values[kind]
    columns["n_changes"] = np.zeros(n, dtype=np.int64)
    columns["n_changes"][denied] = menus.feature_changes(kind, solutions.picks[kind]).sum(axis=1)
    return pd.DataFrame(columns, index=index)


def _changes(menus: Menus, solutions: Solutions, denied: IntArray, kind: IntArray) -> pd.DataFrame:
    """What everybody with recourse is to change, one line a change, in the order of the rows."""
    found = np.flatnonzero(solutions.found[kind])
    lines = menus.changes(kind[found], solutions.picks[kind[found]])
    lines.insert(0, "row", denied[found[lines.pop("action")]])
    return lines


def _tallies(spec: AuditSpec, X: pd.DataFrame, people: pd.DataFrame) -> AuditTallies:
    """Counts and costs of everybody and of each level of each grouping."""
    groups: dict[Group, Tally] = {}
    for names in spec.group_by:
        for level, rows in members(X, names):
            groups[name_of(names), level] = Tally.of(people.iloc[rows])
    return AuditTallies(Tally.of(people), groups)
