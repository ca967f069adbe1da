"""The answer for a population: one row a person, and tables by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from recourse import tables
from recourse.audits import views
from recourse.audits.groupings import in_words, order, words_of
from recourse.audits.measures import MEASURES, AuditTallies, basis_of
from recourse.audits.notes import notes_on
from recourse.audits.part import AuditPart, AuditSpec
from recourse.checks import one_of
from recourse.reports import Report
from recourse.reports.document import plain
from recourse.search import Status
from recourse.statistics import CostSketch, gaps_by_group


@dataclass(frozen=True, eq=False, repr=False)
class Audit(Report):
    """The answer to "who has recourse, and how hard is it for whom": made by `audit`.

    Parameters
    ----------
    spec : AuditSpec
        What was audited with: a copy of the settings, so that the result keeps what it was made with.
    people : DataFrame
        One row a person, on the index of the table audited; `to_frame` returns the same with the actions in words.
    changes : DataFrame
        What those with recourse can do, one row for each changed feature: row (a position), feature, today, new, price.
    tallies : AuditTallies
        The counts and costs behind `overall` and `by_group`.
    interrupted : bool
        Whether the time limit, a cancelled budget or Ctrl-C cut it short; who was not reached is "unknown".
    source : table
        The table audited; `to_frame` returns the same kind.
    out_of_questions : int
        How many people are not settled because `max_questions` rows had been put to the model for each of them.
    """

    view = views.VIEW

    spec: AuditSpec
    people: pd.DataFrame
    changes: pd.DataFrame
    tallies: AuditTallies
    interrupted: bool = False
    source: Any = None
    out_of_questions: int = 0

    @classmethod
    def of(cls, spec: AuditSpec, part: AuditPart, source: Any) -> Audit:
        """Return the result that the audit of a whole table amounts to.

        Parameters
        ----------
        spec : AuditSpec
            What was audited with.
        part : AuditPart
            The answers for all rows.
        source : table
            The table as it was given.
        """
        return cls(spec, part.people, part.changes, part.tallies, part.interrupted, source, part.out_of_questions)

    @property
    def overall(self) -> pd.Series[Any]:
        """Counts, shares and cost quantiles over everybody; what nobody is there to tell is None.

        See `Tally.measures` for each of them.
        """
        return pd.Series(self.tallies.overall.measures(), dtype=object, name="everybody")

    @property
    def by_group(self) -> pd.DataFrame:
        """The same measures, one row for each group and level, in order; empty without `group_by`.

        The level of people whose value is missing is `recourse.audits.MISSING`.
        """
        groups = sorted(self.tallies.groups, key=order)
        index = pd.MultiIndex.from_tuples(groups, names=["group", "level"]) if groups else pd.Index([], name="group")
        rows = [self.tallies.groups[group].measures() for group in groups]
        return pd.DataFrame(rows, index=index, columns=list(MEASURES)).infer_objects()

    def difference(self, measure: str = "feasible") -> pd.DataFrame:
        """Return, for each grouping, the largest minus the smallest value of a measure over its levels.

        The two levels stand beside it, with the numbers of people that each value rests on: a gap between small
        groups may be chance.

        Parameters
        ----------
        measure : str, optional
            One of the columns of `by_group`.

        Returns
        -------
        DataFrame
            One row a grouping: difference, largest, level_largest, n_largest, smallest, level_smallest, n_smallest.
            Levels without a value (nobody denied, say) are left out, and so are groupings with fewer than two left.

        Raises
        ------
        InputError
            If there is no such measure.
        """
        one_of("measure", measure, MEASURES)
        values, numbers = {}, {}
        for group in sorted(self.tallies.groups, key=order):
            found = self.tallies.groups[group].measures()
            values[group] = found[measure]
            numbers[group] = found[basis_of(measure)]
        return gaps_by_group(values, numbers)

    @property
    def status(self) -> Status | None:
        """What was proven about the denied together: the weakest of their statuses; None if nobody is denied.

        INFEASIBLE means that all of them have none; if some have none and the others a cheapest action, it is
        OPTIMAL.
        """
        overall = self.tallies.overall
        if not overall.denied:
            return None
        if overall.undecided:
            return Status.UNKNOWN
        if overall.unproven:
            return Status.FEASIBLE
        return Status.OPTIMAL if overall.recourse else Status.INFEASIBLE

    @property
    def notes(self) -> list[str]:
        """What to keep in mind when reading the numbers, in sentences."""
        return notes_on(
            self.tallies.overall,
            self.spec.actions,
            interrupted=self.interrupted,
            out_of_questions=self.out_of_questions,
        )

    @property
    def reason(self) -> str:
        """The first of the notes; empty if there is none."""
        return self.notes[0] if self.notes else ""

    def __len__(self) -> int:
        return len(self.people)

    def to_frame(self) -> Any:
        """Return one row for each person audited, as the kind of table that was audited.

        Returns
        -------
        table
            In the order and on the index of the table audited:

            denied : bool
            status : what was proven, in a word; "" where approved
            feasible : True, False, or missing (approved, undecided)
            cost, bound : inf where there is no recourse, missing where approved; an undecided person has a bound and
                no cost
            n_changes : number of features to change
            action : the changes in words
        """
        return tables.like(self.source, self.people.assign(action=self._actions()))

    def to_dict(self) -> dict[str, Any]:
        """Return the whole audit, people aside, as plain values: the document that views are rendered from."""
        words = words_of(self.tallies.groups)
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
            "overall": plain(self.tallies.overall.measures()),
            "groups": [
                {"group": name, "level": words[name, level], **plain(self.tallies.groups[name, level].measures())}
                for name, level in sorted(self.tallies.groups, key=order)
            ],
            "differences": [{"group": group, **plain(row)} for group, row in gaps.to_dict(orient="index").items()],
            "statuses": {status.label: status.value for status in Status},
            "interrupted": self.interrupted,
            "reason": self.reason,
        }

    def _actions(self) -> list[str]:
        """What each person is to do, in words: 'overdue 4 → 1; …'."""
        words: list[list[str]] = [[] for _ in range(len(self.people))]
        columns = (self.changes[name] for name in ("row", "feature", "today", "new"))
        for row, feature, today, new in zip(*columns, strict=True):
            words[row].append(f"{feature} {in_words(today)} → {in_words(new)}")
        return ["; ".join(changes) for changes in words]
