"""Counts and costs of groups of people; tallies of disjoint parts add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from recourse.audits.groupings import Group
from recourse.search import Status
from recourse.statistics import CostSketch, wilson_interval


@dataclass(frozen=True)
class Tally:
    """Counts and costs of one group of people; tallies of disjoint groups add up exactly.

    Parameters
    ----------
    n : int
        People.
    denied : int
        Of them, denied today.
    recourse : int
        Denied people with an action that works.
    unproven : int
        Of these, people for whom a cheaper action may exist.
    no_recourse : int
        Denied people who are proven to have no action.
    undecided : int
        Denied people for whom time or questions ran out.
    costs : CostSketch
        A summary of the costs of those with recourse.

    Examples
    --------
    >>> (Tally(n=2, denied=1, recourse=1) + Tally(n=3, denied=2, no_recourse=2)).measures()["denied_share"]
    0.6
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
        """Count the rows of an audit's table of people.

        Parameters
        ----------
        rows : DataFrame
            Rows of `AuditPart.people`.
        """
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

        Returns
        -------
        dict
            n, denied, denied_share, recourse, no_recourse, undecided, unproven : counts, and a share of `n`.
            feasible, feasible_low, feasible_high : the share with recourse among the decided (`recourse` +
            `no_recourse`), with its 95 % Wilson interval; undecided people are in neither.
            cost_mean, cost_q25, cost_median, cost_q75, cost_max : of people with recourse, in the cost's unit.
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


MEASURES = tuple(Tally().measures())
"""What an audit says of everybody and of each group, in this order."""


def basis_of(measure: str) -> str:
    """Return the name of the count that a measure rests on.

    >>> basis_of("cost_mean"), basis_of("denied_share"), basis_of("feasible")
    ('recourse', 'n', 'denied')
    """
    if measure.startswith("cost"):
        return "recourse"
    return "n" if measure.startswith("denied") else "denied"


@dataclass(frozen=True)
class AuditTallies:
    """The tallies of a population or of one part of it; those of disjoint parts add up exactly, in any order.

    Parameters
    ----------
    overall : Tally
        Of everybody.
    groups : mapping
        Of each group: (grouping, level) → `Tally`.
    """

    overall: Tally = field(default_factory=Tally)
    groups: Mapping[Group, Tally] = field(default_factory=dict)

    def __add__(self, other: AuditTallies) -> AuditTallies:
        if not isinstance(other, AuditTallies):
            return NotImplemented
        groups = dict(self.groups)
        for group, tally in other.groups.items():
            groups[group] = groups.get(group, Tally()) + tally
        return AuditTallies(self.overall + other.overall, groups)
