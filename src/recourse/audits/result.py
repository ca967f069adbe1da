"""The answer for a population: one row a person, and tables by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse import tables
from recourse.audits import report
from recourse.audits.tally import AuditPartial, Group, Tally
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.models import Model
from recourse.reports import Report
from recourse.reports.document import plain
from recourse.search import Status
from recourse.statistics import CostSketch, group_difference
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet


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


class Audit(Report):
    """The answer to "who has recourse, and how hard is it for whom": made by `audit`.

    overall : Series of counts, shares and cost quantiles over everybody
    by_group : DataFrame of the same measures, indexed by group and level
    changes : DataFrame of what the others can do: row, feature, today, new, price
    to_frame() : one row a person, in the order and on the index of the table audited
    interrupted : whether the time limit or Ctrl-C cut it short; who was not reached is "unknown"
    """

    view = report.VIEW

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

        The level of people whose value is missing is `recourse.audits.tally.MISSING`.
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
