"""A population: who is denied, who of them can change that and at what cost, and for which groups it is harder.

An audit is a pure function of its rows: the audit of a table is the concatenation of the audits of its
parts, and the tallies behind its group tables add up exactly, in any order. That is what lets other
engines run it over populations that outgrow one machine.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import reports, tables
from recourse.actions.action_set import check_max_changes
from recourse.costs import Cost, as_cost
from recourse.errors import InputError, nearest
from recourse.metrics import CostSketch, group_difference, wilson_interval
from recourse.models import Model, as_model, label_of_sign
from recourse.reports.documents import plain
from recourse.search import STATUSES, Solutions, Status, deadline_after, find
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionGrid, ActionSet

CHUNK = 50_000
"""How many rows are priced and searched at once."""

MOST_LEVELS = 100
"""A grouping with more levels than this is a number that wants binning first."""


class Level(Enum):
    """What is no value of a column: the level of those whose value is missing, whatever words the column holds."""

    MISSING = "missing"

    def __str__(self) -> str:
        return self.value


MISSING = Level.MISSING
Group = tuple[str, Any]
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Tally:
    """Counts and costs of one group of people; tallies of disjoint groups add up exactly.

    n : people; denied : of them, denied today
    recourse : denied people with an action that works; unproven : of these, how many actions may not be
    the cheapest; no_recourse : proven to have none; undecided : the budget ran out
    costs : a summary of the costs of those with recourse
    """

    n: int = 0
    denied: int = 0
    recourse: int = 0
    unproven: int = 0
    no_recourse: int = 0
    undecided: int = 0
    costs: CostSketch = field(default_factory=CostSketch)

    def __add__(self, other: Tally) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(
            self.n + other.n,
            self.denied + other.denied,
            self.recourse + other.recourse,
            self.unproven + other.unproven,
            self.no_recourse + other.no_recourse,
            self.undecided + other.undecided,
            self.costs + other.costs,
        )

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Tally:
        """Count the rows of an audit's table."""
        status = rows["status"]
        found = status.isin([Status.OPTIMAL.label, Status.FEASIBLE.label]).to_numpy()
        return cls(
            n=len(rows),
            denied=int(rows["denied"].sum()),
            recourse=int(found.sum()),
            unproven=int((status == Status.FEASIBLE.label).sum()),
            no_recourse=int((status == Status.INFEASIBLE.label).sum()),
            undecided=int((status == Status.UNKNOWN.label).sum()),
            costs=CostSketch.of(rows["cost"].to_numpy()[found]),
        )

    def measures(self) -> dict[str, Any]:
        """Return the counts and what follows from them; what nobody is there to tell is None.

        `feasible` is the share with recourse among the decided (`recourse` + `no_recourse`), with its
        95 % Wilson interval; undecided people are in neither. Costs are those of people with recourse.
        """
        decided = self.recourse + self.no_recourse
        low, high = wilson_interval(self.recourse, decided)
        return {
            "n": self.n,
            "denied": self.denied,
            "denied_share": self.denied / self.n if self.n else None,
            "recourse": self.recourse,
            "no_recourse": self.no_recourse,
            "undecided": self.undecided,
            "unproven": self.unproven,
            "feasible": self.recourse / decided if decided else None,
            "feasible_low": low if decided else None,
            "feasible_high": high if decided else None,
            "cost_mean": self.costs.mean,
            "cost_q25": self.costs.quantile(0.25),
            "cost_median": self.costs.quantile(0.5),
            "cost_q75": self.costs.quantile(0.75),
            "cost_max": self.costs.max,
        }


@dataclass(frozen=True)
class AuditPartial:
    """The tallies of one part of a population: of everybody in it, and of each group."""

    overall: Tally = field(default_factory=Tally)
    groups: Mapping[Group, Tally] = field(default_factory=dict)

    def __add__(self, other: AuditPartial) -> AuditPartial:
        if not isinstance(other, AuditPartial):
            return NotImplemented
        groups = dict(self.groups)
        for group, tally in other.groups.items():
            groups[group] = groups.get(group, Tally()) + tally
        return AuditPartial(self.overall + other.overall, groups)


@dataclass(frozen=True)
class AuditSpec:
    """What to audit with: everything but the people. Made by `audit`; picklable where the model is."""

    model: Model
    actions: ActionSet
    cost: Cost
    group_by: tuple[tuple[Name, ...], ...] = ()
    max_changes: int | None = None


@dataclass(frozen=True, eq=False)
class AuditRows:
    """The answers for one part of a population.

    people : one row an input row, on its index: denied, status, feasible, cost, bound, n_changes
    changes : one row for each denied person and changed feature: row (position), feature, today, new, price
    """

    people: pd.DataFrame
    changes: pd.DataFrame
    interrupted: bool = False


class Audit(reports.Report):
    """The answer to "who has recourse, and how hard is it for whom": made by `audit`.

    overall : Series of counts, shares and cost quantiles over everybody
    by_group : DataFrame of the same measures, indexed by group and level
    changes : DataFrame of what the others can do: row, feature, today, new, price
    to_frame() : one row a person, in the order and on the index of the table audited
    interrupted : whether the time limit or Ctrl-C cut it short; who was not reached is "unknown"
    """

    def __init__(
        self,
        spec: AuditSpec,
        people: pd.DataFrame,
        changes: pd.DataFrame,
        partial: AuditPartial,
        *,
        interrupted: bool = False,
        source: Any = None,
    ) -> None:
        self.spec, self.partial, self.interrupted = spec, partial, interrupted
        self.people, self.changes = people, changes
        self._source = source

    @property
    def overall(self) -> pd.Series[Any]:
        """Counts, shares and cost quantiles over everybody (see `Tally.measures`)."""
        return pd.Series(self.partial.overall.measures(), dtype=object, name="everybody")

    @property
    def by_group(self) -> pd.DataFrame:
        """The same measures for each group and level, in order; empty without `group_by`.

        The level of people whose value is missing is `recourse.audits.MISSING`.
        """
        groups = sorted(self.partial.groups, key=_group_order)
        index = pd.MultiIndex.from_tuples(groups, names=["group", "level"]) if groups else pd.Index([], name="group")
        rows = [self.partial.groups[group].measures() for group in groups]
        frame = pd.DataFrame(rows, index=index, columns=list(Tally().measures()))
        return frame.infer_objects()

    def difference(self, measure: str = "feasible") -> pd.DataFrame:
        """Return, for each grouping, the largest minus the smallest value of a measure over its levels.

        The two levels stand beside it, with the numbers of people that each value rests on: a gap between
        small groups may be chance. Levels without a value (nobody denied, say) are left out, and a grouping
        with fewer than two levels is not listed.
        """
        if measure not in Tally().measures():
            raise InputError(f"{measure!r} is not a measure. {nearest(measure, Tally().measures())}")
        rows = {}
        groups = {group: tally.measures() for group, tally in self.partial.groups.items()}
        for name in dict.fromkeys(group for group, _ in sorted(groups, key=_group_order)):
            known = {level: row for (group, level), row in groups.items() if group == name and row[measure] is not None}
            if len(known) < 2:
                continue
            gap = group_difference({level: float(row[measure]) for level, row in known.items()})
            high, low = gap.largest[0], gap.smallest[0]
            rows[name] = {
                "difference": gap.difference,
                "largest": known[high][measure],
                "level_largest": high,
                "n_largest": known[high][_basis(measure)],
                "smallest": known[low][measure],
                "level_smallest": low,
                "n_smallest": known[low][_basis(measure)],
            }
        columns = [
            "difference",
            "largest",
            "level_largest",
            "n_largest",
            "smallest",
            "level_smallest",
            "n_smallest",
        ]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("group")

    def to_frame(self) -> Any:
        """Return one row for each person audited, as the kind of table that was audited.

        denied : bool · status : "" where approved · feasible : True, False, or missing (approved, undecided)
        cost, bound : inf where there is no recourse, missing where approved; an undecided person has a
        bound and no cost · n_changes : number of features to change · action : the changes in words
        """
        return _typed(tables.like(self._source, self.people.assign(action=self._actions())))

    def to_dict(self) -> dict[str, Any]:
        """Return the whole audit, people aside, as plain values: the document that views are rendered from."""
        words = _words(self.partial.groups)
        groups = [
            {"group": name, "level": words[name, level], **plain(self.partial.groups[name, level].measures())}
            for name, level in sorted(self.partial.groups, key=_group_order)
        ]
        gaps = self.difference("feasible")
        for end in ("level_largest", "level_smallest"):
            gaps[end] = [words[str(group), level] for group, level in gaps[end].items()]
        return {
            "document": "openrecourse/audit",
            "version": 1,
            "model": {"name": self.spec.model.name, "approved_if": self.spec.model.rule},
            "cost": {"name": self.spec.cost.name, "quantile_error": CostSketch().relative_error},
            "max_changes": self.spec.max_changes,
            "actions": [plain(row) for row in self.spec.actions.to_frame().to_dict(orient="records")],
            "overall": plain(self.partial.overall.measures()),
            "groups": groups,
            "differences": [{"group": group, **plain(row)} for group, row in gaps.to_dict(orient="index").items()],
            "statuses": {status.label: status.value for status in Status},
            "interrupted": self.interrupted,
            "reason": self.reason,
        }

    @property
    def reason(self) -> str:
        """Why there is nothing to see, or what to keep in mind; empty if neither."""
        overall = self.partial.overall
        if not overall.denied:
            return "Nobody is denied by this model, so there is no recourse to look for."
        if not any(self.spec.actions.actionable):
            return "No feature is actionable, so nobody who is denied can change anything."
        if self.interrupted:
            return f"Stopped early: {overall.undecided:,} denied people are undecided."
        return ""

    def __len__(self) -> int:
        return len(self.people)

    def _actions(self) -> list[str]:
        """What each person is to do, in words: 'overdue 4 → 1; …'."""
        words = [""] * len(self.people)
        columns = (self.changes[name] for name in ("row", "feature", "today", "new"))
        for row, feature, today, new in zip(*columns, strict=True):
            words[row] += f"{'; ' if words[row] else ''}{feature} {_text(today)} → {_text(new)}"
        return words


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
    grid = spec.actions.grid(table.iloc[denied[first]], spec.cost, max_changes=spec.max_changes)
    done = 0

    def report(people: int) -> None:
        nonlocal done
        done += people
        if progress is not None:
            progress(done, len(first))

    solutions = find(spec.model, grid, time_limit=time_limit, progress=report)
    people = _people(batch.index, denied, kind, grid, solutions)
    rows = AuditRows(people, _changes(grid, solutions, denied, kind), solutions.interrupted)
    return rows, AuditPartial(Tally.of(people), dict(_tally_groups(spec, batch, people)))


def _people(
    index: pd.Index[Any],
    denied: npt.NDArray[np.int64],
    kind: npt.NDArray[np.int64],
    grid: ActionGrid,
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
    columns["n_changes"][denied] = grid.feature_changes(kind, solutions.picks[kind]).sum(axis=1)
    return pd.DataFrame(columns, index=index)


def _changes(
    grid: ActionGrid, solutions: Solutions, denied: npt.NDArray[np.int64], kind: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """What everybody with recourse is to change, one line a change, in the order of the rows."""
    found = np.flatnonzero(solutions.found[kind])
    lines = grid.changes(kind[found], solutions.picks[kind[found]])
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


def _group_order(group: Group) -> tuple[str, str, float, str]:
    """Groupings by name; numbers before words, each in their own order."""
    name, level = group
    number = isinstance(level, (int, float))
    return name, "" if number else "~", float(level) if number else 0.0, _text(level)


def _basis(measure: str) -> str:
    """Which count a measure rests on."""
    return "recourse" if measure.startswith("cost") else "n" if measure.startswith("denied") else "denied"


def _words(groups: Iterable[Group]) -> dict[Group, str]:
    """Every level in words; where two of a grouping would read the same, text is in quotes: '1' beside 1."""
    words = {group: _text(group[1]) for group in groups}
    times = Counter((name, words[name, level]) for name, level in words)
    return {
        (name, level): text if times[name, text] == 1 else _text(level, quoted=True)
        for (name, level), text in words.items()
    }


def _text(value: Any, *, quoted: bool = False) -> str:
    if isinstance(value, tuple):
        return ", ".join(_text(one, quoted=quoted) for one in value)
    if quoted and isinstance(value, str):
        return repr(value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _typed(table: Any) -> Any:
    """The same table, its `feasible` a column of booleans even where nobody has a value to tell that from."""
    if isinstance(table, pd.DataFrame):
        return table
    import narwhals.stable.v2 as nw

    return nw.from_native(table, eager_only=True).with_columns(nw.col("feasible").cast(nw.Boolean)).to_native()
